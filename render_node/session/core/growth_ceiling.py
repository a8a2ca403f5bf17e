"""What the link carried when it last had too much, and for how long that is not exceeded.

Some links pass a burst faster than they can go on (token buckets, radio that aggregates), so frames seem to show more
capacity than there is. When growth ends in a queue or in loss at once, the next attempt waits longer.
"""

from __future__ import annotations

HOLD_US, HOLD_MAX_US = 1_000_000, 30_000_000

MISLED_US = 3_000_000
"""Trouble within this time of growth was caused by it."""


class GrowthCeiling:
    """Bound of growth, in force for a while after trouble."""

    def __init__(self) -> None:
        self._bps = 0.0
        self._until_us: int | None = None
        self._hold_us = HOLD_US
        self._grown_us: int | None = None

    def grew(self, now_us: int) -> None:
        """The rate was raised beyond what was known to be carried."""
        self._grown_us = now_us

    def trouble(self, carried_bps: float, now_us: int) -> None:
        """There is a queue or loss at this rate."""
        misled = self._grown_us is not None and now_us - self._grown_us < MISLED_US
        self._hold_us = min(2 * self._hold_us, HOLD_MAX_US) if misled else max(self._hold_us // 2, HOLD_US)
        self._grown_us = None
        self._bps = carried_bps
        self._until_us = now_us + self._hold_us

    def bound(self, bps: float, now_us: int) -> float:
        """Return ``bps``, or the ceiling if it is lower and in force."""
        in_force = self._until_us is not None and now_us < self._until_us
        return min(bps, self._bps) if in_force else bps
