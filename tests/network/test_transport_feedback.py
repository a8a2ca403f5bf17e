"""Feedback reports: when they leave, what they say, and their bytes by an independent reader."""

from __future__ import annotations

import itertools
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.network.sender_port import TransportFeedback
from tests.network.transport_feedback import REPORT_INTERVAL_US, FeedbackModel, encode_feedback

arrivals = st.lists(
    st.one_of(st.none(), st.integers(-400_000, 600_000)), min_size=1, max_size=400
).filter(lambda found: any(each is not None for each in found))  # fmt: skip


def read(packet: bytes) -> tuple[int, int, list[int | None]]:
    """Return base number, report number and arrivals in microseconds, as the draft says (§3.1)."""
    first, kind, words, _, _, base, count, clock = struct.unpack_from("!BBHIIHHI", packet)
    assert (first, kind, 4 + 4 * words) == (0x8F, 205, len(packet))
    symbols: list[int] = []
    at = 20
    while len(symbols) < count:
        (chunk,) = struct.unpack_from("!H", packet, at)
        at += 2
        if chunk >> 15 == 0:
            symbols += [chunk >> 13 & 3] * (chunk & 0x1FFF)
        elif chunk >> 14 & 1:
            symbols += [chunk >> shift & 3 for shift in range(12, -1, -2)]
        else:
            symbols += [chunk >> shift & 1 for shift in range(13, -1, -1)]
    now_us, found = (clock >> 8) * 64_000, list[int | None]()
    for symbol in symbols[:count]:
        if symbol == 0:
            found.append(None)
            continue
        (delta,) = struct.unpack_from("!B" if symbol == 1 else "!h", packet, at)
        at += symbol
        now_us += delta * 250
        found.append(now_us)
    assert not any(packet[at:])
    return base, clock & 0xFF, found


@given(arrivals, st.integers(0, 200_000), st.integers(0, 255))
def test_bytes_say_what_the_report_says(shifts_us: list[int | None], base: int, count: int) -> None:
    times = [None if each is None else (5_000_000 + each) // 250 * 250 for each in shifts_us]
    feedback = TransportFeedback(count, tuple((base + index, us) for index, us in enumerate(times)))
    assert read(encode_feedback(feedback, sender_ssrc=1, media_ssrc=2)) == (base % 65536, count, times)


def test_what_no_report_can_say() -> None:
    with pytest.raises(ValueError, match="needs an arrival"):
        encode_feedback(TransportFeedback(0, ((1, None),)), sender_ssrc=1, media_ssrc=2)
    with pytest.raises(ValueError, match="no delta"):
        encode_feedback(TransportFeedback(0, ((1, 0), (2, 9_000_000))), sender_ssrc=1, media_ssrc=2)


def test_reports_come_every_62_ms_and_cover_each_number_once() -> None:
    model = FeedbackModel()
    assert model.next_us is None
    reported: list[tuple[int, int | None]] = []
    report_times: list[int] = []
    for seq in range(1000):
        now_us = 5_000_000 + seq * 1_100
        while model.next_us is not None and model.next_us <= now_us:
            report_times.append(model.next_us)
            feedback = model.report(model.next_us)
            assert feedback is not None
            reported += feedback.arrivals
        if seq % 10 != 7:
            model.on_packet(seq, now_us)
    assert report_times[0] == 5_029_000
    assert {after - before for before, after in itertools.pairwise(report_times)} == {REPORT_INTERVAL_US}
    assert [seq for seq, _ in reported] == list(range(len(reported)))
    assert len(reported) > 900
    assert all((us is None) == (seq % 10 == 7) for seq, us in reported)
    assert all(us is None or 0 <= 5_000_000 + seq * 1_100 - us < 250 for seq, us in reported)


def test_a_late_packet_has_what_follows_it_reported_again() -> None:
    model = FeedbackModel()
    for seq in (0, 1, 3, 4):
        model.on_packet(seq, seq * 1000)
    first = model.report(30_000)
    assert first is not None
    assert first.arrivals == ((0, 0), (1, 1000), (2, None), (3, 3000), (4, 4000))
    assert model.report(92_500) is None
    model.on_packet(2, 100_000)
    model.on_packet(5, 101_000)
    second = model.report(155_000)
    assert second is not None
    assert second.arrivals == ((2, 100_000), (3, 3000), (4, 4000), (5, 101_000))
    assert second.count == 1
