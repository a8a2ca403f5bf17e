"""When the next frame is due, so that a title keeps its frame rate on average. Pure; times in nanoseconds."""

from __future__ import annotations


class Pacer:
    """Deadlines one period apart; a late frame is followed by a short one, but never by more than one."""

    def __init__(self) -> None:
        self._due_ns: int | None = None

    def next_due_ns(self, now_ns: int, fps: float) -> int:
        """Return when the current frame may end; in the past if the title is late.

        Args:
            now_ns: Monotonic clock.
            fps: Frames per second that the title asks for; greater than 0.
        """
        period_ns = int(1e9 / fps)
        if self._due_ns is None or not now_ns - period_ns <= self._due_ns + period_ns <= now_ns + period_ns:
            self._due_ns = now_ns if self._due_ns is not None else now_ns + period_ns
        else:
            self._due_ns += period_ns
        return self._due_ns
