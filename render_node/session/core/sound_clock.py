"""How much sound to read when: the reader is the mixer's clock, 10 ms at a time. Pure; times in microseconds."""

from __future__ import annotations

BLOCK_US = 10_000
"""One Opus packet."""

CATCH_UP_MAX_US = 40_000
"""Stall up to which blocks are made up for at once; more is skipped, as late sound is worse than a gap."""


class SoundClock:
    """Says when each block is due, exact over any length of time."""

    def __init__(self, now_us: int) -> None:
        self._due_us = now_us + BLOCK_US

    def wait_us(self, now_us: int) -> int:
        """Return how long the next block is still to wait; 0 if it is due."""
        return max(self._due_us - now_us, 0)

    def begin_block(self, now_us: int) -> int:
        """Take the due block; return how many before it are lost to a stall."""
        late_us = now_us - self._due_us
        lost = late_us // BLOCK_US if late_us > CATCH_UP_MAX_US else 0
        self._due_us += (lost + 1) * BLOCK_US
        return lost


class BlockSizes:
    """Bytes of each 10 ms block, exact on average where a rate has no whole number of frames in it (11025 Hz)."""

    def __init__(self, rate_hz: int, frame_bytes: int) -> None:
        self._rate_hz = rate_hz
        self._frame_bytes = frame_bytes
        self._remainder = 0

    def next_bytes(self) -> int:
        """Return the size of the next block, whole sample frames."""
        frames, self._remainder = divmod(self._remainder + self._rate_hz, 100)
        return frames * self._frame_bytes
