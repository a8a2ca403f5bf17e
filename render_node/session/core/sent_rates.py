"""How fast each kind of packet has been sent lately, and how much of video packets is headers."""

from __future__ import annotations

from collections import deque

from render_node.session.core.sent_packets import PacketKind, SentPacket

WINDOW_US = 500_000

HEADERS_BYTES = 72
"""Of a video packet: IPv4 and UDP 28, RTP 12, header extensions 16, SRTP 16."""

HEADERS_SHARE = 0.08
"""Assumed before anything was sent."""

HEADERS_SHARE_MAX = 0.12
"""Most that is set aside: where frames are tiny for want of movement, the next ones will not be."""


class SentRates:
    """Bytes sent over the last half second."""

    def __init__(self) -> None:
        self._packets: deque[SentPacket] = deque()
        self._bytes = dict.fromkeys(PacketKind, 0)
        self._video_packets = 0

    @property
    def payload_share(self) -> float:
        """Part of the video packets' bytes that came from the encoder."""
        video_bytes = self._bytes[PacketKind.VIDEO]
        headers_share = HEADERS_BYTES * self._video_packets / video_bytes if video_bytes else HEADERS_SHARE
        return 1 - min(headers_share, HEADERS_SHARE_MAX)

    def bps(self, *kinds: PacketKind) -> float:
        """Return the rate of some kinds together, in bits per second."""
        return sum(self._bytes[kind] for kind in kinds) * 8e6 / WINDOW_US

    def add(self, packet: SentPacket) -> None:
        """A packet left."""
        self._count(packet, 1)
        self._packets.append(packet)
        while self._packets[0].sent_us < packet.sent_us - WINDOW_US:
            self._count(self._packets.popleft(), -1)

    def _count(self, packet: SentPacket, sign: int) -> None:
        self._bytes[packet.kind] += sign * packet.size_bytes
        if packet.kind is PacketKind.VIDEO:
            self._video_packets += sign
