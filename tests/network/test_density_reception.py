"""What the density bench's light receiver tells the sender, read back by the sender's own parsers, and the gate."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from render_node.session.core.rtcp import ReceptionReport, build_sender_report, parse_rtcp, round_trip_us
from render_node.session.core.rtp_packets import ExtensionBlock, ExtensionIds, StreamIds, build_packet
from render_node.session.core.transport_feedback import TransportFeedback
from tests.bench.density.reading import DensityReading, StreamReading, gates, streams_held
from tests.bench.density.reception import Reception, read_extension, unwrap
from tests.bench.reading import Spread, Usage

IDS = ExtensionIds(mid=1, abs_send_time=3, playout_delay=6, transport_seq=7)
BLOCK = ExtensionBlock(IDS, "0")
VIDEO = StreamIds(ssrc=77, payload_type=101)


def packet(seq: int, wide_seq: int, rtp_ts: int = 0, *, last: bool = False) -> bytes:
    made = build_packet(VIDEO, seq, rtp_ts, marker=last, extensions=BLOCK.block, payload=bytes(100))
    return BLOCK.stamp(made, 0, wide_seq)


def receive(lost: set[int], first: int = 65_500, count: int = 200) -> Reception:
    reception = Reception({101: 90_000}, 7)
    for index in range(count):
        if index not in lost:
            now_us = 5_000_000 + index * 1000
            number = (first + index) % 65536
            reception.take_rtp(packet(number, number, last=index % 10 == 9), now_us)
    return reception


@given(st.sets(st.integers(1, 198), max_size=60))
def test_the_sender_reads_what_came_and_what_did_not(lost: set[int]) -> None:
    reception = receive(lost)
    (stream,) = reception.streams.values()
    assert (stream.lost, stream.packets) == (len(lost), 200 - len(lost))
    sent = reception.rtcp(5_200_000)
    assert sent is not None
    report, feedback = parse_rtcp(sent)
    assert isinstance(report, ReceptionReport)
    assert (report.ssrc, report.packets_lost) == (77, len(lost))
    assert abs(report.fraction_lost - len(lost) / 200) <= 1 / 256
    assert isinstance(feedback, TransportFeedback)
    assert feedback.base_seq == 65_500
    assert {offset for offset, _ in feedback.arrivals} == set(range(200)) - lost
    times = dict(feedback.arrivals)
    assert all(times[b] - times[a] == 1000 * (b - a) for a, b in pairwise(times))
    assert reception.rtcp(5_201_000) is None


def test_frames_are_counted_by_their_last_packets() -> None:
    (stream,) = receive({9, 15}).streams.values()
    assert stream.frames == 19


def test_the_sender_learns_the_round_trip() -> None:
    reception = receive(set())
    ntp = 0x1234_5678_9ABC_DEF0
    reception.take_rtcp(build_sender_report(77, "name", ntp=ntp, rtp_ts=0, packets=1, payload_bytes=1), 6_000_000)
    sent = reception.rtcp(6_500_000)
    assert sent is not None
    report = parse_rtcp(sent)[0]
    assert isinstance(report, ReceptionReport)
    later = ntp + int(0.520 * 2**32)
    assert abs((round_trip_us(report, later) or 0) - 20_000) < 100


@given(st.binary(max_size=80))
def test_noise_is_passed_over(data: bytes) -> None:
    reception = Reception({101: 90_000}, 7)
    reception.take_rtp(data, 1)
    reception.take_rtcp(data, 1)
    reception.rtcp(2_000_000)


@given(st.integers(0, 65_535), st.integers(-30_000, 30_000), st.integers(0, 2**20))
def test_numbers_count_on_over_their_wraps(start: int, step: int, wraps: int) -> None:
    before = wraps * 65_536 + start
    assert unwrap((before + step) % 65_536, before) == before + step


def test_an_extension_that_is_not_there() -> None:
    assert read_extension(packet(1, 4321), 7) == 4321
    assert read_extension(packet(1, 4321), 9) is None


GOOD = StreamReading(Spread(5, 9, 12, 1200), Spread(4, 8, 10, 1200), 60.0, 59.9, 8e6, 0, 100.0)
USAGE = {"worker": Usage(0.8, 1), "title": Usage(0.2, 1), "receivers": Usage(0.3, 1)}


def reading(count: int, **changed: object) -> DensityReading:
    worst = replace(GOOD, **changed)  # type: ignore[arg-type]
    return DensityReading("superfast", [*[GOOD] * (count - 1), worst], USAGE, 4.0, 2)


def test_a_number_of_streams_is_held_if_all_of_them_and_all_smaller_numbers_hold() -> None:
    good = [reading(1), reading(2), reading(3)]
    assert streams_held(good, "superfast") == 3
    assert streams_held(good[1:], "superfast") == 0
    for bad in ({"sent_ms": Spread(5, 20, 33.0, 9)}, {"rendered_fps": 56.9}, {"sent_fps": 56.9}):
        assert streams_held([reading(1), reading(2, **bad), reading(3)], "superfast") == 1
    (gate,) = gates([reading(1), reading(2, sent_fps=10.0)])
    assert (gate.value, gate.passed) == (1, False)
    assert gates(good)[0].passed


def test_a_stream_that_sent_nothing_does_not_hold() -> None:
    nothing = {"seconds": 5.0, "sent_us": [], "encoded_us": [], "rendered_fps": 60.0, "video_bytes": 0}
    got = nothing | {"video_lost": 0, "sound_lost": 0, "sound_packets": 0}
    assert not StreamReading.of(got).holds


def test_what_admission_counts_with() -> None:
    two = reading(2, sent_fps=60.1)
    assert abs(two.beside_encoding_cores - (0.8 - (59.9 + 60.1) * 0.004) / 2) < 1e-9
    assert (two.title_cores, two.product_share) == (0.1, 0.5)
