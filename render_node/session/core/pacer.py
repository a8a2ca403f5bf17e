"""When packets leave: one queue per peer, bounded in time, best first.

Sound leaves at once, then repeats, then video with its repair, then padding. (RTCP needs no queue: the shell sends it
directly.) A frame is spread in chunks of a few packets at the pacing rate, which lets a mean frame take half its
interval at most; where the link is known to be fast, that rate is so high that a frame leaves in one turn. Nothing
waits long: a frame that does not fit behind what waits is better skipped before it is encoded (``is_late``), and what
grew too old is thrown away.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from render_node.session.core.sent_packets import PacketKind

CHUNK_US = 2_000
"""Credit that may gather: what the rate carries in this time leaves in one turn."""

CHUNK_MIN_BYTES = 2_400
"""Two packets: fewer at a time would cost a timer each, and two in a row measure the link (``capacity_estimate``)."""

LATENESS_US = 5_000
"""Time by which a timer may be late without slowing the pace."""

LATE_US = 20_000
"""With this much time's worth of packets waiting, the next frame is better skipped."""

KEEP_US = 500_000
"""A packet that waited this long is dropped: its frame will be repaired or replaced."""

QUEUE_MAX_PACKETS = 4_096
"""Bound of each class, whatever is put in."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Paced(Generic[T]):
    """A packet in the queue."""

    item: T
    size_bytes: int
    kind: PacketKind
    queued_us: int
    frame_id: int | None


class Pacer(Generic[T]):
    """Queue of one peer; ``T`` is whatever the owner sends."""

    def __init__(self, rate_bps: float) -> None:
        self.dropped = 0
        """Packets thrown away for their age or because a class was full."""
        self._rate_bps = rate_bps
        self._queues: dict[PacketKind, deque[Paced[T]]] = {kind: deque() for kind in PacketKind}
        self._waiting_bytes = 0
        self._credit_bytes = 0.0
        self._credited_us: int | None = None
        self._probe_bps = 0.0
        self._is_behind = False

    @property
    def waiting_bytes(self) -> int:
        """Bytes in the queue."""
        return self._waiting_bytes

    def set_rate(self, rate_bps: float) -> None:
        """Change the pace from now on."""
        self._rate_bps = max(rate_bps, 1.0)

    def is_late(self) -> bool:
        """Tell whether what waits needs so long that the next frame is better skipped."""
        return self._waiting_bytes * 8e6 > self._rate_bps * LATE_US

    def enqueue(
        self, items: Sequence[tuple[T, int]], kind: PacketKind, now_us: int, *, frame_id: int | None = None
    ) -> None:
        """Put packets at the end of their class.

        Args:
            items: Packets with their sizes in bytes.
            kind: Their class.
            now_us: When.
            frame_id: Their frame.
        """
        queue = self._queues[kind]
        for item, size_bytes in items:
            if len(queue) >= QUEUE_MAX_PACKETS:
                self.dropped += 1
                continue
            queue.append(Paced(item, size_bytes, kind, now_us, frame_id))
            self._waiting_bytes += size_bytes

    def enqueue_probe(self, items: Sequence[tuple[T, int]], rate_bps: float, now_us: int) -> None:
        """Put padding at the end, which leaves at a rate of its own once nothing else waits."""
        self.enqueue(items, PacketKind.PADDING, now_us)
        self._probe_bps = rate_bps

    def due(self, now_us: int) -> list[Paced[T]]:
        """Take the packets that leave now, in order."""
        self._earn(now_us)
        leaving = self._take(now_us)
        self._is_behind = self._waiting_bytes > 0
        return leaving

    def _take(self, now_us: int) -> list[Paced[T]]:
        leaving: list[Paced[T]] = []
        for kind, queue in self._queues.items():
            while queue:
                if kind is not PacketKind.AUDIO and self._credit_bytes <= 0:
                    return leaving
                packet = queue.popleft()
                self._waiting_bytes -= packet.size_bytes
                if now_us - packet.queued_us > KEEP_US:
                    self.dropped += 1
                    continue
                self._credit_bytes -= packet.size_bytes
                leaving.append(packet)
        return leaving

    def next_wake_us(self, now_us: int) -> int | None:
        """Return when ``due`` has packets again; None while the queue is empty."""
        if not self._waiting_bytes:
            return None
        if self._queues[PacketKind.AUDIO]:
            return now_us
        missing_bytes = self._chunk_bytes() - self._credit_bytes
        return now_us + max(0, round(missing_bytes * 8e6 / self._pace_bps))

    @property
    def _pace_bps(self) -> float:
        padding = self._queues[PacketKind.PADDING]
        only_padding = bool(padding) and not any(
            queue for kind, queue in self._queues.items() if kind is not PacketKind.PADDING
        )
        return max(self._rate_bps, self._probe_bps) if only_padding else self._rate_bps

    def _chunk_bytes(self) -> float:
        return max(CHUNK_MIN_BYTES, self._rate_bps * CHUNK_US / 8e6)

    def _earn(self, now_us: int) -> None:
        if self._credited_us is None:
            self._credited_us = now_us
            self._credit_bytes = self._chunk_bytes()
        pace_bps = self._pace_bps
        elapsed_us = max(0, now_us - self._credited_us)
        self._credited_us = max(now_us, self._credited_us)
        late_bytes = pace_bps * LATENESS_US / 8e6 if self._is_behind else 0
        self._credit_bytes = min(self._chunk_bytes() + late_bytes, self._credit_bytes + elapsed_us * pace_bps / 8e6)
