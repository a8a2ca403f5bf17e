"""How much one sender may ask of the broker: a token bucket, and a count of bad messages in a row."""

from __future__ import annotations

STRIKES_MAX = 5
"""Refused messages in a row that close a socket."""


class TokenBucket:
    """Allows ``rate_per_s`` on average and ``burst`` at once."""

    def __init__(self, rate_per_s: float, burst: float, now: float) -> None:
        self._rate_per_s = rate_per_s
        self._burst = burst
        self._level = burst
        self._filled_at = now

    def take(self, now: float) -> bool:
        """Use one token if there is one; ``now`` is monotonic seconds."""
        self._fill(now)
        if self._level < 1.0:
            return False
        self._level -= 1.0
        return True

    def borrow(self, now: float) -> float:
        """Use one token in any case and return the seconds to wait until it is paid for."""
        self._fill(now)
        self._level -= 1.0
        return max(0.0, -self._level / self._rate_per_s)

    def _fill(self, now: float) -> None:
        elapsed_s = max(0.0, now - self._filled_at)
        self._level = min(self._burst, self._level + elapsed_s * self._rate_per_s)
        self._filled_at = now


class Strikes:
    """Refused messages of one socket since its last good one."""

    def __init__(self) -> None:
        self._count = 0

    def good(self) -> None:
        """A message was taken."""
        self._count = 0

    def bad(self) -> bool:
        """A message was refused; returns whether the socket must close."""
        self._count += 1
        return self._count >= STRIKES_MAX
