"""A token bucket on a caller's clock."""

from __future__ import annotations


class TokenBucket:
    """Allows ``rate_per_s`` on average and ``burst`` at once; starts full."""

    def __init__(self, rate_per_s: float, burst: float) -> None:
        self._rate_per_us = rate_per_s / 1e6
        self._burst = burst
        self._tokens = burst
        self._filled_us: int | None = None

    def take(self, now_us: int, amount: float = 1.0) -> bool:
        """Take ``amount`` tokens if there are that many; a clock that runs backwards adds none."""
        if self._filled_us is None:
            self._filled_us = now_us
        elapsed_us = max(0, now_us - self._filled_us)
        self._filled_us = max(self._filled_us, now_us)
        self._tokens = min(self._burst, self._tokens + elapsed_us * self._rate_per_us)
        if self._tokens < amount:
            return False
        self._tokens -= amount
        return True
