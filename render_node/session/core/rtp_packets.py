"""RTP headers, one-byte header extensions (RFC 8285) and retransmission packets (RFC 4588)."""

from __future__ import annotations

import struct
from dataclasses import dataclass

PAYLOAD_MAX_BYTES = 1136
"""Payload of one packet: with RTP header, every extension, SRTP tag, UDP and IPv6 the packet, its repeat and the
parity over it all stay within 1280 bytes."""

SEQ_MODULUS = 1 << 16

PLAYOUT_DELAY_URI = "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay"
MID_URI = "urn:ietf:params:rtp-hdrext:sdes:mid"
TRANSPORT_SEQ_URI = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
ABS_SEND_TIME_URI = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"

_HEADER = struct.Struct("!BBHII")
_RTX_SEQ = struct.Struct("!H")
_TRANSPORT_SEQ = struct.Struct("!H")
_ONE_BYTE_PROFILE = b"\xbe\xde"
_FIRST_VALUE = _HEADER.size + 4 + 1
"""Place of the first element's value in a packet."""
_SEND_TIME_BYTES = 3
_NO_PLAYOUT_DELAY = b"\0\0\0"
"""Minimum and maximum 0, 12 bits each: show every frame as soon as it is decoded."""


@dataclass(frozen=True, slots=True)
class ExtensionIds:
    """Ids of the header extensions that the other side took; None if it did not."""

    mid: int | None = None
    abs_send_time: int | None = None
    playout_delay: int | None = None
    transport_seq: int | None = None
    dependency_descriptor: int | None = None


class ExtensionBlock:
    """The extension block of a stream's packets.

    What is known only when a packet leaves comes first and is zero until then, so that it has its place, and parity
    over packets before they left is parity over what receivers take as zero.

    Args:
        ids: Negotiated ids.
        mid: The media section's identification tag.
    """

    def __init__(self, ids: ExtensionIds, mid: str) -> None:
        elements = b""
        if ids.abs_send_time is not None:
            elements += _element(ids.abs_send_time, bytes(_SEND_TIME_BYTES))
        if ids.transport_seq is not None:
            elements += _element(ids.transport_seq, bytes(_TRANSPORT_SEQ.size))
        self._send_time_at = _FIRST_VALUE if ids.abs_send_time is not None else None
        self._seq_at = _FIRST_VALUE if self._send_time_at is None else _FIRST_VALUE + _SEND_TIME_BYTES + 1
        self.is_numbered = ids.transport_seq is not None
        """Whether packets carry a transport-wide number."""
        if ids.mid is not None:
            elements += _element(ids.mid, mid.encode())
        if ids.playout_delay is not None:
            elements += _element(ids.playout_delay, _NO_PLAYOUT_DELAY)
        self._elements = elements
        self._descriptor = ids.dependency_descriptor
        self.block = _block(elements)
        """Zero where ``stamp`` writes; empty if no extension was negotiated."""

    def described(self, descriptor: bytes) -> bytes:
        """Return the block with a packet's dependency descriptor, if that was negotiated."""
        if self._descriptor is None:
            return self.block
        return _block(self._elements + _element(self._descriptor, descriptor))

    def stamp(self, packet: bytes, now_ntp: int, transport_seq: int) -> bytes:
        """Return a packet that has this block as it leaves.

        Args:
            packet: Of ``build_packet`` or ``build_rtx``.
            now_ntp: 64-bit NTP time.
            transport_seq: Its transport-wide number; without the extension it is left out.
        """
        if self._send_time_at is None and not self.is_numbered:
            return packet
        stamped = bytearray(packet)
        if self._send_time_at is not None:
            send_time = ((now_ntp >> 14) & 0xFFFFFF).to_bytes(_SEND_TIME_BYTES, "big")
            stamped[self._send_time_at : self._send_time_at + _SEND_TIME_BYTES] = send_time
        if self.is_numbered:
            _TRANSPORT_SEQ.pack_into(stamped, self._seq_at, transport_seq)
        return bytes(stamped)


def _element(extension_id: int, value: bytes) -> bytes:
    return bytes(((extension_id << 4) | (len(value) - 1),)) + value


def _block(elements: bytes) -> bytes:
    if not elements:
        return b""
    padded = elements + bytes(-len(elements) % 4)
    return _ONE_BYTE_PROFILE + (len(padded) // 4).to_bytes(2, "big") + padded


@dataclass(frozen=True, slots=True)
class StreamIds:
    """What names a stream in its packets."""

    ssrc: int
    payload_type: int
    rtx_ssrc: int | None = None
    rtx_payload_type: int | None = None


def build_packet(ids: StreamIds, seq: int, rtp_ts: int, *, marker: bool, extensions: bytes, payload: bytes) -> bytes:
    """Return one RTP packet; ``extensions`` is a whole block or empty."""
    first = 0x90 if extensions else 0x80
    head = _HEADER.pack(first, (marker << 7) | ids.payload_type, seq, rtp_ts, ids.ssrc)
    return head + extensions + payload


def build_rtx(ids: StreamIds, packet: bytes, rtx_seq: int) -> bytes:
    """Return the retransmission of ``packet`` in the RTX stream, header extensions kept.

    Args:
        ids: The stream, with its RTX stream.
        packet: A packet of ``build_packet``.
        rtx_seq: Next sequence number of the RTX stream.
    """
    assert ids.rtx_ssrc is not None
    assert ids.rtx_payload_type is not None
    first, second, seq, rtp_ts, _ = _HEADER.unpack_from(packet)
    body = _HEADER.size
    if first & 0x10:
        body += 4 + 4 * int.from_bytes(packet[body + 2 : body + 4], "big")
    head = _HEADER.pack(first, (second & 0x80) | ids.rtx_payload_type, rtx_seq, rtp_ts, ids.rtx_ssrc)
    return head + packet[_HEADER.size : body] + _RTX_SEQ.pack(seq) + packet[body:]
