"""What was sent to a peer, by transport-wide sequence number, until feedback says what became of it.

Feedback is believed only about packets that were really sent, once each, and within the age of the history: a peer
that acknowledges more, twice or backwards in time changes nothing. A packet ends as arrived or lost, or unreported if
the report about it was lost itself or never came. Every packet is looked at a bounded number of times.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from enum import IntEnum

from render_node.session.core.transport_feedback import REFERENCE_MODULUS, REFERENCE_US, TransportFeedback

SEQ_MODULUS = 1 << 16

HISTORY_US = 2_000_000
"""Age at which a packet is forgotten: reports come every 250 ms at the slowest."""

HISTORY_MAX_PACKETS = 16_384
"""Packets remembered: 2 s at 80 Mbit/s, and a quarter of the sequence space so that numbers stay unambiguous."""


class PacketKind(IntEnum):
    """What a packet carries, best first: also the order in which they leave."""

    AUDIO = 0
    RTX = 1
    VIDEO = 2
    FEC = 3
    PADDING = 4


@dataclass(slots=True)
class SentPacket:
    """A packet on its way, and what feedback said of it."""

    seq: int
    """Unwrapped transport-wide sequence number."""
    sent_us: int
    size_bytes: int
    kind: PacketKind
    frame_id: int | None
    """The frame whose burst it left with, if any."""
    arrival_us: int | None = None
    """On the receiver's clock, whose zero is unknown."""
    is_lost: bool = False
    in_flight: bool = True


@dataclass(frozen=True, slots=True)
class PacketResults:
    """What one report brought, each list in the order of sending."""

    arrived: list[SentPacket] = field(default_factory=list)
    lost: list[SentPacket] = field(default_factory=list)
    late: list[SentPacket] = field(default_factory=list)
    """Arrived after all, after a report had called them lost."""
    landed: list[SentPacket] = field(default_factory=list)
    """Those that arrived and counted as in flight until now: no frame report had told of them."""


class SentPackets:
    """History of one transport."""

    def __init__(self) -> None:
        self.in_flight_bytes = 0
        self.unknown = 0
        """Packets acknowledged that were not sent, are forgotten, or were acknowledged before."""
        self.newest_seq = -1
        """Unwrapped."""
        self._history: dict[int, SentPacket] = {}
        self._waiting: deque[SentPacket] = deque()
        self._flying: deque[SentPacket] = deque()
        self._reference_time: int | None = None

    @property
    def oldest_waiting_us(self) -> int | None:
        """When the oldest packet was sent whose fate is open, None if there is none."""
        return self._waiting[0].sent_us if self._waiting else None

    def next_seq(self) -> int:
        """Return the 16-bit number that the next packet must carry."""
        return (self.newest_seq + 1) % SEQ_MODULUS

    def add(
        self, transport_seq: int, size_bytes: int, kind: PacketKind, now_us: int, frame_id: int | None
    ) -> SentPacket:
        """Remember a packet that leaves now.

        Args:
            transport_seq: 16 bits; one more than the last one's, save for packets that the socket refused.
            size_bytes: As the network counts it, IP header included.
            kind: What it carries.
            now_us: When.
            frame_id: Of the frame that it is a part of or repairs in the same burst.
        """
        seq = self.newest_seq + 1 + (transport_seq - self.newest_seq - 1) % SEQ_MODULUS
        packet = SentPacket(seq, now_us, size_bytes, kind, frame_id)
        self.newest_seq = seq
        self._history[seq] = packet
        self._waiting.append(packet)
        self._flying.append(packet)
        self.in_flight_bytes += size_bytes
        self.forget(now_us)
        return packet

    def forget(self, now_us: int) -> None:
        """Drop what is too old or too much; what was still open counts as unreported."""
        oldest_us = now_us - HISTORY_US
        while self._history:
            first = next(iter(self._history.values()))
            if first.sent_us >= oldest_us and len(self._history) <= HISTORY_MAX_PACKETS:
                return
            del self._history[first.seq]
            if self._waiting and self._waiting[0] is first:
                self._waiting.popleft()
            self.land_until(first.seq)

    def land(self, packet: SentPacket) -> None:
        """A packet no longer counts as in flight."""
        if packet.in_flight:
            packet.in_flight = False
            self.in_flight_bytes -= packet.size_bytes

    def land_until(self, seq: int) -> list[SentPacket]:
        """All packets up to this one have left the network; return those that were still in flight."""
        landed: list[SentPacket] = []
        while self._flying and self._flying[0].seq <= seq:
            packet = self._flying.popleft()
            if packet.in_flight:
                self.land(packet)
                landed.append(packet)
        return landed

    def take(self, feedback: TransportFeedback) -> PacketResults:
        """Return what a report tells anew about packets that were sent."""
        results = PacketResults()
        if self.newest_seq < 0:
            self.unknown += len(feedback.arrivals)
            return results
        base = self.newest_seq - (self.newest_seq - feedback.base_seq) % SEQ_MODULUS
        reference_us = self._unwrap(feedback.reference_time) * REFERENCE_US
        for offset, arrival_us in feedback.arrivals:
            packet = self._history.get(base + offset)
            if packet is None or packet.arrival_us is not None:
                self.unknown += 1
                continue
            packet.arrival_us = reference_us + arrival_us
            if packet.in_flight:
                self.land(packet)
                results.landed.append(packet)
            (results.late if packet.is_lost else results.arrived).append(packet)
        self._settle(base, min(base + feedback.status_count, self.newest_seq + 1), results.lost)
        return results

    def _settle(self, base: int, end: int, lost: list[SentPacket]) -> None:
        """Close what was sent before ``end``: reported as missing, or passed over by a report that was lost."""
        while self._waiting and self._waiting[0].seq < end:
            packet = self._waiting.popleft()
            if packet.arrival_us is None:
                self.land(packet)
                if packet.seq >= base:
                    packet.is_lost = True
                    lost.append(packet)

    def _unwrap(self, reference_time: int) -> int:
        if self._reference_time is None:
            self._reference_time = reference_time
            return reference_time
        half = REFERENCE_MODULUS // 2
        unwrapped = self._reference_time + (reference_time - self._reference_time + half) % REFERENCE_MODULUS - half
        self._reference_time = max(self._reference_time, unwrapped)
        return unwrapped
