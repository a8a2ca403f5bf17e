"""What a rung has done, for metrics. Pure; written by one thread, read by another."""

from __future__ import annotations

from collections import deque
from itertools import islice

WINDOW_FRAMES = 600
"""Frames over which times are ranked: ten seconds at 60 fps."""


class RungStats:
    """Counts since the rung began and the encode times of the last frames."""

    def __init__(self) -> None:
        self.encoded = 0
        self.encoded_bytes = 0
        self.superseded = 0
        """Pictures that a newer one replaced before they were encoded."""
        self._times_us: deque[int] = deque(maxlen=WINDOW_FRAMES)

    def encoded_one(self, duration_us: int, size_bytes: int) -> None:
        """Count a picture that was converted and encoded."""
        self.encoded += 1
        self.encoded_bytes += size_bytes
        self._times_us.append(duration_us)

    def encode_ms(self, share: float, frames: int = WINDOW_FRAMES) -> float:
        """Return the time below which this share (0..1) of the last frames stayed; 0 before any."""
        ranked = sorted(islice(reversed(self._times_us.copy()), frames))
        return ranked[min(int(share * len(ranked)), len(ranked) - 1)] / 1000 if ranked else 0.0

    @property
    def encode_ms_p50(self) -> float:
        """Median of conversion and encoding."""
        return self.encode_ms(0.50)

    @property
    def encode_ms_p99(self) -> float:
        """99th percentile of the same."""
        return self.encode_ms(0.99)
