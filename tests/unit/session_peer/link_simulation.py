"""A link with a sender on it, small and seeded: rate, drop-tail queue, delay, loss, feedback every 62.5 ms.

Packets, not fluids: what is tested is how frames, chunks and reports fall together. Times in integer µs.
"""

from __future__ import annotations

import heapq
import random
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from render_node.session.core.pacer import Pacer
from render_node.session.core.rtcp import parse_rtcp
from render_node.session.core.send_side import IP_UDP_BYTES, RateLimits, SendSide
from render_node.session.core.sent_packets import PacketKind
from render_node.session.core.transport_feedback import TransportFeedback
from tests.support.transport_feedback import build_transport_feedback

FRAME_US = 16_667
FEEDBACK_US = 62_500
PAYLOAD_BYTES = 1172
HEADERS_BYTES = 44
CLOCK_OFFSET_US = 77_000_000


@dataclass
class Path:
    """What lies between sender and receiver."""

    rate_bps: float
    queue_bytes: int
    owd_us: int = 10_000
    loss: Callable[[random.Random], bool] = lambda _: False
    jitter_us: int = 0


@dataclass
class Packet:
    flow: Any
    size_bytes: int
    seq: int
    kind: PacketKind = PacketKind.VIDEO
    frame_id: int = 0
    part: int = 0
    parts: int = 1
    entered_us: int = 0
    waited_us: int = 0


class Simulation:
    """Event loop and bottleneck."""

    def __init__(self, path: Path, seed: int) -> None:
        self.path = path
        self.random = random.Random(seed)
        self.now_us = 0
        self.carried: list[tuple[int, Packet]] = []
        self.dropped = 0
        self._events: list[tuple[int, int, Callable[..., None], tuple[Any, ...]]] = []
        self._count = 0
        self._queue: deque[Packet] = deque()
        self.queued_bytes = 0
        self._last_delivery_us = 0

    def at(self, when_us: int, call: Callable[..., None], *args: Any) -> None:
        self._count += 1
        heapq.heappush(self._events, (max(when_us, self.now_us), self._count, call, args))

    def run(self, until_us: int) -> None:
        while self._events and self._events[0][0] <= until_us:
            self.now_us, _, call, args = heapq.heappop(self._events)
            call(*args)
        self.now_us = until_us

    def send(self, packet: Packet) -> None:
        if self.queued_bytes + packet.size_bytes > self.path.queue_bytes:
            self.dropped += 1
            return
        packet.entered_us = self.now_us
        self._queue.append(packet)
        self.queued_bytes += packet.size_bytes
        if len(self._queue) == 1:
            self._serve()

    def _serve(self) -> None:
        packet = self._queue[0]
        packet.waited_us = self.now_us - packet.entered_us
        self.at(self.now_us + round(packet.size_bytes * 8e6 / self.path.rate_bps), self._served)

    def _served(self) -> None:
        packet = self._queue.popleft()
        self.queued_bytes -= packet.size_bytes
        self.carried.append((self.now_us, packet))
        if self._queue:
            self._serve()
        if not self.path.loss(self.random):
            jitter_us = round(self.random.random() * self.path.jitter_us)
            self._last_delivery_us = max(self._last_delivery_us, self.now_us + self.path.owd_us + jitter_us)
            self.at(self._last_delivery_us, packet.flow.arrived, packet)


@dataclass
class Encoder:
    """Frame sizes around the target: noise, corrected over the next frames, and a lag of two frames."""

    random: random.Random
    noise: float = 0.15
    rate_bps: float = 0.0
    debt_bytes: float = 0.0

    def encode(self, target_bps: int) -> int:
        self.rate_bps += 0.5 * (target_bps - self.rate_bps) if self.rate_bps else target_bps
        mean_bytes = self.rate_bps * FRAME_US / 8e6
        wanted_bytes = max(0.4 * mean_bytes, mean_bytes - 0.3 * self.debt_bytes)
        size_bytes = wanted_bytes * self.random.lognormvariate(0, self.noise)
        self.debt_bytes += size_bytes - mean_bytes
        return max(100, round(size_bytes))


@dataclass
class Stream:
    """Our sender and its receiver."""

    sim: Simulation
    limits: RateLimits
    reports_frames: bool = False
    repairs: bool = True
    fullness: Callable[[int], float] = lambda _: 1.0
    """Share of the target that the content needs at a time."""
    sent_bytes: int = 0
    skipped: int = 0
    completed_us: list[int] = field(default_factory=list)
    targets: list[tuple[int, int, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.control = SendSide(self.limits)
        self.pacer: Pacer[Packet] = Pacer(self.control.pacing_bps)
        self.encoder = Encoder(self.sim.random)
        self._frame_id = 0
        self._wake_us: int | None = None
        self._sent: dict[int, Packet] = {}
        self._arrivals: dict[int, int] = {}
        self._base = 0
        self._highest = -1
        self._missing: dict[int, set[int]] = {}
        self._reported = 0
        self._feedback_count = 0
        self._outstanding: dict[int, int] = {}
        self._next_complete = 1
        self.sim.at(0, self._frame)
        self.sim.at(29_000, self._report)

    def _frame(self) -> None:
        now_us = self.sim.now_us
        self.sim.at(now_us + FRAME_US + round(self.sim.random.uniform(-500, 500)), self._frame)
        self.control.handle_timeout(now_us)
        self.targets.append((now_us, self.control.target_bps, str(self.control.state.reason)))
        if not self.control.may_send_frame(now_us) or self.pacer.is_late():
            self.skipped += 1
            return
        self._frame_id += 1
        size = round(self.encoder.encode(self.control.target_bps) * self.fullness(now_us))
        if self._frame_id == 1:
            size *= 4
        parts = -(-size // PAYLOAD_BYTES)
        packets = [
            Packet(
                self, size // parts + HEADERS_BYTES + IP_UDP_BYTES, 0, frame_id=self._frame_id, part=part, parts=parts
            )
            for part in range(parts)
        ]
        self.pacer.enqueue(
            [(packet, packet.size_bytes) for packet in packets], PacketKind.VIDEO, now_us, frame_id=self._frame_id
        )
        if (probe := self.control.take_probe(now_us)) is not None:
            padding = [Packet(self, 1250, 0, kind=PacketKind.PADDING) for _ in range(probe.packets)]
            self.pacer.enqueue_probe([(packet, 1250) for packet in padding], probe.rate_bps, now_us)
        self._pump()

    def _pump(self) -> None:
        now_us = self.sim.now_us
        self._wake_us = None
        self.pacer.set_rate(self.control.pacing_bps)
        for paced in self.pacer.due(now_us):
            packet = paced.item
            packet.seq = self.control.next_seq()
            self.control.on_packet_sent(
                packet.seq, packet.size_bytes - IP_UDP_BYTES, paced.kind, now_us, frame_id=paced.frame_id
            )
            self._sent[packet.seq] = packet
            self.sent_bytes += packet.size_bytes
            self.sim.send(packet)
        wake_us = self.pacer.next_wake_us(now_us)
        if wake_us is not None:
            self.sim.at(wake_us, self._pump)

    def arrived(self, packet: Packet) -> None:
        now_us = self.sim.now_us
        self._arrivals[packet.seq] = now_us
        gap = (packet.seq - self._highest) % 65536
        if gap < 32768:
            missing = [(self._highest + step) % 65536 for step in range(1, gap)]
            self._highest = packet.seq
            if missing and self.repairs:
                self.sim.at(now_us + self.sim.path.owd_us, self._nacked, missing)
        if packet.kind in (PacketKind.VIDEO, PacketKind.RTX):
            self._missing.setdefault(packet.frame_id, set(range(packet.parts))).discard(packet.part)
            while self._missing.get(self._next_complete) == set():
                del self._missing[self._next_complete]
                self.completed_us.append(now_us)
                if self.reports_frames:
                    delay_us = 2_000 + round(self.sim.random.random() * 2_500)
                    self.sim.at(now_us + self.sim.path.owd_us + delay_us, self._frame_reported, self._next_complete)
                self._next_complete += 1

    def _nacked(self, seqs: list[int]) -> None:
        lost = [self._sent[seq] for seq in seqs if self._sent[seq].kind in (PacketKind.VIDEO, PacketKind.RTX)]
        repeats = [Packet(self, old.size_bytes, 0, PacketKind.RTX, old.frame_id, old.part, old.parts) for old in lost]
        self.pacer.enqueue([(packet, packet.size_bytes) for packet in repeats], PacketKind.RTX, self.sim.now_us)
        self._pump()

    def _frame_reported(self, frame_id: int) -> None:
        self.control.on_frame_report(frame_id, self.sim.now_us)
        self._pump()

    def _report(self) -> None:
        self.sim.at(self.sim.now_us + FEEDBACK_US, self._report)
        count = (self._highest + 1 - self._base) % 65536
        if not self._arrivals or not count:
            return
        seqs = [(self._base + offset) % 65536 for offset in range(count)]
        arrivals = [self._arrivals.pop(seq, None) for seq in seqs]
        ticks = [None if at is None else (at + CLOCK_OFFSET_US) // 250 * 250 for at in arrivals]
        data = build_transport_feedback(self._base, ticks, feedback_count=self._feedback_count)
        self._feedback_count += 1
        self._base = (self._highest + 1) % 65536
        self.sim.at(self.sim.now_us + self.sim.path.owd_us, self._feedback, data)

    def _feedback(self, data: bytes) -> None:
        (feedback,) = parse_rtcp(data)
        assert isinstance(feedback, TransportFeedback)
        self.control.on_feedback(feedback, self.sim.now_us)
        self._pump()
