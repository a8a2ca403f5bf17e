"""How long a pool rests after nodes of it failed to start, so that a broken one is not tried without end."""

from __future__ import annotations

FIRST_S = 5.0
MAX_S = 300.0


class Backoff:
    """Per pool, in monotonic seconds."""

    def __init__(self) -> None:
        self._failures: dict[str, int] = {}
        self._until: dict[str, float] = {}

    def failed(self, pool: str, now: float, retry_after_s: float = 0.0) -> None:
        """A node could not be made, or never came; twice as long a rest for each in a row, or what was asked for."""
        before = self._failures.get(pool, 0)
        self._failures[pool] = before + 1
        self._until[pool] = now + max(retry_after_s, min(FIRST_S * 2.0 ** min(before, 10), MAX_S))

    def worked(self, pool: str) -> None:
        """A node of the pool has come."""
        self._failures.pop(pool, None)
        self._until.pop(pool, None)

    def rests(self, pool: str, now: float) -> bool:
        """Tell whether no node shall be made now."""
        return now < self._until.get(pool, now)
