"""The rate at which packets arrive, which no report can raise above the rate at which they were sent."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from render_node.session.core.sent_packets import SentPacket

WINDOW_US = 250_000
"""Time over which the rate is taken: fifteen frames."""

SPAN_MIN_US = 40_000
"""Shortest time that tells a rate."""


class DeliveredRate:
    """Rate of one path, from packets that arrived."""

    def __init__(self) -> None:
        self._packets: deque[tuple[int, int, int]] = deque()
        self._bytes = 0

    @property
    def bps(self) -> float | None:
        """Bits per second over the last window by the slower of both clocks; None before there is one."""
        if len(self._packets) < 2:
            return None
        (first_sent_us, first_us, first_bytes), (last_sent_us, last_us, _) = self._packets[0], self._packets[-1]
        span_us = max(last_us - first_us, last_sent_us - first_sent_us)
        return (self._bytes - first_bytes) * 8e6 / span_us if span_us >= SPAN_MIN_US else None

    def add(self, arrived: Sequence[SentPacket]) -> None:
        """Take the packets of one report, in the order of sending."""
        for packet in arrived:
            assert packet.arrival_us is not None
            self._packets.append((packet.sent_us, packet.arrival_us, packet.size_bytes))
            self._bytes += packet.size_bytes
        if self._packets:
            oldest_us = self._packets[-1][0] - WINDOW_US
            while self._packets[0][0] < oldest_us:
                self._bytes -= self._packets.popleft()[2]
