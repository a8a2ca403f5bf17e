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
    extensions = ExtensionBlock(ExtensionIds(1, 3, 6, 7), "0")
    now_ntp = ntp_from_unix_us(1_700_000_000_500_000)
    raw = build_packet(IDS, seq, rtp_ts, marker=marker, extensions=extensions.block, payload=payload)
    packet = RtpPacket.parse(extensions.stamp(raw, now_ntp, 0xFFFF), extension_map())
    assert (packet.sequence_number, packet.timestamp, packet.ssrc) == (seq, rtp_ts, IDS.ssrc)
    assert (packet.marker, packet.payload_type, packet.payload) == (int(marker), 101, payload)
    assert packet.extensions.mid == "0"
    assert packet.extensions.abs_send_time == ntp_from_unix_us(1_700_000_000_500_000) >> 14 & 0xFFFFFF

    repeat = RtpPacket.parse(extensions.stamp(build_rtx(IDS, raw, rtx_seq), now_ntp, 0), extension_map())
    assert (repeat.sequence_number, repeat.payload_type, repeat.ssrc) == (rtx_seq, 102, IDS.rtx_ssrc)
    restored = unwrap_rtx(repeat, payload_type=101, ssrc=IDS.ssrc)
    assert (restored.sequence_number, restored.timestamp, restored.payload) == (seq, rtp_ts, payload)
    assert (repeat.extensions.mid, repeat.extensions.abs_send_time) == ("0", packet.extensions.abs_send_time)


@given(st.sets(st.sampled_from(["abs_send_time", "transport_seq", "mid", "playout_delay"])), u32, u16)
def test_a_stamp_writes_its_own_values_and_nothing_else(names: set[str], now_ntp: int, seq: int) -> None:
    ids = ExtensionIds(**{name: index + 1 for index, name in enumerate(sorted(names))})
    extensions = ExtensionBlock(ids, "0")
    raw = build_packet(IDS, 1, 2, marker=False, extensions=extensions.block, payload=b"payload")
    stamped = extensions.stamp(raw, now_ntp << 14, seq)
    before, after = elements(raw), elements(stamped)
    assert (raw[:12], raw[-7:]) == (stamped[:12], stamped[-7:])
    assert before.keys() == after.keys() == {getattr(ids, name) for name in names}
    for name in names:
        number = getattr(ids, name)
        if name == "abs_send_time":
            assert int.from_bytes(after[number]) == now_ntp & 0xFFFFFF
        elif name == "transport_seq":
            assert int.from_bytes(after[number]) == seq
        else:
            assert after[number] == before[number]
    assert extensions.is_numbered is ("transport_seq" in names)


def elements(packet: bytes) -> dict[int, bytes]:
    """Return the header extensions of a packet."""
    if not packet[0] & 0x10:
        return {}
    profile, length = int.from_bytes(packet[12:14]), int.from_bytes(packet[14:16])
    return dict(unpack_header_extensions(profile, packet[16 : 16 + 4 * length]))


def test_playout_delay_is_zero_on_every_packet() -> None:
    block = ExtensionBlock(ExtensionIds(mid=1, playout_delay=6), "0").block
    profile, length = int.from_bytes(block[:2], "big"), int.from_bytes(block[2:4], "big")
    assert length * 4 == len(block) - 4
    assert dict(unpack_header_extensions(profile, block[4:]))[6] == b"\0\0\0"


def test_a_dependency_descriptor_travels_with_its_packet_if_it_was_negotiated() -> None:
    taken = ExtensionBlock(ExtensionIds(mid=1, abs_send_time=3, playout_delay=6, dependency_descriptor=4), "0")
    block = taken.described(b"\x80\1\2")
    found = dict(unpack_header_extensions(0xBEDE, block[4:]))
    assert found[4] == b"\x80\1\2"
    assert set(found) == {1, 3, 4, 6}
    untaken = ExtensionBlock(ExtensionIds(mid=1), "0")
    assert untaken.described(b"\x80\1\2") == untaken.block


def test_nothing_negotiated_means_no_extension() -> None:
    block = ExtensionBlock(ExtensionIds(), "0").block
    assert block == b""
    raw = build_packet(IDS, 1, 2, marker=False, extensions=block, payload=b"x")
    assert raw[0] == 0x80
    assert len(raw) == 13
    assert build_rtx(IDS, raw, 9)[12:] == b"\0\1x"


def test_the_largest_packet_fits_the_smallest_mtu() -> None:
    block = ExtensionBlock(ExtensionIds(1, 3, 6, 7), "0").block
    raw = build_packet(IDS, 1, 2, marker=False, extensions=block, payload=bytes(PAYLOAD_MAX_BYTES))
    srtp_tag, udp, ipv6 = 16, 8, 40
    assert len(build_rtx(IDS, raw, 1)) + srtp_tag + udp + ipv6 <= 1280


def test_ntp_of_the_unix_epoch() -> None:
    assert ntp_from_unix_us(0) == 2_208_988_800 << 32
    assert ntp_from_unix_us(1_500_000) == (2_208_988_801 << 32) | (1 << 31)
