"""RTP packets and their repeats, read back by aiortc's parser."""

from __future__ import annotations

from aiortc.rtcrtpparameters import RTCRtpHeaderExtensionParameters, RTCRtpParameters
from aiortc.rtp import HeaderExtensionsMap, RtpPacket, unpack_header_extensions, unwrap_rtx
from hypothesis import given
from hypothesis import strategies as st

from render_node.session.core.ntp import ntp_from_unix_us
from render_node.session.core.rtp_packets import (
    ABS_SEND_TIME_URI,
    MID_URI,
    PAYLOAD_MAX_BYTES,
    ExtensionBlock,
    ExtensionIds,
    StreamIds,
    build_packet,
    build_rtx,
)

IDS = StreamIds(0x01020304, 101, 0x05060708, 102)
u16, u32 = st.integers(0, 0xFFFF), st.integers(0, 0xFFFFFFFF)


def extension_map() -> HeaderExtensionsMap:
    found = HeaderExtensionsMap()
    found.configure(
        RTCRtpParameters(
            headerExtensions=[
                RTCRtpHeaderExtensionParameters(1, MID_URI),
                RTCRtpHeaderExtensionParameters(3, ABS_SEND_TIME_URI),
            ]
        )
    )
    return found


@given(u16, u32, st.booleans(), st.binary(max_size=1200), u16)
def test_packet_and_repeat_come_back(seq: int, rtp_ts: int, marker: bool, payload: bytes, rtx_seq: int) -> None:
    block = ExtensionBlock(ExtensionIds(1, 3, 6), "0").build(ntp_from_unix_us(1_700_000_000_500_000))
    raw = build_packet(IDS, seq, rtp_ts, marker=marker, extensions=block, payload=payload)
    packet = RtpPacket.parse(raw, extension_map())
    assert (packet.sequence_number, packet.timestamp, packet.ssrc) == (seq, rtp_ts, IDS.ssrc)
    assert (packet.marker, packet.payload_type, packet.payload) == (int(marker), 101, payload)
    assert packet.extensions.mid == "0"
    assert packet.extensions.abs_send_time == ntp_from_unix_us(1_700_000_000_500_000) >> 14 & 0xFFFFFF

    repeat = RtpPacket.parse(build_rtx(IDS, raw, rtx_seq), extension_map())
    assert (repeat.sequence_number, repeat.payload_type, repeat.ssrc) == (rtx_seq, 102, IDS.rtx_ssrc)
    restored = unwrap_rtx(repeat, payload_type=101, ssrc=IDS.ssrc)
    assert (restored.sequence_number, restored.timestamp, restored.payload) == (seq, rtp_ts, payload)
    assert repeat.extensions.mid == "0"


def test_playout_delay_is_zero_on_every_packet() -> None:
    block = ExtensionBlock(ExtensionIds(mid=1, playout_delay=6), "0").build(0)
    profile, length = int.from_bytes(block[:2], "big"), int.from_bytes(block[2:4], "big")
    assert length * 4 == len(block) - 4
    assert dict(unpack_header_extensions(profile, block[4:]))[6] == b"\0\0\0"


def test_a_dependency_descriptor_travels_with_its_packet_if_it_was_negotiated() -> None:
    taken = ExtensionBlock(ExtensionIds(mid=1, abs_send_time=3, playout_delay=6, dependency_descriptor=4), "0")
    block = taken.build(0, b"\x80\1\2")
    found = dict(unpack_header_extensions(0xBEDE, block[4:]))
    assert found[4] == b"\x80\1\2"
    assert set(found) == {1, 3, 4, 6}
    untaken = ExtensionBlock(ExtensionIds(mid=1), "0")
    assert untaken.build(0, b"\x80\1\2") == untaken.build(0)


def test_nothing_negotiated_means_no_extension() -> None:
    block = ExtensionBlock(ExtensionIds(), "0").build(5)
    assert block == b""
    raw = build_packet(IDS, 1, 2, marker=False, extensions=block, payload=b"x")
    assert raw[0] == 0x80
    assert len(raw) == 13
    assert build_rtx(IDS, raw, 9)[12:] == b"\0\1x"


def test_the_largest_packet_fits_the_smallest_mtu() -> None:
    block = ExtensionBlock(ExtensionIds(1, 3, 6), "0").build(0)
    raw = build_packet(IDS, 1, 2, marker=False, extensions=block, payload=bytes(PAYLOAD_MAX_BYTES))
    srtp_tag, udp, ipv6 = 16, 8, 40
    assert len(build_rtx(IDS, raw, 1)) + srtp_tag + udp + ipv6 <= 1280


def test_ntp_of_the_unix_epoch() -> None:
    assert ntp_from_unix_us(0) == 2_208_988_800 << 32
    assert ntp_from_unix_us(1_500_000) == (2_208_988_801 << 32) | (1 << 31)
