"""Delay, capacity, loss and news of a path, each from packets made by hand."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from render_node.session.core.capacity_estimate import SLOW_US, CapacityEstimate
from render_node.session.core.delay_trend import DelayTrend, Usage
from render_node.session.core.delivered_rate import DeliveredRate
from render_node.session.core.frame_reports import FRAMES_MAX, FrameReports
from render_node.session.core.growth_ceiling import HOLD_MAX_US, HOLD_US, GrowthCeiling
from render_node.session.core.in_flight_limit import LIMIT_MIN_BYTES, NEWS_MAX_US, InFlightLimit
from render_node.session.core.loss_estimate import WINDOW_US, LossEstimate
from render_node.session.core.queue_delay import QueueDelay
from render_node.session.core.sent_packets import PacketKind, SentPacket
from render_node.session.core.windowed_min import WindowedMin

OFFSET_US = 77_000_000
SIZE = 1250


def packet(
    seq: int, sent_us: int, delay_us: int, *, frame_id: int | None = None, kind: PacketKind = PacketKind.VIDEO
) -> SentPacket:
    arrival_us = (sent_us + delay_us + OFFSET_US) // 250 * 250
    return SentPacket(seq, sent_us, SIZE, kind, frame_id, arrival_us)


class Link:
    """Frames of some packets through a link, as they arrive."""

    def __init__(self, *, burst_packets: int = 8, pace_us: int = 500) -> None:
        self.burst_packets, self.pace_us = burst_packets, pace_us
        self.seq = 0
        self.now_us = 0
        self.free_us = 0

    def frames(self, count: int, link_bps: float) -> list[SentPacket]:
        packets = []
        for _ in range(count):
            for part in range(self.burst_packets):
                sent_us = self.now_us + part * self.pace_us
                self.free_us = max(self.free_us, sent_us) + round(SIZE * 8e6 / link_bps)
                packets.append(packet(self.seq, sent_us, self.free_us - sent_us + 10_000, frame_id=self.now_us))
                self.seq += 1
            self.now_us += 16_667
        return packets


def test_a_slower_link_is_measured_without_a_queue() -> None:
    estimate, link = CapacityEstimate(), Link()
    for _ in range(10):
        estimate.add(link.frames(4, 8e6))
    assert estimate.capacity is not None
    assert not estimate.capacity.at_least
    assert estimate.capacity.bps == pytest.approx(8e6, rel=0.03)


def test_a_faster_link_is_at_least_as_fast_as_the_trains() -> None:
    estimate, link = CapacityEstimate(), Link()
    for _ in range(10):
        estimate.add(link.frames(4, 500e6))
    assert estimate.capacity is not None
    assert estimate.capacity.at_least
    assert 18e6 < estimate.capacity.bps <= 20.1e6


def test_a_drop_of_the_link_shows_in_the_next_report_and_a_rise_in_the_one_after() -> None:
    estimate, link = CapacityEstimate(), Link(burst_packets=12)
    for _ in range(10):
        estimate.add(link.frames(4, 8e6))
    estimate.add(link.frames(2, 2e6))
    assert estimate.capacity is not None
    assert estimate.capacity.bps == pytest.approx(2e6, rel=0.05)
    link.now_us = link.free_us
    estimate.add(link.frames(4, 8e6))
    assert estimate.capacity.bps == pytest.approx(8e6, rel=0.05)


def test_slow_trains_do_not_contradict_a_known_capacity() -> None:
    estimate, link = CapacityEstimate(), Link()
    estimate.add(link.frames(8, 8e6))
    link.now_us += SLOW_US
    link.pace_us = 2_000
    estimate.add(link.frames(8, 8e6))
    assert estimate.capacity is not None
    assert not estimate.capacity.at_least
    assert estimate.capacity.bps == pytest.approx(8e6, rel=0.05)


def test_nothing_is_concluded_across_a_loss_or_between_frames() -> None:
    estimate = CapacityEstimate()
    estimate.add([packet(seq * 2, seq * 100, 10_000, frame_id=1) for seq in range(50)])
    estimate.add([packet(200 + seq, seq * 20_000, 10_000, frame_id=seq) for seq in range(50)])
    assert estimate.capacity is None


def test_one_probe_is_enough_where_nothing_is_known() -> None:
    estimate = CapacityEstimate()
    estimate.add([packet(seq, seq * 10_000, 10_000, kind=PacketKind.PADDING) for seq in range(6)])
    assert estimate.capacity is not None
    assert estimate.capacity.at_least
    assert estimate.capacity.bps == pytest.approx(1e6, rel=0.05)


def test_the_standing_queue_is_what_a_frame_finds_not_what_it_makes() -> None:
    delay, link = QueueDelay(), Link(burst_packets=12)
    delay.add(link.frames(4, 8e6))
    assert delay.standing_us < 1_000
    queued = [packet(link.seq + n, link.now_us + n * 500, 50_000 + n * 700) for n in range(24)]
    delay.add(queued)
    assert 37_000 < delay.standing_us < 40_000


def test_a_longer_path_is_not_taken_for_a_queue_for_long() -> None:
    delay = QueueDelay()
    delay.add([packet(seq, seq * 4_000, 10_000) for seq in range(100)])
    seen = []
    for step in range(30):
        begin = 100 + step * 15
        delay.add([packet(seq, seq * 4_000, 50_000) for seq in range(begin, begin + 15)])
        seen.append(delay.standing_us)
    assert seen[0] == 40_000
    assert seen[-1] == 0


def test_a_queue_that_moves_stays_a_queue() -> None:
    delay = QueueDelay()
    delay.add([packet(seq, seq * 4_000, 10_000) for seq in range(100)])
    for step in range(40):
        begin = 100 + step * 15
        delay.add([packet(seq, seq * 4_000, 40_000 + step % 5 * 5_000) for seq in range(begin, begin + 15)])
    assert delay.standing_us >= 30_000


def test_another_clock_is_not_a_queue() -> None:
    delay = QueueDelay()
    delay.add([packet(0, 0, 10_000)])
    delay.add([packet(1, 10_000, 10_000_000)])
    assert delay.standing_us == 0


def test_the_trend_tells_a_growing_from_a_steady_and_a_draining_queue() -> None:
    noise = random.Random(1)
    trend = DelayTrend()
    seen = set()
    for seq in range(200):
        trend.add(packet(seq, seq * 16_000, 20_000 + noise.randrange(2_000)))
        seen.add(trend.usage)
    assert Usage.OVERUSE not in seen
    for seq in range(200, 240):
        trend.add(packet(seq, seq * 16_000, 20_000 + (seq - 200) * 3_000))
        seen.add(trend.usage)
    assert Usage.OVERUSE in seen
    seen.clear()
    for seq in range(240, 280):
        trend.add(packet(seq, seq * 16_000, 140_000 - (seq - 240) * 3_000))
        seen.add(trend.usage)
    assert Usage.UNDERUSE in seen


def test_a_compressed_arrival_never_beats_the_rate_of_sending() -> None:
    rate = DeliveredRate()
    rate.add([SentPacket(seq, seq * 1_000, SIZE, PacketKind.VIDEO, None, OFFSET_US) for seq in range(200)])
    assert rate.bps is not None
    assert rate.bps <= SIZE * 8e3 * 1.001


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(-(10**12), 10**12)), max_size=60))
def test_no_arrival_times_make_an_estimate_fail(steps: list[tuple[int, int]]) -> None:
    sent_us = 0
    delivered, queue, capacity, trend = DeliveredRate(), QueueDelay(), CapacityEstimate(), DelayTrend()
    for seq, (gap_us, arrival_us) in enumerate(steps):
        sent_us += gap_us
        arrived = [SentPacket(seq, sent_us, SIZE, PacketKind.VIDEO, 1, arrival_us)]
        delivered.add(arrived)
        queue.add(arrived)
        capacity.add(arrived)
        trend.add(arrived[0])
        assert queue.standing_us >= 0
        if delivered.bps is not None:
            assert delivered.bps <= (seq + 1) * SIZE * 8e6 / 40_000


def lost(*seqs: int) -> list[SentPacket]:
    return [SentPacket(seq, 0, SIZE, PacketKind.VIDEO, None) for seq in seqs]


def test_loss_is_a_share_of_the_last_second_with_its_bursts() -> None:
    loss = LossEstimate()
    loss.add(arrived=20, lost=[], late=0, now_us=0)
    assert loss.fraction == 0
    loss.add(arrived=74, lost=lost(1, 2, 3, 7, 9, 10), late=0, now_us=500_000)
    assert loss.fraction == pytest.approx(0.06)
    assert loss.burst_packets == pytest.approx(2)
    loss.add(arrived=0, lost=[], late=2, now_us=600_000)
    assert loss.fraction == pytest.approx(4 / 100)
    loss.add(arrived=100, lost=[], late=0, now_us=600_001 + WINDOW_US)
    assert loss.fraction == 0
    assert loss.lost_total == 4


def test_the_limit_follows_how_long_news_takes() -> None:
    limit = InFlightLimit()
    for index in range(20_000):
        limit.heard([packet(index, 0, 0)], 40_000 if index % 10 else 30_000)
    assert 38_000 <= limit.news_us <= 42_000
    assert limit.limit_bytes(8e6, 8e6, 0) == pytest.approx(1e6 * 0.060, rel=0.05)
    assert limit.limit_bytes(8e6, 80e6, 0) == pytest.approx(1e6 * 0.090, rel=0.05)
    assert limit.limit_bytes(1e5, 1e5, 0) == LIMIT_MIN_BYTES
    limit.heard([packet(0, 0, 0)] * 10_000, 10**12)
    assert limit.news_us == NEWS_MAX_US


def test_growth_that_ends_badly_waits_longer_each_time() -> None:
    ceiling = GrowthCeiling()
    now_us, waits = 0, []
    for _ in range(8):
        ceiling.grew(now_us)
        ceiling.trouble(4e6, now_us)
        begun_us = now_us
        while ceiling.bound(8e6, now_us) < 8e6:
            now_us += 100_000
        waits.append(now_us - begun_us)
    assert waits[0] == 2 * HOLD_US
    assert waits == sorted(waits)
    assert waits[-1] == HOLD_MAX_US
    ceiling.trouble(4e6, now_us)
    assert ceiling.bound(3e6, now_us) == 3e6
    assert ceiling.bound(8e6, now_us + HOLD_MAX_US // 2) == 8e6


def test_a_frame_report_proves_the_frame_and_those_before_once() -> None:
    reports = FrameReports()
    for seq in range(12):
        reports.sent(packet(seq, 0, 0, frame_id=seq // 4))
    assert reports.take(1) == 7
    assert reports.take(0) is None
    assert reports.take(1) is None
    assert reports.take(99) is None
    assert reports.take(2) == 11
    for frame_id in range(2 * FRAMES_MAX):
        reports.sent(packet(frame_id, 0, 0, frame_id=frame_id))
    assert reports.take(FRAMES_MAX - 1) is None
    assert reports.take(FRAMES_MAX) == FRAMES_MAX


def test_a_minimum_is_forgotten_with_its_time() -> None:
    least = WindowedMin(1_000, 3)
    assert least.value is None
    for now_us, value in ((0, 5), (500, 7), (1_000, 9), (2_000, 8)):
        least.add(value, now_us)
    assert least.value == 5
    least.add(10, 3_000)
    assert least.value == 8
    least.restart(20, 3_500)
    assert least.value == 20
