"""How long a packet waits in the bottleneck's queue: its one-way delay above the least one seen.

What remains in the queue when a frame begins to arrive is the standing queue; a frame's own packets wait for each
other whenever it is sent faster than the link, which is no congestion. So the least delay over the last two frames is
taken (as CoDel does, RFC 8289 §3.2). The clocks' offset cancels; their drift is forgotten with the old minima.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from render_node.session.core.sent_packets import SentPacket
from render_node.session.core.windowed_min import WindowedMin

STANDING_US = 34_000
"""Part of the newest packets over which the least delay is taken: two frames at 60 fps."""

BUCKET_US, BUCKETS = 2_000_000, 10
"""Minima kept: 20 s, in which two crystals 100 ppm apart drift by 2 ms."""

CLOCK_JUMP_US = 3_000_000
"""A delay this far above the base is not a queue but another clock."""

SHIFT_MIN_US = 8_000
SHIFT_RANGE_US = 3_000
SHIFT_AFTER_US = 500_000
"""A standing delay that stays within 3 ms for half a second, while everything is done to drain it, is no queue: the
path has become longer, as with a change of network."""


@dataclass(slots=True)
class _Steady:
    """A standing delay that has hardly changed for some time."""

    since_us: int
    least_us: int
    most_us: int


class QueueDelay:
    """Delay of one path."""

    def __init__(self) -> None:
        self.standing_us = 0
        """Least delay of the newest packets above the base."""
        self._base = WindowedMin(BUCKET_US, BUCKETS)
        self._steady: _Steady | None = None

    def add(self, arrived: Sequence[SentPacket]) -> None:
        """Take the packets of one report, at least one."""
        delays = [
            (packet.sent_us, packet.arrival_us - packet.sent_us)
            for packet in arrived
            if packet.arrival_us is not None
        ]
        newest_us = delays[-1][0]
        least_us = min(delay for _, delay in delays)
        base_us = self._base.value
        if base_us is not None and least_us > base_us + CLOCK_JUMP_US:
            self._base.restart(least_us, newest_us)
        self._base.add(least_us, newest_us)
        base_us = self._base.value
        assert base_us is not None
        self.standing_us = min(delay for sent_us, delay in delays if sent_us >= newest_us - STANDING_US) - base_us
        self._follow_path(base_us, newest_us)

    def _follow_path(self, base_us: int, newest_us: int) -> None:
        """Take a delay that neither grows nor drains as the path's own."""
        standing_us = self.standing_us
        if standing_us < SHIFT_MIN_US:
            self._steady = None
            return
        steady = self._steady
        if steady is not None:
            steady.least_us, steady.most_us = min(steady.least_us, standing_us), max(steady.most_us, standing_us)
        if steady is None or steady.most_us - steady.least_us > SHIFT_RANGE_US:
            self._steady = _Steady(newest_us, standing_us, standing_us)
        elif newest_us - steady.since_us >= SHIFT_AFTER_US:
            self._base.restart(base_us + steady.least_us, newest_us)
            self.standing_us -= steady.least_us
            self._steady = None
