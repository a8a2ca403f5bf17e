"""A token bucket for control messages: a worker that floods its agent is caught instead of served."""

from __future__ import annotations

WORKER_MESSAGES_PER_S = 100.0
"""Sustained. A worker sends one statistics message a second and a handful per peer."""

WORKER_BURST = 400.0
"""Messages at once; every peer of a full session may join in the same moment."""


class MessageRate:
    """Counts messages against a refilling allowance.

    Args:
        now: Monotonic seconds.
        per_s: Refill, messages per second.
        burst: Size of the bucket.
    """

    def __init__(self, now: float, per_s: float = WORKER_MESSAGES_PER_S, burst: float = WORKER_BURST) -> None:
        self._per_s = per_s
        self._burst = burst
        self._tokens = burst
        self._last = now

    def take(self, now: float) -> bool:
        """Return whether one more message is within the allowance."""
        self._tokens = min(self._burst, self._tokens + (now - self._last) * self._per_s)
        self._last = now
        if self._tokens < 1.0:
            return False
        self._tokens -= 1.0
        return True
