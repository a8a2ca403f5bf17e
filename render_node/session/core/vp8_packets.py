"""VP8 frames as RTP payloads with a 15-bit PictureID (RFC 7741)."""

from __future__ import annotations

PICTURE_ID_MODULUS = 1 << 15
DESCRIPTOR_BYTES = 4

_EXTENDED = 0x80
_START_OF_PARTITION = 0x10
_HAS_PICTURE_ID = 0x80


def packetise_vp8(frame: bytes, picture_id: int, max_payload_bytes: int) -> list[bytes]:
    """Return the RTP payloads of one frame, in order; the last one takes the marker.

    Args:
        frame: One encoded frame.
        picture_id: Counts frames, modulo ``PICTURE_ID_MODULUS``.
        max_payload_bytes: Largest payload, descriptor included.
    """
    tail = bytes((_HAS_PICTURE_ID, 0x80 | (picture_id >> 8), picture_id & 0xFF))
    first = bytes((_EXTENDED | _START_OF_PARTITION,)) + tail
    later = bytes((_EXTENDED,)) + tail
    count = -(-len(frame) // (max_payload_bytes - DESCRIPTOR_BYTES))
    payloads = []
    offset = 0
    for index in range(count):
        end = offset + len(frame) // count + (1 if index < len(frame) % count else 0)
        payloads.append((later if index else first) + frame[offset:end])
        offset = end
    return payloads
