"""When a picture that stands still is encoded again: at once until it is sharp, then only now and then. Pure.

The last frame of a movement is as coarse as the movement's bitrate allows. Encoded again at the frame rate, within
the same bitrate, the picture sharpens in the first half second; no frame grows, so what moves next waits for none of
them. Afterwards a frame now and then lets a receiver see that it lost the one before, and a still picture costs next
to nothing. Times in microseconds.
"""

from __future__ import annotations

SETTLED_US = 80_000
"""A picture older than this stands still; titles that draw at 15 frames per second and more do not."""

SHARPEN_US = 500_000
"""From the last new picture until it is as sharp as it gets."""

KEEP_US, KEEP_MAX_US = 500_000, 1_000_000
"""Between frames afterwards: a quarter of the time that the picture has stood still, within these. The first ones
show that one before was lost; later ones only keep Chromium from asking for a keyframe, which it does after 3 s."""


class StillPictures:
    """One rung's newest picture.

    Args:
        fps: Rate at which a picture is sharpened.
        now_us: Start.
    """

    def __init__(self, fps: int, now_us: int) -> None:
        self.set_fps(fps)
        self._changed_us = now_us
        self._repeated_us = now_us

    def set_fps(self, fps: int) -> None:
        """Sharpen at another rate from now on."""
        self._interval_us = 1_000_000 // fps

    def changed(self, now_us: int) -> None:
        """The picture is a new one."""
        self._changed_us = self._repeated_us = now_us

    def repeated(self, now_us: int) -> None:
        """It is encoded again."""
        self._repeated_us = now_us

    def wait_us(self, now_us: int) -> int:
        """Return how long until it should be encoded again; 0 if that is now."""
        if now_us < self._changed_us + SETTLED_US:
            return self._changed_us + SETTLED_US - now_us
        still_us = self._repeated_us - self._changed_us
        kept_us = min(max(KEEP_US, still_us // 4), KEEP_MAX_US)
        wait_us = self._interval_us if still_us < SHARPEN_US else max(self._interval_us, kept_us)
        return max(0, self._repeated_us + wait_us - now_us)
