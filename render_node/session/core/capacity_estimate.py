"""How fast the bottleneck is, from how a frame's packets are spread when they arrive.

A frame leaves as a train of packets faster than the mean rate. If the link is slower than the train, the packets
arrive at the link's rate, whatever queue they found; if they arrive as they left, the link is at least as fast as the
train was. So every frame measures the capacity without filling a queue (packet trains: Dovrolis et al., INFOCOM 2001;
per frame for cloud gaming: Pudica, NSDI 2024).

Only packets with consecutive transport-wide numbers are compared: across a loss nobody knows what passed the link.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from render_node.session.core.sent_packets import PacketKind, SentPacket
from render_node.session.core.transport_feedback import DELTA_US

TRAIN_GAP_US = 2_500
"""Packets that follow each other closer than this are one train even if they belong to no frame."""

SPREAD_FACTOR = 1.15
SPREAD_FLOOR_US = 400
"""A train arrived spread if it took this much longer than it took to send: 15% and the clock's resolution."""

DOWN_LINKS, UP_LINKS = 8, 12
"""Gaps between packets that must agree before a slower, a faster link is believed: two and three or four frames."""

FIRST_LINKS = 4
"""Enough while nothing is known, or nothing that is still true: one probe."""

STALE_US = 1_500_000
"""Age at which a measured capacity is not relied on."""

STEP = 0.2
"""A difference beyond this is a change of the link rather than noise."""

SLOW_US = 700_000
"""Time over which trains are averaged while the link does not change."""


@dataclass(frozen=True, slots=True)
class Capacity:
    """What is known of the bottleneck."""

    bps: float
    at_least: bool
    """Trains arrived as they left: the link is this fast or faster."""
    measured_us: int
    """When the newest train that counted was sent."""


@dataclass(slots=True)
class _Train:
    sent_us: int
    links: int = 0
    size_bytes: int = 0
    sent_span_us: int = 0
    arrival_span_us: int = 0


class CapacityEstimate:
    """Capacity of one path."""

    def __init__(self) -> None:
        self.capacity: Capacity | None = None
        self._last: SentPacket | None = None
        self._trains: deque[_Train] = deque()

    def add(self, arrived: Sequence[SentPacket]) -> None:
        """Take the packets of one report, in the order of sending."""
        train: _Train | None = None
        for packet in arrived:
            last, self._last = self._last, packet
            if last is None or packet.seq != last.seq + 1 or not _are_linked(last, packet):
                train = None
                continue
            assert packet.arrival_us is not None
            assert last.arrival_us is not None
            if packet.arrival_us < last.arrival_us:
                continue
            if train is None:
                train = _Train(last.sent_us)
                self._trains.append(train)
            train.links += 1
            train.size_bytes += packet.size_bytes
            train.sent_span_us += packet.sent_us - last.sent_us
            train.arrival_span_us += packet.arrival_us - last.arrival_us
        if self._trains:
            self._conclude()

    def _conclude(self) -> None:
        newest_us = self._trains[-1].sent_us
        while self._trains[0].sent_us < newest_us - SLOW_US:
            self._trains.popleft()
        slow = _summed(self._trains)
        fast = self._newest(DOWN_LINKS)
        if fast is not None and fast.bps < (1 - STEP) * slow.bps and not fast.at_least:
            self._restart(fast, DOWN_LINKS)
            return
        fast = self._newest(UP_LINKS)
        if fast is not None and fast.bps > (1 + STEP) * slow.bps:
            self._restart(fast, UP_LINKS)
            return
        links = sum(train.links for train in self._trains)
        if links >= (DOWN_LINKS if self._is_fresh(newest_us) else FIRST_LINKS):
            self._settle(slow)

    def _newest(self, links: int) -> Capacity | None:
        chosen: list[_Train] = []
        for train in reversed(self._trains):
            chosen.append(train)
            links -= train.links
            if links <= 0:
                return _summed(chosen)
        return None

    def _restart(self, capacity: Capacity, links: int) -> None:
        """The link changed: older trains tell nothing any more."""
        kept: deque[_Train] = deque()
        while self._trains and links > 0:
            kept.appendleft(self._trains.pop())
            links -= kept[0].links
        self._trains = kept
        self._settle(capacity)

    def _settle(self, new: Capacity) -> None:
        known = self.capacity
        if known is not None and self._is_fresh(new.measured_us) and new.at_least and new.bps <= known.bps:
            # As fast as it was sent and no faster: it does not contradict what is known.
            new = Capacity(known.bps, known.at_least, new.measured_us if known.at_least else known.measured_us)
        self.capacity = new

    def _is_fresh(self, now_us: int) -> bool:
        return self.capacity is not None and now_us - self.capacity.measured_us <= STALE_US


def _are_linked(first: SentPacket, second: SentPacket) -> bool:
    if second.kind is PacketKind.PADDING:
        return True
    same_frame = first.frame_id is not None and first.frame_id == second.frame_id
    return same_frame or second.sent_us - first.sent_us <= TRAIN_GAP_US


def _summed(trains: Sequence[_Train] | deque[_Train]) -> Capacity:
    size_bytes = sum(train.size_bytes for train in trains)
    sent_us = sum(train.sent_span_us for train in trains)
    arrival_us = sum(train.arrival_span_us for train in trains)
    newest_us = max(train.sent_us for train in trains)
    at_least = arrival_us <= SPREAD_FACTOR * sent_us + SPREAD_FLOOR_US * len(trains)
    span_us = max(sent_us, arrival_us, DELTA_US * len(trains)) if at_least else arrival_us
    return Capacity(size_bytes * 8e6 / span_us, at_least, newest_us)
