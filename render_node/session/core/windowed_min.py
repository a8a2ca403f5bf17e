"""The least value of the last seconds, in bounded memory."""

from __future__ import annotations

from collections import deque


class WindowedMin:
    """Minimum over the last ``buckets`` times ``bucket_us``; a value is forgotten with its bucket."""

    def __init__(self, bucket_us: int, buckets: int) -> None:
        self._bucket_us = bucket_us
        self._buckets: deque[tuple[int, int]] = deque(maxlen=buckets)

    @property
    def value(self) -> int | None:
        """None before any value."""
        return min((least for _, least in self._buckets), default=None)

    def add(self, value: int, now_us: int) -> None:
        """Take a value."""
        if not self._buckets or now_us - self._buckets[-1][0] >= self._bucket_us:
            self._buckets.append((now_us, value))
        elif value < self._buckets[-1][1]:
            self._buckets[-1] = self._buckets[-1][0], value

    def restart(self, value: int, now_us: int) -> None:
        """Forget all but this value."""
        self._buckets.clear()
        self.add(value, now_us)
