"""RTCP as browsers send it, as aiortc writes it, and as nobody should."""

from __future__ import annotations

from aiortc.rtp import RtcpPacket as StockPacket
from aiortc.rtp import (
    RtcpPsfbPacket,
    RtcpReceiverInfo,
    RtcpRrPacket,
    RtcpRtpfbPacket,
    RtcpSdesPacket,
    RtcpSrPacket,
)
from hypothesis import given
from hypothesis import strategies as st

from render_node.session.core.ntp import ntp_from_unix_us
from render_node.session.core.rtcp import (
    NACK_MAX_SEQS,
    KeyframeRequest,
    Nack,
    ReceptionReport,
    ReferenceTime,
    build_dlrr,
    build_sender_report,
    parse_rtcp,
    round_trip_us,
)

RRTR = bytes.fromhex("80cf00040000000704000002e1e2e3e4f1f2f3f4")


def report(**changes: int) -> RtcpReceiverInfo:
    values = {
        "ssrc": 9,
        "fraction_lost": 64,
        "packets_lost": -3,
        "highest_sequence": 5,
        "jitter": 90,
        "lsr": 1,
        "dlsr": 2,
    }
    return RtcpReceiverInfo(**{**values, **changes})


def test_a_browsers_compound_is_read() -> None:
    data = (
        bytes(RtcpRrPacket(ssrc=1, reports=[report(), report(ssrc=10)]))
        + RRTR
        + bytes(RtcpRtpfbPacket(fmt=1, ssrc=1, media_ssrc=9, lost=[5, 6, 21, 40]))
        + bytes(RtcpPsfbPacket(fmt=1, ssrc=1, media_ssrc=9))
    )
    first, second, reference, nack, pli = parse_rtcp(data)
    assert first == ReceptionReport(9, 0.25, -3, 5, 90, 1, 2)
    assert isinstance(second, ReceptionReport)
    assert second.ssrc == 10
    assert reference == ReferenceTime(7, 0xE3E4F1F2)
    assert nack == Nack(9, (5, 6, 21, 40))
    assert pli == KeyframeRequest(9)


def test_a_nack_wraps_around() -> None:
    assert parse_rtcp(bytes.fromhex("81cd00030000000100000009fffe8003")) == [
        Nack(9, (0xFFFE, 0xFFFF, 0, 14)),
    ]


def test_fir_names_each_stream() -> None:
    fir = bytes.fromhex("84ce0006000000010000000000000009010000000000000a02000000")
    assert parse_rtcp(fir) == [KeyframeRequest(9), KeyframeRequest(10)]


def test_padding_is_taken_off() -> None:
    assert parse_rtcp(bytes.fromhex("a1ce0003000000010000000900000004")) == [KeyframeRequest(9)]


@given(st.binary(max_size=1500))
def test_noise_never_raises(data: bytes) -> None:
    parse_rtcp(data)


@given(st.lists(st.sampled_from([200, 201, 205, 206, 207, 208]), max_size=40), st.data())
def test_well_framed_noise_never_raises(kinds: list[int], data: st.DataObject) -> None:
    raw = b""
    for kind in kinds:
        body = data.draw(st.binary(max_size=40))
        body += bytes(-len(body) % 4)
        first = 0x80 | data.draw(st.integers(0, 63))
        raw += bytes((first, kind)) + (len(body) // 4).to_bytes(2, "big") + body
    parse_rtcp(raw)


def test_a_nack_of_everything_is_bounded() -> None:
    items = b"\x00\x01\xff\xff" * 300
    data = bytes.fromhex("81cd") + (2 + 300).to_bytes(2, "big") + bytes(8) + items
    (nack,) = parse_rtcp(data)
    assert isinstance(nack, Nack)
    assert len(nack.seqs) == NACK_MAX_SEQS


def test_sender_report_is_what_others_read() -> None:
    ntp = ntp_from_unix_us(1_700_000_000_000_000)
    data = build_sender_report(9, "name", ntp=ntp, rtp_ts=2**32 + 5, packets=7, payload_bytes=2**32 + 8)
    sr, sdes = StockPacket.parse(data)
    assert isinstance(sr, RtcpSrPacket)
    assert isinstance(sdes, RtcpSdesPacket)
    assert sr.ssrc == 9
    assert (sr.sender_info.ntp_timestamp, sr.sender_info.rtp_timestamp) == (ntp, 5)
    assert (sr.sender_info.packet_count, sr.sender_info.octet_count) == (7, 8)
    assert sdes.chunks[0].items == [(1, b"name")]


def test_dlrr_answers_the_question() -> None:
    packet = build_dlrr(1, ReferenceTime(2, 3), 4)
    assert packet.hex() == "80cf00050000000105000003000000020000000300000004"


def test_round_trip() -> None:
    sent = ntp_from_unix_us(1_700_000_000_000_000)
    arrived = ntp_from_unix_us(1_700_000_000_070_000)
    answer = ReceptionReport(9, 0, 0, 0, 0, (sent >> 16) & 0xFFFFFFFF, 65536 * 50 // 1000)
    measured = round_trip_us(answer, arrived)
    assert measured is not None
    assert abs(measured - 20_000) < 50
    assert round_trip_us(ReceptionReport(9, 0, 0, 0, 0, 0, 0), arrived) is None
    in_the_future = ReceptionReport(9, 0, 0, 0, 0, (arrived >> 16) & 0xFFFFFFFF, 0)
    assert round_trip_us(in_the_future, sent) is None
