"""What a receiver that never decodes knows of the RTP that reaches it, and the RTCP with which it answers. Sans-IO.

RTP headers are not encrypted, so that a packet costs a few microseconds. Reports are those of a browser:
transport-wide feedback in Chrome's rhythm, and a receiver report a second with loss, jitter and round trip (RFC 3550
§6.4).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from tests.network.transport_feedback import FeedbackModel
from tests.support.transport_feedback import build_transport_feedback

REPORT_US = 1_000_000
"""Between receiver reports."""

_RTP = struct.Struct("!BBHII")
_BLOCK = struct.Struct("!IIIIII")
_EXTENDED = 0x10
_ONE_BYTE_PROFILE = 0xBEDE
_SENDER_REPORT = 200


@dataclass(slots=True)
class Stream:
    """One SSRC."""

    ssrc: int
    clock_hz: int
    first_seq: int
    highest_seq: int
    """Unwrapped."""
    packets: int = 0
    size_bytes: int = 0
    """UDP payloads together."""
    frames: int = 0
    """Packets with the marker: the last ones of their frames."""
    jitter: float = 0.0
    transit: int = 0
    told_expected: int = 0
    told_packets: int = 0
    sender_report: int = 0
    """Middle 32 bits of the NTP time of the newest one."""
    sender_report_us: int = 0

    @property
    def lost(self) -> int:
        """Packets that never came."""
        return self.highest_seq - self.first_seq + 1 - self.packets

    def block(self, now_us: int) -> bytes:
        """Return this stream's report block."""
        expected = self.highest_seq - self.first_seq + 1
        told, came = expected - self.told_expected, self.packets - self.told_packets
        self.told_expected, self.told_packets = expected, self.packets
        share = max(0, min(255, (told - came) * 256 // told)) if told > 0 else 0
        waited = (now_us - self.sender_report_us) * 65536 // 1_000_000 if self.sender_report else 0
        return _BLOCK.pack(
            self.ssrc,
            share << 24 | self.lost & 0xFFFFFF,
            self.highest_seq & 0xFFFFFFFF,
            int(self.jitter),
            self.sender_report,
            waited,
        )


class Reception:
    """All streams of one connection.

    Args:
        clocks_hz: RTP clock by payload type; others are counted for feedback alone.
        transport_seq_id: Id of the transport-wide number's header extension.
    """

    def __init__(self, clocks_hz: dict[int, int], transport_seq_id: int) -> None:
        self.streams: dict[int, Stream] = {}
        self._clocks_hz = clocks_hz
        self._transport_seq_id = transport_seq_id
        self._feedback = FeedbackModel()
        self._wide_seq: int | None = None
        self._reported_us = 0

    def of_clock(self, clock_hz: int) -> Stream | None:
        """Return the first stream with this clock: 90,000 Hz is video, 48,000 sound."""
        return next((each for each in self.streams.values() if each.clock_hz == clock_hz), None)

    def take_rtp(self, packet: bytes, now_us: int) -> None:
        """Count a packet, encrypted or not; whatever has no whole header is passed over."""
        if len(packet) < _RTP.size:
            return
        first, second, seq, rtp_ts, ssrc = _RTP.unpack_from(packet)
        clock_hz = self._clocks_hz.get(second & 0x7F)
        if clock_hz is not None:
            self._count(ssrc, clock_hz, seq, rtp_ts, now_us, len(packet), is_last=bool(second & 0x80))
        if first & _EXTENDED:
            wide_seq = read_extension(packet, self._transport_seq_id)
            if wide_seq is not None:
                self._wide_seq = unwrap(wide_seq, self._wide_seq)
                self._feedback.on_packet(self._wide_seq, now_us)

    def take_rtcp(self, packet: bytes, now_us: int) -> None:
        """Remember a decrypted sender report, so that the next receiver report answers it."""
        if len(packet) >= 28 and packet[1] == _SENDER_REPORT:
            stream = self.streams.get(int.from_bytes(packet[4:8], "big"))
            if stream is not None:
                stream.sender_report = int.from_bytes(packet[10:14], "big")
                stream.sender_report_us = now_us

    def next_us(self) -> int | None:
        """Return when ``rtcp`` next has something to say; None before any packet came."""
        return self._feedback.next_us

    def rtcp(self, now_us: int) -> bytes | None:
        """Return what is to be sent now, to be protected as one compound packet."""
        sent = b""
        if self.streams and now_us - self._reported_us >= REPORT_US:
            self._reported_us = now_us
            blocks = b"".join(stream.block(now_us) for stream in self.streams.values())
            sent = struct.pack("!BBHI", 0x80 | len(self.streams), 201, 1 + len(blocks) // 4, 1) + blocks
        report = self._feedback.report(now_us)
        if report is not None:
            sent += build_transport_feedback(
                report.arrivals[0][0], [at for _, at in report.arrivals], feedback_count=report.count
            )
        return sent or None

    def _count(
        self, ssrc: int, clock_hz: int, seq: int, rtp_ts: int, now_us: int, size: int, *, is_last: bool
    ) -> None:
        transit = now_us * clock_hz // 1_000_000 - rtp_ts
        stream = self.streams.get(ssrc)
        if stream is None:
            stream = self.streams[ssrc] = Stream(ssrc, clock_hz, seq, seq, transit=transit)
        stream.highest_seq = max(stream.highest_seq, unwrap(seq, stream.highest_seq))
        stream.packets += 1
        stream.size_bytes += size
        stream.frames += is_last
        change = abs((transit - stream.transit + (1 << 31)) % (1 << 32) - (1 << 31))
        stream.jitter += (change - stream.jitter) / 16
        stream.transit = transit


def read_extension(packet: bytes, extension_id: int) -> int | None:
    """Return a one-byte header extension's value as a number (RFC 8285 §4.2); None if it is not there."""
    at = _RTP.size + 4 * (packet[0] & 0x0F)
    if len(packet) < at + 4 or int.from_bytes(packet[at : at + 2], "big") != _ONE_BYTE_PROFILE:
        return None
    end = min(len(packet), at + 4 + 4 * int.from_bytes(packet[at + 2 : at + 4], "big"))
    at += 4
    while at < end:
        found, size = packet[at] >> 4, (packet[at] & 0x0F) + 1
        if found == extension_id:
            return int.from_bytes(packet[at + 1 : at + 1 + size], "big")
        at += 1 + size if packet[at] else 1
    return None


def unwrap(seq: int, before: int | None) -> int:
    """Return a 16-bit number as the one nearest to ``before`` that counts on over its wraps."""
    if before is None:
        return seq
    return before + ((seq - before + 0x8000) & 0xFFFF) - 0x8000
