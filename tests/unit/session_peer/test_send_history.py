"""What is kept for retransmission, and how often it may be sent again."""

from __future__ import annotations

from render_node.session.core.rate_limit import TokenBucket
from render_node.session.core.send_history import (
    HISTORY_MAX_BYTES,
    HISTORY_MAX_PACKETS,
    HISTORY_US,
    REPEATS_BURST,
    STUCK_US,
    SendHistory,
)

RTT_US = 20_000


def test_a_second_of_video_is_kept() -> None:
    history = SendHistory()
    for seq in range(3000):
        history.add(seq, b"%d" % seq, seq * 400)
    assert history.repeat(600, 3000 * 400, RTT_US) == b"600"


def test_a_packet_is_repeated_once_per_round_trip() -> None:
    history = SendHistory()
    history.add(1, b"one", 0)
    assert history.repeat(1, 10_000, RTT_US) == b"one"
    assert history.repeat(1, 10_000 + RTT_US - 1, RTT_US) is None
    assert history.repeat(1, 10_000 + RTT_US, RTT_US) == b"one"
    assert history.refused == 1


def test_old_and_unknown_packets_are_not_repeated() -> None:
    history = SendHistory()
    history.add(1, b"one", 0)
    assert history.repeat(2, 5, RTT_US) is None
    assert history.repeat(1, HISTORY_US + 1, RTT_US) is None


def test_a_packet_that_is_asked_for_again_and_again_is_stuck() -> None:
    history = SendHistory()
    history.add(1, b"one", 0)
    assert not history.is_stuck(1, 10_000, RTT_US)
    assert not history.is_stuck(1, 10_000 + STUCK_US, RTT_US)
    assert history.is_stuck(1, 10_001 + STUCK_US, RTT_US)
    assert not history.is_stuck(1, 10_001 + STUCK_US, STUCK_US)
    assert not history.is_stuck(2, 10_000_000, RTT_US)
    history.clear()
    assert not history.is_stuck(1, 10_001 + STUCK_US, RTT_US)
    assert history.repeat(1, 20_000, RTT_US) is None


def test_memory_is_bounded_in_packets_and_bytes() -> None:
    history = SendHistory()
    for seq in range(HISTORY_MAX_PACKETS + 100):
        history.add(seq, b"x", 0)
    assert len(history) == HISTORY_MAX_PACKETS
    big = SendHistory()
    packet = bytes(1_000_000)
    for seq in range(20):
        big.add(seq, packet, 0)
    assert len(big) == HISTORY_MAX_BYTES // len(packet)
    assert big.repeat(19, 0, RTT_US) == packet


def test_a_reused_sequence_number_means_the_newest_packet() -> None:
    history = SendHistory()
    history.add(1, b"old", 0)
    history.add(1, b"new", 100)
    assert history.repeat(1, 200, RTT_US) == b"new"
    assert len(history) == 1


def test_repeats_have_a_rate() -> None:
    history = SendHistory()
    for seq in range(3000):
        history.add(seq, b"x", 0)
    served = sum(history.repeat(seq, 0, RTT_US) is not None for seq in range(3000))
    assert served == REPEATS_BURST


def test_token_bucket_refills_and_forgives_a_clock_that_runs_backwards() -> None:
    bucket = TokenBucket(10, 2)
    assert [bucket.take(0) for _ in range(3)] == [True, True, False]
    assert not bucket.take(50_000)
    assert bucket.take(150_000)
    assert not bucket.take(0)
    assert bucket.take(10_000_000)
