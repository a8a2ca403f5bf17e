"""H.264 access units as RTP payloads, packetization-mode 1 (RFC 6184)."""

from __future__ import annotations

import struct

NAL_STAP_A = 24
NAL_FU_A = 28
STAP_A_MAX_NALS = 9
"""NAL units in one aggregation packet; parameter sets and small slices, so a few suffice."""

_FU_START = 0x80
_FU_END = 0x40
_LENGTH = struct.Struct("!H")


def split_annex_b(access_unit: bytes) -> list[bytes]:
    """Return the NAL units of an Annex B stream, without start codes and trailing zero bytes."""
    nals = []
    start = access_unit.find(b"\0\0\1")
    while start != -1:
        start += 3
        end = access_unit.find(b"\0\0\1", start)
        nal = access_unit[start:] if end == -1 else access_unit[start:end]
        nal = nal.rstrip(b"\0")
        if nal:
            nals.append(nal)
        start = end
    return nals


def packetise_h264(access_unit: bytes, max_payload_bytes: int) -> list[bytes]:
    """Return the RTP payloads of one access unit, in order; the last one takes the marker.

    Small NAL units travel together (STAP-A), large ones are cut into fragments of nearly equal size (FU-A).
    """
    payloads: list[bytes] = []
    waiting: list[bytes] = []
    waiting_bytes = 1
    for nal in split_annex_b(access_unit):
        needed = _LENGTH.size + len(nal)
        if waiting and (waiting_bytes + needed > max_payload_bytes or len(waiting) == STAP_A_MAX_NALS):
            payloads.append(_aggregate(waiting))
            waiting, waiting_bytes = [], 1
        if len(nal) > max_payload_bytes:
            payloads += _fragment(nal, max_payload_bytes)
        else:
            waiting.append(nal)
            waiting_bytes += needed
    if waiting:
        payloads.append(_aggregate(waiting))
    return payloads


def _aggregate(nals: list[bytes]) -> bytes:
    if len(nals) == 1:
        return nals[0]
    forbidden = 0
    importance = 0
    for nal in nals:
        forbidden |= nal[0] & 0x80
        importance = max(importance, nal[0] & 0x60)
    parts = [bytes([forbidden | importance | NAL_STAP_A])]
    for nal in nals:
        parts += (_LENGTH.pack(len(nal)), nal)
    return b"".join(parts)


def _fragment(nal: bytes, max_payload_bytes: int) -> list[bytes]:
    room = max_payload_bytes - 2
    body_bytes = len(nal) - 1
    count = -(-body_bytes // room)
    size, larger = divmod(body_bytes, count)
    indicator = (nal[0] & 0xE0) | NAL_FU_A
    nal_type = nal[0] & 0x1F
    fragments = []
    offset = 1
    for index in range(count):
        end = offset + size + (1 if index < larger else 0)
        flags = (_FU_START if index == 0 else 0) | (_FU_END if index == count - 1 else 0)
        fragments.append(bytes((indicator, flags | nal_type)) + nal[offset:end])
        offset = end
    return fragments
