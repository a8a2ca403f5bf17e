"""The exchange with the simplest sender: what must come out is known without running it."""

from __future__ import annotations

import numpy as np

from tests.network.constant_rate_sender import ConstantRateSender
from tests.network.exchange import Exchange, Outcome
from tests.network.link_model import Fate, LinkConfig
from tests.network.packet_loss import BurstLoss, UniformLoss
from tests.network.rate_schedule import RateStep
from tests.network.sender_port import Nack, PacketKind, PictureLoss, TransportFeedback

ONE_WAY = LinkConfig(delay_us=10_000)


def run(forward: LinkConfig, bps: int = 4_000_000, seconds: float = 10, seed: int = 1) -> Outcome:
    return Exchange(ConstantRateSender(bps), forward, ONE_WAY, seed=seed).run(seconds)


def delays_ms(outcome: Outcome) -> list[float]:
    return [frame.delay_us / 1000 for frame in outcome.frames if frame.delay_us is not None]


def test_a_clean_link_delivers_everything_after_its_delay() -> None:
    outcome = run(ONE_WAY)
    assert [frame.frame.frame_id for frame in outcome.frames] == list(range(600))
    assert set(delays_ms(outcome)) == {10.0}
    assert {each.packet.kind for each in outcome.packets} == {PacketKind.MEDIA}
    reports = [at_us for at_us, signal in outcome.signals if isinstance(signal, TransportFeedback)]
    assert reports[0] == 10_000 + 29_000 + 10_000
    assert set(np.diff(reports)) == {62_500}


def test_feedback_tells_of_every_packet_what_became_of_it() -> None:
    outcome = run(LinkConfig(delay_us=10_000, loss=UniformLoss(0.03)))
    told: dict[int, int | None] = {}
    for _, signal in outcome.signals:
        if isinstance(signal, TransportFeedback):
            told |= dict(signal.arrivals)
    sent = {each.packet.wide_seq: each for each in outcome.packets}
    assert len(told) > 0.98 * len(sent)
    assert all((us is None) == (sent[seq].fate is Fate.LOST) for seq, us in told.items())
    offsets = {us - (sent[seq].deliver_us or 0) for seq, us in told.items() if us is not None}
    assert max(offsets) - min(offsets) < 250


def test_losses_heal_after_a_round_trip() -> None:
    outcome = run(LinkConfig(delay_us=10_000, loss=UniformLoss(0.01)))
    assert all(frame.decoded_us is not None for frame in outcome.frames[:-10])
    # A lost packet is seen at the next one, at most a frame later; the request and its answer take a round trip.
    assert 30 <= np.percentile(delays_ms(outcome), 99) <= 75
    repeats = sum(each.packet.kind is PacketKind.RTX for each in outcome.packets)
    lost = sum(each.fate is Fate.LOST for each in outcome.packets)
    assert 0.8 * lost <= repeats <= 1.5 * lost
    assert not [signal for _, signal in outcome.signals if isinstance(signal, PictureLoss)]


def test_bursts_cost_more_frames_less_often() -> None:
    single, bursts = (
        run(LinkConfig(delay_us=10_000, loss=loss), seconds=60)
        for loss in (UniformLoss(0.02), BurstLoss(0.02, 4))
    )  # fmt: skip
    requests = [sum(isinstance(signal, Nack) for _, signal in each.signals) for each in (single, bursts)]
    assert requests[1] < 0.6 * requests[0]


def test_a_sender_above_the_rate_fills_the_queue() -> None:
    outcome = run(LinkConfig(delay_us=10_000, rates=(RateStep(0, 3_000_000),), queue_us=100_000))
    waits_us = [each.waited_us for each in outcome.packets if each.sent_us > 2_000_000 and each.deliver_us]
    assert np.percentile(waits_us, 50) > 80_000
    assert max(waits_us) <= 100_000
    arrived_bits = sum(
        8 * each.packet.size_bytes for each in outcome.packets if (each.deliver_us or 1e9) < 10_000_000
    )
    assert 0.97 <= arrived_bits / (3_000_000 * 10) <= 1.0


def test_the_same_seed_gives_the_same_run() -> None:
    bad = LinkConfig(delay_us=10_000, jitter_us=3_000, loss=BurstLoss(0.05, 3), rates=(RateStep(0, 5_000_000),))
    assert run(bad, seed=4) == run(bad, seed=4)
    assert run(bad, seed=4) != run(bad, seed=5)
