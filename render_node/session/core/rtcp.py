"""RTCP: reads what a browser sends (RFC 3550, 3611, 4585, 5104, transport-wide feedback), builds what it needs of us.

Everything read here was authenticated by SRTCP, but the peer may still be hostile: lengths are checked, numbers of
items bounded, and nothing raises.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TypeAlias

from render_node.session.core.transport_feedback import (
    TRANSPORT_CC_FORMAT,
    TransportFeedback,
    parse_transport_feedback,
)

NACK_MAX_SEQS = 1000
"""Sequence numbers taken from one compound packet: the longest list that Chrome keeps."""

PACKETS_MAX = 32
"""RTCP packets read from one datagram."""

_SENDER_REPORT, _RECEIVER_REPORT, _SDES = 200, 201, 202
_TRANSPORT_FEEDBACK, _PAYLOAD_FEEDBACK, _EXTENDED_REPORT = 205, 206, 207
_NACK_FORMAT = 1
_PLI_FORMAT, _FIR_FORMAT = 1, 4
_XR_REFERENCE_TIME, _XR_DLRR = 4, 5

_HEAD = struct.Struct("!BBH")
_U32 = struct.Struct("!I")
_REPORT_BLOCK = struct.Struct("!IIIIII")
_NACK_ITEM = struct.Struct("!HH")


@dataclass(frozen=True, slots=True)
class KeyframeRequest:
    """PLI or FIR."""

    ssrc: int


@dataclass(frozen=True, slots=True)
class Nack:
    """Packets that the receiver misses."""

    ssrc: int
    seqs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ReceptionReport:
    """What the receiver saw of one of our streams."""

    ssrc: int
    fraction_lost: float
    """Share of packets lost since the last report, 0..1."""
    packets_lost: int
    """Lost since the beginning; negative with duplicates."""
    jitter: int
    """In units of the stream's RTP clock."""
    last_sr: int
    """Middle 32 bits of the NTP time of our report that it answers; 0 if none."""
    delay_since_sr: int
    """1/65536 s between its arrival and this report."""


@dataclass(frozen=True, slots=True)
class ReferenceTime:
    """A receiver asks for a DLRR block so that it can tell the round trip (XR RRTR)."""

    sender_ssrc: int
    ntp_middle: int
    """Middle 32 bits of its NTP time."""


@dataclass(frozen=True, slots=True)
class MalformedFeedback:
    """Transport-wide feedback that contradicts itself; passed on so that it can be counted."""


Feedback: TypeAlias = KeyframeRequest | Nack | ReceptionReport | ReferenceTime | TransportFeedback | MalformedFeedback


def parse_rtcp(data: bytes) -> list[Feedback]:
    """Read a compound packet; whatever is malformed or unknown is passed over."""
    found: list[Feedback] = []
    for kind, count, body in _packets(data):
        if kind == _SENDER_REPORT:
            found += _report_blocks(body[24:], count)
        elif kind == _RECEIVER_REPORT:
            found += _report_blocks(body[4:], count)
        elif kind == _TRANSPORT_FEEDBACK:
            found += _transport_feedback(count, body)
        elif kind == _PAYLOAD_FEEDBACK:
            found += _keyframe_requests(count, body)
        elif kind == _EXTENDED_REPORT and len(body) >= 4:
            found += _reference_times(body)
    return found


def _u32(data: bytes, offset: int) -> int:
    return int.from_bytes(data[offset : offset + 4], "big")


def _packets(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yield type, count or format, and body of each packet up to the first one that does not fit."""
    offset = 0
    for _ in range(PACKETS_MAX):
        if offset + 4 > len(data):
            return
        first, kind, words = _HEAD.unpack_from(data, offset)
        end = offset + 4 + words * 4
        if first >> 6 != 2 or end > len(data):
            return
        body = data[offset + 4 : end]
        if first & 0x20:
            padding = body[-1] if body else 0
            if not 0 < padding <= len(body):
                return
            body = body[:-padding]
        yield kind, first & 0x1F, body
        offset = end


def _report_blocks(blocks: bytes, count: int) -> Iterator[ReceptionReport]:
    for index in range(min(count, len(blocks) // _REPORT_BLOCK.size)):
        ssrc, lost, _, jitter, last_sr, delay = _REPORT_BLOCK.unpack_from(blocks, index * _REPORT_BLOCK.size)
        total = lost & 0xFFFFFF
        signed = total - (1 << 24) if total & 0x800000 else total
        yield ReceptionReport(ssrc, (lost >> 24) / 256, signed, jitter, last_sr, delay)


def _transport_feedback(form: int, body: bytes) -> Iterator[Nack | TransportFeedback | MalformedFeedback]:
    if form == _NACK_FORMAT and len(body) >= 8:
        yield _nack(body)
    elif form == TRANSPORT_CC_FORMAT:
        yield parse_transport_feedback(body) or MalformedFeedback()


def _keyframe_requests(form: int, body: bytes) -> Iterator[KeyframeRequest]:
    if form == _PLI_FORMAT and len(body) >= 8:
        yield KeyframeRequest(_u32(body, 4))
    elif form == _FIR_FORMAT:
        yield from (KeyframeRequest(_u32(body, at)) for at in range(8, len(body) - 7, 8))


def _nack(body: bytes) -> Nack:
    seqs: list[int] = []
    for offset in range(8, len(body) - 3, _NACK_ITEM.size):
        base, bits = _NACK_ITEM.unpack_from(body, offset)
        seqs.append(base)
        seqs += ((base + 1 + bit) & 0xFFFF for bit in range(16) if bits >> bit & 1)
        if len(seqs) >= NACK_MAX_SEQS:
            break
    return Nack(_u32(body, 4), tuple(seqs[:NACK_MAX_SEQS]))


def _reference_times(body: bytes) -> Iterator[ReferenceTime]:
    offset = 4
    while offset + 4 <= len(body):
        kind, _, words = _HEAD.unpack_from(body, offset)
        end = offset + 4 + words * 4
        if kind == _XR_REFERENCE_TIME and words == 2 and end <= len(body):
            yield ReferenceTime(_u32(body, 0), int.from_bytes(body[offset + 6 : offset + 10], "big"))
        offset = end


def build_sender_report(ssrc: int, cname: str, *, ntp: int, rtp_ts: int, packets: int, payload_bytes: int) -> bytes:
    """Return SR and SDES as one compound packet.

    Args:
        ssrc: The stream.
        cname: Canonical name; streams that share it are synchronised by the receiver.
        ntp: 64-bit NTP time of the report.
        rtp_ts: The stream's RTP time at that same moment.
        packets: Packets sent so far.
        payload_bytes: Their payload bytes.
    """
    report = _HEAD.pack(0x80, _SENDER_REPORT, 6) + struct.pack(
        "!IQIII", ssrc, ntp, rtp_ts & 0xFFFFFFFF, packets & 0xFFFFFFFF, payload_bytes & 0xFFFFFFFF
    )
    name = cname.encode()
    chunk = _U32.pack(ssrc) + bytes((1, len(name))) + name
    chunk += bytes(4 - len(chunk) % 4)
    return report + _HEAD.pack(0x81, _SDES, len(chunk) // 4) + chunk


def build_dlrr(ssrc: int, asked: ReferenceTime, delay_65536: int) -> bytes:
    """Return the XR packet that answers a ``ReferenceTime``.

    Args:
        ssrc: Any of our streams.
        asked: The question.
        delay_65536: 1/65536 s since it arrived.
    """
    block = struct.pack("!BBHIII", _XR_DLRR, 0, 3, asked.sender_ssrc, asked.ntp_middle, delay_65536)
    return _HEAD.pack(0x80, _EXTENDED_REPORT, 5) + _U32.pack(ssrc) + block


def round_trip_us(report: ReceptionReport, now_ntp: int) -> int | None:
    """Return the round trip that a report shows, or None if it answers no report of ours or makes no sense.

    Args:
        report: As received.
        now_ntp: 64-bit NTP time of its arrival, from the clock of our sender reports.
    """
    if report.last_sr == 0:
        return None
    units = (((now_ntp >> 16) & 0xFFFFFFFF) - report.last_sr - report.delay_since_sr) & 0xFFFFFFFF
    if units >= 10 << 16:
        return None
    return units * 1_000_000 >> 16
