"""A link, small and seeded: rate, drop-tail queue, delay, loss, and what radio and shapers do to packets.

Packets, not fluids: what is tested is how frames, chunks and reports fall together. Times in integer µs.
"""

from __future__ import annotations

import heapq
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from render_node.session.core.sent_packets import PacketKind

LINE_BPS = 1e9
"""Speed at which a token bucket passes what it has tokens for."""

Loss = Callable[[random.Random], bool]
"""Tells of each packet whether it is lost behind the queue."""


@dataclass
class Path:
    """What lies between sender and receiver; may be changed while it runs."""

    rate_bps: float
    queue_bytes: int
    owd_us: int = 10_000
    loss: Loss = lambda _: False
    jitter_us: int = 0
    burst_bytes: int = 0
    """Size of a token bucket; 0 for a plain link."""
    batch_us: int = 0
    """Packets arrive together at multiples of this, as over a radio that aggregates; 0 for one by one."""


class Flow(Protocol):
    """Who gets a packet at the other end."""

    def arrived(self, packet: Packet) -> None: ...


@dataclass
class Packet:
    """On its way; the flow numbers it."""

    flow: Flow
    size_bytes: int
    seq: int
    kind: PacketKind = PacketKind.VIDEO
    frame_id: int = 0
    part: int = 0
    parts: int = 1
    entered_us: int = 0
    waited_us: int = 0
    """In the queue, before its own transmission."""


class Simulation:
    """Event loop and bottleneck."""

    def __init__(self, path: Path, seed: int) -> None:
        self.path = path
        self.random = random.Random(seed)
        self.now_us = 0
        self.carried: list[tuple[int, Packet]] = []
        """What the link has transmitted, and when."""
        self.dropped = 0
        """Packets that found the queue full."""
        self._events: list[tuple[int, int, Callable[..., object], tuple[Any, ...]]] = []
        self._count = 0
        self._queue: deque[Packet] = deque()
        self._queued_bytes = 0
        self._tokens = float(path.burst_bytes)
        self._tokens_us = 0
        self._last_arrival_us = 0

    def at(self, when_us: int, call: Callable[..., object], *args: Any) -> None:
        """Call later."""
        self._count += 1
        heapq.heappush(self._events, (max(when_us, self.now_us), self._count, call, args))

    def change(self, when_us: int, **values: Any) -> None:
        """Change the path later."""
        for name, value in values.items():
            self.at(when_us, setattr, self.path, name, value)

    def run(self, until_us: int) -> None:
        """Let time pass."""
        while self._events and self._events[0][0] <= until_us:
            self.now_us, _, call, args = heapq.heappop(self._events)
            call(*args)
        self.now_us = until_us

    def send(self, packet: Packet) -> None:
        """Put a packet into the queue, or drop it."""
        if self._queued_bytes + packet.size_bytes > self.path.queue_bytes:
            self.dropped += 1
            return
        packet.entered_us = self.now_us
        self._queue.append(packet)
        self._queued_bytes += packet.size_bytes
        if len(self._queue) == 1:
            self._serve()

    def _serve(self) -> None:
        packet = self._queue[0]
        packet.waited_us = self.now_us - packet.entered_us
        self.at(self.now_us + round(self._transmission_us(packet)), self._served)

    def _transmission_us(self, packet: Packet) -> float:
        path = self.path
        if not path.burst_bytes:
            return packet.size_bytes * 8e6 / path.rate_bps
        earned = (self.now_us - self._tokens_us) * path.rate_bps / 8e6
        self._tokens, self._tokens_us = min(path.burst_bytes, self._tokens + earned), self.now_us
        missing_bytes = max(0.0, packet.size_bytes - self._tokens)
        self._tokens -= packet.size_bytes
        return missing_bytes * 8e6 / path.rate_bps + packet.size_bytes * 8e6 / LINE_BPS

    def _served(self) -> None:
        packet = self._queue.popleft()
        self._queued_bytes -= packet.size_bytes
        self.carried.append((self.now_us, packet))
        if self._queue:
            self._serve()
        if self.path.loss(self.random):
            return
        arrival_us = self.now_us + self.path.owd_us + round(self.random.random() * self.path.jitter_us)
        if self.path.batch_us:
            arrival_us = -(-arrival_us // self.path.batch_us) * self.path.batch_us
        self._last_arrival_us = max(self._last_arrival_us, arrival_us)
        self.at(self._last_arrival_us, packet.flow.arrived, packet)
