"""Our sender and its receiver on the simulated link: the real control and pacer, a model of encoder and browser."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from render_node.session.core.pacer import Pacer
from render_node.session.core.rtcp import parse_rtcp
from render_node.session.core.send_side import IP_UDP_BYTES, RateLimits, SendSide
from render_node.session.core.sent_packets import PacketKind
from render_node.session.core.transport_feedback import TransportFeedback
from tests.support.transport_feedback import build_transport_feedback
from tests.unit.session_peer.shared_link import Packet, SharedLink

FRAME_US = 16_667
FEEDBACK_US = 62_500
PAYLOAD_BYTES = 1172
HEADERS_BYTES = 44
PADDING_BYTES = 1250
CLOCK_OFFSET_US = 77_000_000


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

    sim: SharedLink
    limits: RateLimits
    reports_frames: bool = False
    fullness: Callable[[int], float] = lambda _: 1.0
    """Share of the target that the content needs at a time."""
    skipped: int = 0
    """Frames not encoded because too much was under way or waiting."""
    completed_us: list[int] = field(default_factory=list)
    """When each frame was whole at the receiver, with all before it."""
    targets: list[tuple[int, int]] = field(default_factory=list)
    """Time and the encoder's target then."""

    def __post_init__(self) -> None:
        self.control = SendSide(self.limits)
        self.pacer: Pacer[Packet] = Pacer(self.control.pacing_bps)
        self.encoder = Encoder(self.sim.random)
        self._frame_id = 0
        self._sent: dict[int, Packet] = {}
        self._arrivals: dict[int, int] = {}
        self._base = 0
        self._highest = -1
        self._missing: dict[int, set[int]] = {}
        self._feedback_count = 0
        self._next_complete = 1
        self.sim.at(0, self._frame)
        self.sim.at(29_000, self._report)

    def _frame(self) -> None:
        now_us = self.sim.now_us
        self.sim.at(now_us + FRAME_US + round(self.sim.random.uniform(-500, 500)), self._frame)
        self.control.handle_timeout(now_us)
        self.targets.append((now_us, self.control.target_bps))
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
            padding = [Packet(self, PADDING_BYTES, 0, kind=PacketKind.PADDING) for _ in range(probe.packets)]
            self.pacer.enqueue_probe([(packet, PADDING_BYTES) for packet in padding], probe.rate_bps, now_us)
        self._pump()

    def _pump(self) -> None:
        now_us = self.sim.now_us
        self.pacer.set_rate(self.control.pacing_bps)
        for paced in self.pacer.due(now_us):
            packet = paced.item
            packet.seq = self.control.next_seq()
            self.control.on_packet_sent(
                packet.seq, packet.size_bytes - IP_UDP_BYTES, paced.kind, now_us, frame_id=paced.frame_id
            )
            self._sent[packet.seq] = packet
            self.sim.carry(packet)
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
            if missing:
                self.sim.at(now_us + self.sim.config.delay_us, self._nacked, missing)
        if packet.kind in (PacketKind.VIDEO, PacketKind.RTX):
            self._missing.setdefault(packet.frame_id, set(range(packet.parts))).discard(packet.part)
            while self._missing.get(self._next_complete) == set():
                del self._missing[self._next_complete]
                self.completed_us.append(now_us)
                if self.reports_frames:
                    delay_us = self.sim.config.delay_us + 2_000 + round(self.sim.random.random() * 2_500)
                    self.sim.at(now_us + delay_us, self._frame_reported, self._next_complete)
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
        self.sim.at(self.sim.now_us + self.sim.config.delay_us, self._feedback, data)

    def _feedback(self, data: bytes) -> None:
        (feedback,) = parse_rtcp(data)
        assert isinstance(feedback, TransportFeedback)
        self.control.on_feedback(feedback, self.sim.now_us)
        self._pump()
