"""A TCP Cubic download on the simulated link, as a competitor: RFC 9438 with selective acknowledgement."""

from __future__ import annotations

import math
from dataclasses import dataclass

from tests.unit.session_peer.shared_link import Packet, SharedLink

SEGMENT_BYTES = 1500
BETA, SCALE = 0.7, 0.4


@dataclass
class CubicFlow:
    sim: SharedLink
    stop_us: int | None = None
    window: float = 10.0
    acked_bytes: int = 0

    def __post_init__(self) -> None:
        self._threshold = 1e9
        self._max = 0.0
        self._epoch_us: int | None = None
        self._out: dict[int, int] = {}
        self._next = 0
        self._recover = -1
        self._rtt_us = 100_000
        self._friendly = 0.0
        self._k = 0.0
        self._heard_us = self.sim.now_us
        self._fill()
        self._watch()

    def _watch(self) -> None:
        """Retransmission timeout, in short: everything out is given up."""
        if self.sim.now_us - self._heard_us > 1_000_000:
            self._out.clear()
            self.window = 2.0
            self._heard_us = self.sim.now_us
            self._fill()
        self.sim.at(self.sim.now_us + 250_000, self._watch)

    def _fill(self) -> None:
        if self.stop_us is not None and self.sim.now_us >= self.stop_us:
            return
        while len(self._out) < int(self.window):
            self._out[self._next] = self.sim.now_us
            self.sim.carry(Packet(self, SEGMENT_BYTES, self._next))
            self._next += 1

    def arrived(self, packet: Packet) -> None:
        self.sim.at(self.sim.now_us + self.sim.config.delay_us, self._acked, packet.seq)

    def _acked(self, seq: int) -> None:
        now_us = self.sim.now_us
        self._heard_us = now_us
        sent_us = self._out.pop(seq, None)
        if sent_us is None:
            return
        self.acked_bytes += SEGMENT_BYTES
        self._rtt_us = round(0.875 * self._rtt_us + 0.125 * (now_us - sent_us))
        lost = [other for other in self._out if other < seq - 2]
        for other in lost:
            del self._out[other]
        if lost and lost[-1] > self._recover:
            self._cut()
        elif not lost:
            self._grow()
        self._fill()

    def _cut(self) -> None:
        self._max = self.window if self.window >= self._max else self.window * (1 + BETA) / 2
        self.window = max(2.0, self.window * BETA)
        self._threshold = self.window
        self._friendly = self.window
        self._epoch_us = None
        self._recover = self._next

    def _grow(self) -> None:
        if self.window < self._threshold:
            self.window += 1
            return
        if self._epoch_us is None:
            self._epoch_us = self.sim.now_us
            self._k = math.cbrt(max(0.0, self._max - self.window) / SCALE)
        elapsed = (self.sim.now_us - self._epoch_us + self._rtt_us) / 1e6
        target = SCALE * (elapsed - self._k) ** 3 + self._max
        self._friendly += 3 * (1 - BETA) / (1 + BETA) / self.window
        if target > self.window:
            self.window += min(0.5, (target - self.window) / self.window)
        self.window = max(self.window, self._friendly)
