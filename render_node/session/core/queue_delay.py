"""How long a packet waits in the bottleneck's queue: its one-way delay above the least one seen.

What remains in the queue when a frame begins to arrive is the standing queue; a frame's own packets wait for each
other whenever it is sent faster than the link, which is no congestion. So the least delay over the last two frames is
taken (CoDel's insight, RFC 8289 §3.2). The clocks' offset cancels; their drift is forgotten with the old minima.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

from render_node.session.core.sent_packets import SentPacket

STANDING_US = 34_000
"""Part of the newest packets over which the least delay is taken: two frames at 60 fps."""

BUCKET_US = 2_000_000
BUCKETS = 10
"""Minima kept: 20 s, in which two crystals 100 ppm apart drift by 2 ms."""

CLOCK_JUMP_US = 3_000_000
"""A delay this far above the base is not a queue but another clock."""


class QueueDelay:
    """Delay of one path."""

    def __init__(self) -> None:
        self.standing_us = 0
        """Least delay of the newest packets above the base."""
        self.newest_us = 0
        """Delay of the newest packet above the base."""
        self._buckets: deque[tuple[int, int]] = deque(maxlen=BUCKETS)

    @property
    def base_us(self) -> int | None:
        """Least relative one-way delay known; None before any packet."""
        return min((least for _, least in self._buckets), default=None)

    def add(self, arrived: Sequence[SentPacket]) -> None:
        """Take the packets of one report."""
        delays = [(packet.sent_us, packet.arrival_us - packet.sent_us) for packet in arrived if packet.arrival_us]
        if not delays:
            return
        newest_us = delays[-1][0]
        base_us = self.base_us
        if base_us is not None and min(delay for _, delay in delays) > base_us + CLOCK_JUMP_US:
            self._buckets.clear()
        self._lower(newest_us, min(delay for _, delay in delays))
        base_us = self.base_us
        assert base_us is not None
        self.standing_us = min(delay for sent_us, delay in delays if sent_us >= newest_us - STANDING_US) - base_us
        self.newest_us = delays[-1][1] - base_us

    def rebase(self, up_us: int) -> None:
        """The path itself became longer by this much: what looked like a queue is not one."""
        moved = [(begun_us, least_us + up_us) for begun_us, least_us in self._buckets]
        self._buckets.clear()
        self._buckets.extend(moved)
        self.standing_us = max(0, self.standing_us - up_us)
        self.newest_us = max(0, self.newest_us - up_us)

    def _lower(self, sent_us: int, least_us: int) -> None:
        if not self._buckets or sent_us - self._buckets[-1][0] >= BUCKET_US:
            self._buckets.append((sent_us, least_us))
        elif least_us < self._buckets[-1][1]:
            self._buckets[-1] = self._buckets[-1][0], least_us
