"""Parity packets for a video stream: FlexFEC-03 as libwebrtc reads it.

draft-ietf-payload-flexible-fec-scheme-03, one protected stream, flexible masks. The parity travels in a stream of its
own, so that a lost parity packet harms nobody. It covers a packet from its extension block to its end, with those
header extensions taken as zero that may change on the way.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from render_node.session.core.parity_masks import PACKETS_MAX, parity_masks
from render_node.session.core.rtp_packets import SEQ_MODULUS

_RTP_HEADER = struct.Struct("!BBHII")
_FEC_HEADER = struct.Struct("!BBH4sBxxxIH")
"""Flags and count of sources, marker and payload type, length, RTP time; one protected stream: SSRC, first seq."""
_SHORT_MASK_PACKETS = 15
_LONG_MASK_TAIL_BITS = PACKETS_MAX - _SHORT_MASK_PACKETS
_LAST_MASK = 1


@dataclass(frozen=True, slots=True)
class ParityIds:
    """What names a parity stream and the stream that it protects."""

    ssrc: int
    payload_type: int
    media_ssrc: int


class ParityStream:
    """Makes one stream's parity packets.

    Args:
        ids: Of the stream.
        first_seq: First sequence number.
    """

    def __init__(self, ids: ParityIds, first_seq: int) -> None:
        self._ids = ids
        self._seq = first_seq

    def protect(self, packets: Sequence[bytes], parities: int, extensions: bytes) -> list[bytes]:
        """Return the parity packets of one frame.

        Args:
            packets: The frame's RTP packets in order, of consecutive sequence numbers and one RTP time, before they
                are stamped: a receiver takes the values of send time and transport-wide number as zero.
            parities: How many to make; a large frame, which is protected in pieces, may get one more per piece.
            extensions: Extension block of the parity packets, or empty.
        """
        pieces = -(-len(packets) // PACKETS_MAX)
        made: list[bytes] = []
        for piece in range(pieces):
            start = len(packets) * piece // pieces
            part = packets[start : len(packets) * (piece + 1) // pieces]
            made += self._protect(part, -(-parities // pieces), extensions)
        return made

    def _protect(self, packets: Sequence[bytes], parities: int, extensions: bytes) -> list[bytes]:
        first_seq = int.from_bytes(packets[0][2:4], "big")
        rtp_ts = int.from_bytes(packets[0][4:8], "big")
        # Little-endian numbers begin alike, so that a shorter packet counts as padded with zeros at its end.
        numbers = [int.from_bytes(packet, "little") for packet in packets]
        made = []
        for mask in parity_masks(len(packets), parities):
            total = length = longest = 0
            for index, packet in enumerate(packets):
                if mask >> index & 1:
                    total ^= numbers[index]
                    length ^= len(packet) - _RTP_HEADER.size
                    longest = max(longest, len(packet))
            body = total.to_bytes(longest, "little")
            fec = _FEC_HEADER.pack(body[0] & 0x3F, body[1], length, body[4:8], 1, self._ids.media_ssrc, first_seq)
            head = _RTP_HEADER.pack(
                0x90 if extensions else 0x80, self._ids.payload_type, self._seq, rtp_ts, self._ids.ssrc
            )
            self._seq = (self._seq + 1) % SEQ_MODULUS
            made.append(head + extensions + fec + _mask_field(mask, len(packets)) + body[_RTP_HEADER.size :])
        return made


def _mask_field(mask: int, packets: int) -> bytes:
    """Return the mask, first packet in the highest bit, with a 1 before its last part."""
    bits = int(f"{mask:0{PACKETS_MAX}b}"[::-1], 2)
    if packets <= _SHORT_MASK_PACKETS:
        return struct.pack("!H", _LAST_MASK << 15 | bits >> _LONG_MASK_TAIL_BITS)
    tail = bits & ((1 << _LONG_MASK_TAIL_BITS) - 1)
    return struct.pack("!HI", bits >> _LONG_MASK_TAIL_BITS, _LAST_MASK << 31 | tail)
