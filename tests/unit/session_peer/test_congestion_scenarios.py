"""Congestion control on simulated links: how much is used, how long packets wait, how soon it adapts.

Shares are of all bytes with IP headers, waits are in the bottleneck's queue before a packet's own transmission.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from render_node.session.core.rate_controller import RateReason
from render_node.session.core.send_side import RateLimits
from tests.network.link_model import LinkConfig
from tests.network.packet_loss import BurstLoss, Loss, UniformLoss
from tests.network.rate_schedule import RateStep
from tests.unit.session_peer.cubic_flow import CubicFlow
from tests.unit.session_peer.shared_link import Packet, SharedLink
from tests.unit.session_peer.simulated_stream import Stream

SECOND = 1_000_000
LIMITS = RateLimits(min_bps=300_000, start_bps=2_000_000, max_bps=20_000_000)
FRAME_REPORTS = pytest.mark.parametrize("reports_frames", [False, True], ids=["transport feedback", "frame reports"])


def seeds(count: int) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("seed", range(1, count + 1))


def carrying(rate_bps: float) -> tuple[RateStep, ...]:
    return (RateStep(0, round(rate_bps)),)


def link(rate_bps: float, queue_ms: int = 100) -> LinkConfig:
    return LinkConfig(delay_us=10_000, rates=carrying(rate_bps), queue_bytes=round(rate_bps * queue_ms / 8e3))


def within(sim: SharedLink, begin_s: float, end_s: float) -> Iterator[tuple[int, Packet]]:
    return ((at_us, packet) for at_us, packet in sim.carried if begin_s * SECOND <= at_us < end_s * SECOND)


def rate_bps(sim: SharedLink, begin_s: float, end_s: float, flow: object = None) -> float:
    size = sum(packet.size_bytes for _, packet in within(sim, begin_s, end_s) if flow in (None, packet.flow))
    return size * 8 / (end_s - begin_s)


def wait_ms(sim: SharedLink, begin_s: float, end_s: float, share: float) -> float:
    waits = sorted(packet.waited_us for _, packet in within(sim, begin_s, end_s))
    return waits[int(share * len(waits))] / 1000


def late_until_s(sim: SharedLink, begin_s: float, limit_ms: float) -> float:
    """Return the time after ``begin_s`` at which the last packet came out that had waited longer than the limit."""
    late = [at_us for at_us, packet in within(sim, begin_s, begin_s + 5) if packet.waited_us > limit_ms * 1000]
    return max(late, default=begin_s * SECOND) / SECOND - begin_s


@seeds(3)
@FRAME_REPORTS
def test_a_steady_link_is_used_with_a_short_queue(seed: int, reports_frames: bool) -> None:
    sim = SharedLink(link(4e6), seed)
    stream = Stream(sim, LIMITS, reports_frames)
    sim.run(9 * SECOND)
    assert rate_bps(sim, 3, 9) >= 0.92 * 4e6
    assert wait_ms(sim, 3, 9, 0.95) <= 12
    assert sim.dropped == 0
    assert stream.skipped <= 3


@seeds(4)
@FRAME_REPORTS
def test_a_sudden_drop_is_drained_in_half_a_second(seed: int, reports_frames: bool) -> None:
    sim = SharedLink(link(8e6, 25), seed)
    stream = Stream(sim, LIMITS, reports_frames)
    sim.change(4 * SECOND, rates=carrying(2e6))
    sim.run(8 * SECOND)
    assert rate_bps(sim, 3, 4) >= 0.9 * 8e6
    assert late_until_s(sim, 4, 50) <= 0.5, "60 ms one way, of which 10 are the path's"
    assert max(later - sooner for sooner, later in pairwise(stream.completed_us)) <= 200_000
    assert rate_bps(sim, 5, 8) >= 0.85 * 2e6


def test_frame_reports_make_a_drop_milder() -> None:
    def drops(reports_frames: bool) -> int:
        total = 0
        for seed in range(1, 5):
            sim = SharedLink(link(8e6, 25), seed)
            Stream(sim, LIMITS, reports_frames)
            sim.change(3 * SECOND, rates=carrying(2e6))
            sim.run(4 * SECOND)
            total += sim.dropped
        return total

    assert drops(reports_frames=True) < 0.75 * drops(reports_frames=False)


@seeds(4)
def test_a_faster_link_is_taken_within_a_second_and_without_a_queue(seed: int) -> None:
    sim = SharedLink(link(2e6), seed)
    Stream(sim, LIMITS)
    sim.change(4 * SECOND, rates=carrying(8e6))
    sim.run(7 * SECOND)
    assert rate_bps(sim, 5, 6) >= 0.9 * 8e6
    assert rate_bps(sim, 6, 7) >= 0.9 * 8e6
    assert wait_ms(sim, 4, 7, 1 - 1e-9) <= 30


@seeds(2)
@pytest.mark.parametrize(
    ("loss", "share"),
    [(UniformLoss(0.01), 0.9), (UniformLoss(0.05), 0.85), (BurstLoss(0.05, 3), 0.85)],
    ids=["1%", "5%", "5% in bursts"],
)
def test_loss_without_a_queue_hardly_costs_rate(seed: int, loss: Loss, share: float) -> None:
    targets = []
    for link_loss in (None, loss):
        sim = SharedLink(replace(link(8e6), loss=link_loss), seed)
        stream = Stream(sim, LIMITS)
        sim.run(8 * SECOND)
        after = [target for at_us, target in stream.targets if at_us > 3 * SECOND]
        targets.append(sum(after) / len(after))
        assert wait_ms(sim, 3, 8, 0.95) <= 20
    assert targets[1] >= share * targets[0]


@seeds(2)
@pytest.mark.parametrize(("rate", "queue_ms"), [(8e6, 100), (4e6, 100), (8e6, 300), (8e6, 30)])
def test_beside_tcp_cubic_it_has_its_share_and_leaves_the_rest(seed: int, rate: float, queue_ms: int) -> None:
    sim = SharedLink(link(rate, queue_ms), seed)
    stream = Stream(sim, LIMITS)
    sim.at(3 * SECOND, CubicFlow, sim)
    sim.run(23 * SECOND)
    ours = rate_bps(sim, 5, 23, stream) / (rate / 2)
    assert 0.6 <= ours <= 1.5


@seeds(2)
def test_when_the_competitor_leaves_the_queue_is_short_again(seed: int) -> None:
    sim = SharedLink(link(8e6), seed)
    stream = Stream(sim, LIMITS)
    sim.at(3 * SECOND, CubicFlow, sim, 9 * SECOND)
    sim.run(8 * SECOND)
    assert stream.control.state.reason is RateReason.COMPETING
    sim.run(17 * SECOND)
    assert rate_bps(sim, 12, 17) >= 0.85 * 8e6
    assert wait_ms(sim, 12, 17, 0.95) <= 15


@seeds(2)
def test_two_of_us_share_evenly_and_do_not_fight(seed: int) -> None:
    sim = SharedLink(link(8e6), seed)
    first = Stream(sim, LIMITS)
    sim.run(2 * SECOND)
    second = Stream(sim, LIMITS)
    sim.run(16 * SECOND)
    shares = [rate_bps(sim, 6, 16, flow) for flow in (first, second)]
    assert sum(shares) ** 2 / (2 * sum(share**2 for share in shares)) >= 0.95
    assert wait_ms(sim, 6, 16, 0.5) <= 45


@seeds(2)
def test_a_longer_path_is_not_taken_for_a_competitor(seed: int) -> None:
    sim = SharedLink(link(4e6), seed)
    Stream(sim, LIMITS)
    sim.change(3 * SECOND, delay_us=60_000)
    sim.run(8 * SECOND)
    assert wait_ms(sim, 3, 8, 0.99) <= 30
    assert rate_bps(sim, 5, 8) >= 0.85 * 4e6


@seeds(2)
@pytest.mark.parametrize(
    "values",
    [{"delay_us": 14_000, "jitter_us": 4_000}, {"batch_us": 8_000}, {"bucket_bytes": 32_000}],
    ids=["jitter", "radio batches", "token bucket"],
)
def test_links_that_distort_times_are_used_with_a_bounded_queue(seed: int, values: dict[str, Any]) -> None:
    sim = SharedLink(replace(link(4e6), **values), seed)
    Stream(sim, LIMITS)
    sim.run(15 * SECOND)
    assert rate_bps(sim, 3, 15) >= 0.8 * 4e6
    assert wait_ms(sim, 3, 15, 0.95) <= 50


@seeds(2)
def test_a_policer_without_a_queue_is_found_by_its_loss(seed: int) -> None:
    sim = SharedLink(replace(link(4e6, 12), bucket_bytes=20_000), seed)
    Stream(sim, LIMITS)
    sim.run(15 * SECOND)
    assert rate_bps(sim, 3, 15) >= 0.8 * 4e6
    assert sim.dropped <= 0.15 * len(sim.carried)


@seeds(2)
def test_an_outage_stops_us_and_is_forgotten_soon(seed: int) -> None:
    sim = SharedLink(link(8e6), seed)
    stream = Stream(sim, RateLimits(300_000, 2_000_000, 6_000_000))
    sim.change(3 * SECOND, loss=UniformLoss(1))
    sim.change(4 * SECOND, loss=None)
    sim.run(6 * SECOND)
    assert rate_bps(sim, 3.4, 4) <= 1e6
    assert next(at_us for at_us, target in stream.targets if at_us > 4 * SECOND and target > 5_400_000) <= 5 * SECOND


@seeds(2)
def test_a_still_picture_keeps_its_rate_and_learns_what_the_link_became(seed: int) -> None:
    sim = SharedLink(link(4e6), seed)
    stream = Stream(sim, LIMITS, fullness=lambda at_us: 0.02 if 3 * SECOND < at_us < 9 * SECOND else 1.0)
    sim.change(5 * SECOND, rates=carrying(2e6))
    sim.run(13 * SECOND)
    before = [target for at_us, target in stream.targets if 3.5 * SECOND < at_us < 5 * SECOND]
    after = [target for at_us, target in stream.targets if 8.5 * SECOND < at_us < 9 * SECOND]
    assert min(before) >= 3_200_000
    assert max(after) <= 2_000_000
    assert late_until_s(sim, 9, 50) <= 0.3


@seeds(2)
def test_a_low_start_on_small_frames_is_left_by_probing(seed: int) -> None:
    sim = SharedLink(link(3e6), seed)
    stream = Stream(sim, RateLimits(150_000, 300_000, 20_000_000), fullness=lambda _: 0.3)
    sim.run(6 * SECOND)
    assert stream.control.target_bps >= 0.75 * 3e6


def test_a_fast_link_gets_frames_in_one_turn() -> None:
    sim = SharedLink(replace(link(1e9, 8), delay_us=100), 1)
    stream = Stream(sim, RateLimits(300_000, 4_000_000, 8_000_000))
    sim.run(SECOND)
    assert stream.control.target_bps == 8_000_000
    assert stream.control.pacing_bps > 200e6
