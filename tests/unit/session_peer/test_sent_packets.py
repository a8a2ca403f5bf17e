"""What was sent, what feedback says of it, and feedback that lies."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from render_node.session.core.sent_packets import (
    HISTORY_MAX_PACKETS,
    HISTORY_US,
    SEQ_MODULUS,
    PacketKind,
    SentPackets,
)
from render_node.session.core.sent_rates import WINDOW_US, SentRates
from render_node.session.core.transport_feedback import REFERENCE_MODULUS, REFERENCE_US, TransportFeedback

SIZE = 1000


def sent(count: int, *, step_us: int = 1000, begin_us: int = 0) -> SentPackets:
    packets = SentPackets()
    for index in range(count):
        packets.add(packets.next_seq(), SIZE, PacketKind.VIDEO, begin_us + index * step_us, frame_id=index // 4)
    return packets


def report(base: int, arrivals: Sequence[int | None], reference: int = 100) -> TransportFeedback:
    arrived = tuple((offset, arrival) for offset, arrival in enumerate(arrivals) if arrival is not None)
    return TransportFeedback(base % SEQ_MODULUS, len(arrivals), reference, 0, arrived)


def test_packets_arrive_or_are_lost() -> None:
    packets = sent(6)
    results = packets.take(report(0, [500, None, 750, None]))
    assert [packet.seq for packet in results.arrived] == [0, 2]
    assert [packet.arrival_us for packet in results.arrived] == [100 * REFERENCE_US + 500, 100 * REFERENCE_US + 750]
    assert [packet.seq for packet in results.lost] == [1, 3]
    assert packets.in_flight_bytes == 2 * SIZE


def test_a_packet_that_comes_late_is_no_loss_any_more() -> None:
    packets = sent(4)
    packets.take(report(0, [0, None, 0]))
    results = packets.take(report(1, [250, None, 500]))
    assert [packet.seq for packet in results.late] == [1]
    assert [packet.seq for packet in results.arrived] == [3]
    assert packets.unknown == 0


def test_what_a_lost_report_would_have_told_is_neither_lost_nor_in_flight() -> None:
    packets = sent(6)
    results = packets.take(report(4, [0, 0]))
    assert results.lost == []
    assert packets.in_flight_bytes == 0


def test_numbers_and_reference_times_wrap() -> None:
    packets = SentPackets()
    for index in range(SEQ_MODULUS + 10):
        packets.add(packets.next_seq(), SIZE, PacketKind.VIDEO, index, None)
        packets.land_until(index)
    before = packets.take(report(SEQ_MODULUS - 2, [0, 0], REFERENCE_MODULUS - 1))
    after = packets.take(report(0, [0, 0, 0], 1))
    assert [packet.seq for packet in before.arrived] == [SEQ_MODULUS - 2, SEQ_MODULUS - 1]
    assert [packet.seq for packet in after.arrived] == [SEQ_MODULUS, SEQ_MODULUS + 1, SEQ_MODULUS + 2]
    assert before.arrived[0].arrival_us is not None
    assert after.arrived[0].arrival_us == before.arrived[0].arrival_us + 2 * REFERENCE_US


def test_acknowledging_what_was_never_sent_changes_nothing() -> None:
    packets = sent(3)
    results = packets.take(report(3, [0] * 20))
    assert (results.arrived, results.lost, results.late) == ([], [], [])
    assert packets.unknown == 20
    assert packets.in_flight_bytes == 3 * SIZE
    assert SentPackets().take(report(0, [0])).arrived == []


def test_a_packet_is_acknowledged_once() -> None:
    packets = sent(3)
    packets.take(report(0, [0, 0]))
    assert packets.take(report(0, [250, 250])).arrived == []
    assert packets.unknown == 2
    assert packets.in_flight_bytes == SIZE


def test_a_frame_report_lands_what_it_proves() -> None:
    packets = sent(8)
    packets.take(report(0, [0, 0]))
    assert [packet.seq for packet in packets.land_until(5)] == [2, 3, 4, 5]
    assert packets.in_flight_bytes == 2 * SIZE
    results = packets.take(report(2, [0] * 6))
    assert len(results.arrived) == 6
    assert [packet.seq for packet in results.landed] == [6, 7]
    assert packets.in_flight_bytes == 0


def test_memory_is_bounded_in_time_and_number() -> None:
    packets = sent(HISTORY_MAX_PACKETS + 50, step_us=1)
    assert packets.in_flight_bytes == HISTORY_MAX_PACKETS * SIZE
    assert packets.take(report(10, [0] * 40)).arrived == []
    packets.forget(2 * HISTORY_US)
    assert packets.in_flight_bytes == 0
    assert packets.oldest_waiting_us is None


@given(
    st.lists(
        st.tuples(
            st.integers(0, SEQ_MODULUS - 1), st.lists(st.one_of(st.none(), st.integers(-(10**9), 10**9)), max_size=30)
        ),
        max_size=20,
    ),
    st.integers(0, 60),
)
def test_no_feedback_acknowledges_more_than_was_sent(reports: list[tuple[int, list[int | None]]], count: int) -> None:
    packets = sent(count)
    arrived = lost = 0
    for base, arrivals in reports:
        results = packets.take(report(base, arrivals))
        arrived += len(results.arrived) + len(results.late)
        lost += len(results.lost) - len(results.late)
        assert 0 <= packets.in_flight_bytes <= count * SIZE
    assert arrived + lost <= count


def test_rates_by_kind_forget_after_half_a_second() -> None:
    rates, packets = SentRates(), SentPackets()
    for index in range(1000):
        kind = PacketKind.AUDIO if index % 10 == 0 else PacketKind.VIDEO
        rates.add(packets.add(packets.next_seq(), SIZE, kind, index * 1000, None))
    assert abs(rates.bps(PacketKind.AUDIO, PacketKind.VIDEO) - 8e6) < 0.01 * 8e6
    assert abs(rates.bps(PacketKind.AUDIO) - 0.8e6) < 0.02 * 8e6
    assert abs(rates.payload_share - 0.928) < 1e-9
    rates.add(packets.add(packets.next_seq(), SIZE, PacketKind.AUDIO, 1_000_000 + WINDOW_US + 1, None))
    assert rates.bps(PacketKind.VIDEO) == 0
