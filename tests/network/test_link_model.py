"""The model of a link: what goes in comes out in order, no faster and no later than the link is said to be."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.network.link_model import Fate, LinkConfig, LinkModel, Passage
from tests.network.packet_loss import BurstLoss, Loss, UniformLoss
from tests.network.rate_schedule import RateSchedule, RateStep

PACKET_BYTES = 1200
STEADY = (RateStep(0, 4_000_000),)

Offers = Sequence[tuple[int, int]]
"""Gap to the packet before in microseconds, and size."""

offers = st.lists(st.tuples(st.integers(0, 20_000), st.integers(40, 1500)), min_size=1, max_size=120)
rates = st.lists(st.integers(100_000, 50_000_000), max_size=4).map(
    lambda found: tuple(RateStep(100_000 * index, bps) for index, bps in enumerate(found))
)
losses: st.SearchStrategy[Loss | None] = st.one_of(
    st.none(),
    st.floats(0, 0.5).map(UniformLoss),
    st.tuples(st.floats(0, 0.4), st.floats(1, 6)).map(lambda found: BurstLoss(*found)),
)
configs = st.builds(
    LinkConfig,
    delay_us=st.integers(0, 50_000),
    jitter_us=st.integers(0, 30_000),
    loss=losses,
    rates=rates,
    queue_us=st.integers(1_000, 300_000),
    queue_bytes=st.one_of(st.none(), st.integers(1_500, 60_000)),
)


def play(link: LinkModel, offered: Offers) -> list[tuple[int, int, Passage]]:
    """Offer packets one after the other; return when, how large, and what became of each."""
    now_us, seen = 0, []
    for gap_us, size in offered:
        now_us += gap_us
        seen.append((now_us, size, link.offer(size, now_us)))
    return seen


def arrivals(link: LinkModel, offered: Offers) -> list[int]:
    return [passage.deliver_us for _, _, passage in play(link, offered) if passage.deliver_us is not None]


@given(configs, offers, st.integers(0, 99))
def test_each_packet_has_one_fate_and_arrives_in_order_after_the_delay(
    config: LinkConfig, offered: Offers, seed: int
) -> None:
    seen = play(LinkModel(config, seed), offered)
    for now_us, size, passage in seen:
        assert (passage.deliver_us is not None) == (passage.fate is Fate.DELIVERED)
        assert passage.fate is not Fate.QUEUE_FULL or config.rates
        assert passage.waited_us == 0 or config.rates
        if passage.deliver_us is not None:
            fastest_us = size * 8e6 / max((step.bps for step in config.rates), default=math.inf)
            least_us = now_us + passage.waited_us + fastest_us + max(0, config.delay_us - config.jitter_us)
            assert passage.deliver_us >= least_us - 1
    delivered = [passage.deliver_us for _, _, passage in seen if passage.deliver_us is not None]
    assert delivered == sorted(delivered)


@given(configs, offers, st.integers(0, 99))
def test_the_same_seed_gives_the_same_link(config: LinkConfig, offered: Offers, seed: int) -> None:
    assert play(LinkModel(config, seed), offered) == play(LinkModel(config, seed), offered)


@given(rates.filter(bool), offers)
def test_the_rate_is_used_in_full_and_never_exceeded(steps: tuple[RateStep, ...], offered: Offers) -> None:
    schedule = RateSchedule(steps)
    seen = play(LinkModel(LinkConfig(rates=steps, queue_us=60_000_000), 0), offered)
    outs = [(passage.deliver_us or 0, size) for _, size, passage in seen]
    for first in range(0, len(outs), 7):
        for last in range(first + 1, len(outs), 5):
            bits = 8 * sum(size for _, size in outs[first + 1 : last + 1])
            assert bits <= schedule.capacity_bits(outs[first][0] - 1, outs[last][0]) + 1e-3
    # Half a microsecond that is rounded off at a high rate lasts longer where a low one follows.
    rounding_us = 1 + 0.5 * max(step.bps for step in steps) / min(step.bps for step in steps)
    for now_us, size, passage in seen:
        begin_us = now_us + passage.waited_us
        assert abs((passage.deliver_us or 0) - schedule.finish_us(begin_us, size * 8)) <= rounding_us + 1e-3
    for (_, _, before), (now_us, _, after) in itertools.pairwise(seen):
        if after.waited_us:
            assert abs(now_us + after.waited_us - (before.deliver_us or 0)) <= 2


@given(offers, st.integers(1_500, 40_000))
def test_a_queue_in_bytes_never_holds_more(offered: Offers, limit_bytes: int) -> None:
    link = LinkModel(LinkConfig(rates=STEADY, queue_bytes=limit_bytes), 0)
    now_us = 0
    for gap_us, size in offered:
        now_us += gap_us
        before = link.queued_bytes(now_us)
        passage = link.offer(size, now_us)
        assert link.queued_bytes(now_us) <= limit_bytes
        assert (passage.fate is Fate.QUEUE_FULL) == (before > 0 and before + size > limit_bytes)
        assert link.queued_bytes(now_us) == before + (0 if passage.fate is Fate.QUEUE_FULL else size)
        assert passage.waited_us <= before * 8e6 / STEADY[0].bps + 1


def test_a_queue_in_time_follows_the_rate() -> None:
    link = LinkModel(LinkConfig(rates=(RateStep(0, 8_000_000), RateStep(500_000, 2_000_000)), queue_us=100_000), 0)
    flood = [(500, PACKET_BYTES)] * 2000  # 19.2 Mbit/s
    seen = play(link, flood)
    fast = [passage.waited_us for now_us, _, passage in seen if 200_000 <= now_us < 390_000]
    slow = [passage.waited_us for now_us, _, passage in seen if now_us >= 900_000 and passage.deliver_us]
    assert 95_000 <= max(fast) <= 100_000
    assert 90_000 <= max(slow) <= 100_000
    # What was queued at 8 Mbit/s takes four times as long after the step; nothing new fits meanwhile.
    kept_out = [passage.fate for now_us, _, passage in seen if 510_000 <= now_us < 780_000]
    assert set(kept_out) == {Fate.QUEUE_FULL}


@pytest.mark.parametrize(
    ("loss", "mean_burst"), [(UniformLoss(0.01), 1.01), (UniformLoss(0.05), 1.05), (BurstLoss(0.02, 3), 3.0)]
)
def test_loss_is_within_its_bounds(loss: Loss, mean_burst: float) -> None:
    count = 200_000
    link = LinkModel(LinkConfig(loss=loss), 7)
    lost = [link.offer(PACKET_BYTES, now_us).fate is Fate.LOST for now_us in range(count)]
    bursts = [len(list(run)) for gone, run in itertools.groupby(lost) if gone]
    # A burst counts as one draw: losses in bursts of b spread sqrt(2b - 1) times as wide as single ones.
    deviation = math.sqrt(loss.share * (1 - loss.share) / count * (2 * mean_burst - 1))
    assert abs(sum(lost) / count - loss.share) < 5 * deviation
    assert sum(bursts) / len(bursts) == pytest.approx(mean_burst, rel=0.05)


def test_a_lost_packet_has_used_the_rate() -> None:
    link = LinkModel(LinkConfig(rates=STEADY, loss=UniformLoss(0.5), queue_us=10_000_000), 3)
    seen = play(link, [(0, PACKET_BYTES)] * 100)
    assert {passage.fate for _, _, passage in seen} == {Fate.LOST, Fate.DELIVERED}
    assert seen[-1][2].waited_us == 99 * PACKET_BYTES * 8 // 4


def test_jitter_reorders_only_where_asked() -> None:
    paced = [(2_000, PACKET_BYTES)] * 500
    tidy = arrivals(LinkModel(LinkConfig(delay_us=20_000, jitter_us=8_000), 1), paced)
    wild = arrivals(LinkModel(LinkConfig(delay_us=20_000, jitter_us=8_000, reorders=True), 1), paced)
    assert tidy == sorted(tidy)
    assert wild != sorted(wild)
    delays = [at_us - 2_000 * (index + 1) for index, at_us in enumerate(wild)]
    assert 12_000 <= min(delays) < 13_000
    assert 27_000 < max(delays) <= 28_001


def test_a_link_can_become_another() -> None:
    link = LinkModel(LinkConfig(rates=STEADY, queue_us=1_000_000), 0)
    queued = [link.offer(PACKET_BYTES, 0).deliver_us or 0 for _ in range(10)]
    link.reshape(LinkConfig(delay_us=1_000, rates=(RateStep(0, 40_000_000),)), 5_000)
    after = link.offer(PACKET_BYTES, 5_000)
    assert after.deliver_us == queued[-1] + 240 + 1_000


def test_a_token_bucket_passes_what_it_has_tokens_for_and_then_its_rate() -> None:
    link = LinkModel(LinkConfig(rates=STEADY, bucket_bytes=2 * PACKET_BYTES), 0)
    outs_us = [link.offer(PACKET_BYTES, 0).out_us or 0 for _ in range(5)]
    assert outs_us[1] < 50
    assert [later - sooner for sooner, later in itertools.pairwise(outs_us[1:])] == pytest.approx([2400] * 3, abs=30)
    assert (link.offer(PACKET_BYTES, 100_000).out_us or 0) - 100_000 < 50


def test_a_radio_that_aggregates_delivers_at_multiples_of_its_interval() -> None:
    link = LinkModel(LinkConfig(delay_us=1_000, batch_us=8_000), 0)
    assert [link.offer(PACKET_BYTES, at_us).deliver_us for at_us in (0, 6_900, 7_100, 20_000)] == [
        8_000, 8_000, 16_000, 24_000,
    ]  # fmt: skip


@pytest.mark.parametrize(
    "config",
    [
        LinkConfig(loss=UniformLoss(1.1)),
        LinkConfig(loss=BurstLoss(0.1, 0.5)),
        LinkConfig(loss=BurstLoss(0.9, 2)),
        LinkConfig(rates=(RateStep(0, 0),)),
        LinkConfig(rates=(RateStep(5, 1), RateStep(5, 2))),
    ],
)
def test_links_that_cannot_be_are_refused(config: LinkConfig) -> None:
    with pytest.raises(ValueError, match=r"cannot|schedule"):
        LinkModel(config, 0)
