"""How long to wait before trying again: doubling, capped, spread by jitter.

Invariant: never zero after the first failure and never above ``max_s``, so that neither a dead broker nor a crashing
child can make a busy loop, and a fleet does not come back in step.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """The shape of one retry schedule."""

    first_s: float
    """Delay before the first retry, before jitter."""
    max_s: float
    """Longest delay."""

    def delay_s(self, attempt: int, jitter: float) -> float:
        """Return the seconds to wait before retry number ``attempt``.

        Args:
            attempt: 0 for the first retry.
            jitter: In [0, 1), from the caller's randomness; the delay is 50-100% of the nominal one.
        """
        nominal_s = min(self.first_s * 2.0 ** min(attempt, 32), self.max_s)
        return nominal_s * (0.5 + 0.5 * jitter)


BROKER_DIAL = Backoff(first_s=0.2, max_s=5.0)
"""A restarted broker answers in about a second, and it gives a lost node 1.5 s before it tells the players."""

CHILD_RESTART = Backoff(first_s=0.2, max_s=10.0)
"""Fork server and warm workers that die by themselves."""
