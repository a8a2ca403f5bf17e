"""How soon an encoder may take its next picture: a title that flips without end must not have more than its share."""

from __future__ import annotations

HEADROOM = 1.1
"""Above the declared rate: a title whose own clock runs a little fast is not held back."""


class FramePacing:
    """Lets through the declared rate with one picture of slack (generic cell rate algorithm). Times in µs."""

    def __init__(self, fps: int) -> None:
        self._interval_us = int(1e6 / (fps * HEADROOM))
        self._due_us = 0

    def wait_us(self, now_us: int) -> int:
        """Return how long the next picture must still wait; 0 if it may be taken now."""
        return max(0, self._due_us - self._interval_us - now_us)

    def took(self, now_us: int) -> None:
        """A picture was taken."""
        self._due_us = max(self._due_us, now_us) + self._interval_us
