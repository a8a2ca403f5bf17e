"""H.264 and VP8 payloads, read back by aiortc's own depacketisers."""

from __future__ import annotations

from aiortc.codecs.h264 import H264PayloadDescriptor
from aiortc.codecs.vpx import VpxPayloadDescriptor
from hypothesis import given
from hypothesis import strategies as st

from render_node.session.core.h264_packets import packetise_h264, split_annex_b
from render_node.session.core.vp8_packets import packetise_vp8

# Bytes without start codes or trailing zeros, as an encoder's emulation prevention guarantees.
nal_units = st.builds(
    lambda kind, body: bytes([0x60 | kind]) + body.replace(b"\0", b"\1") + b"\x80",
    st.sampled_from([1, 5, 6, 7, 8]),
    st.binary(max_size=4000),
)


def annex_b(nals: list[bytes], long_codes: bool = True) -> bytes:
    return b"".join((b"\0\0\0\1" if long_codes else b"\0\0\1") + nal for nal in nals)


@given(st.lists(nal_units, min_size=1, max_size=20), st.integers(50, 1300), st.booleans())
def test_h264_comes_back_whole(nals: list[bytes], max_payload_bytes: int, long_codes: bool) -> None:
    payloads = packetise_h264(annex_b(nals, long_codes), max_payload_bytes)
    assert all(0 < len(payload) <= max_payload_bytes for payload in payloads)
    assert b"".join(H264PayloadDescriptor.parse(payload)[1] for payload in payloads) == annex_b(nals)


@given(nal_units, st.integers(50, 1300))
def test_h264_fragments_are_nearly_equal_and_marked(nal: bytes, max_payload_bytes: int) -> None:
    payloads = packetise_h264(annex_b([nal]), max_payload_bytes)
    if len(payloads) == 1:
        assert payloads == [nal]
        return
    sizes = [len(payload) for payload in payloads]
    assert max(sizes) - min(sizes) <= 1
    starts = [bool(payload[1] & 0x80) for payload in payloads]
    ends = [bool(payload[1] & 0x40) for payload in payloads]
    assert starts == [True] + [False] * (len(payloads) - 1)
    assert ends == [False] * (len(payloads) - 1) + [True]


def test_parameter_sets_travel_with_each_other_and_keep_the_highest_importance() -> None:
    sps, pps, tiny = b"\x67abc", b"\x68d", b"\x06ee"
    (payload,) = packetise_h264(annex_b([tiny, sps, pps]), 1200)
    assert payload[0] == 0x60 | 24


def test_no_start_code_gives_nothing() -> None:
    assert split_annex_b(b"no picture") == []
    assert packetise_h264(b"", 1200) == []


@given(st.binary(min_size=1, max_size=20_000), st.integers(0, 32767), st.integers(20, 1300))
def test_vp8_comes_back_whole(frame: bytes, picture_id: int, max_payload_bytes: int) -> None:
    payloads = packetise_vp8(frame, picture_id, max_payload_bytes)
    parsed = [VpxPayloadDescriptor.parse(payload) for payload in payloads]
    assert b"".join(rest for _, rest in parsed) == frame
    assert {descriptor.picture_id for descriptor, _ in parsed} == {picture_id}
    assert [descriptor.partition_start for descriptor, _ in parsed] == [1] + [0] * (len(parsed) - 1)
    sizes = [len(payload) for payload in payloads]
    assert max(sizes) <= max_payload_bytes
    assert max(sizes) - min(sizes) <= 1
