"""When a title's next frame is due, and how many frames it may show. Pure; times in nanoseconds."""

from __future__ import annotations

SLEW_DIVISOR = 100
"""Frames move by at most a hundredth of their period each, so that the title's clock stays within 1%."""


class Phase:
    """Where between two refreshes of the player's display all pacers of a title should let frames end."""

    def __init__(self) -> None:
        self.later_ns = 0
        """Sum of all shifts asked for."""


class Pacer:
    """Deadlines one period apart; a late frame is followed by a short one, but never by more than one.

    Deadlines stay on one grid even when frames are late, since the grid is what is in step with the display.

    Args:
        phase: Shifts the grid by small steps.
    """

    def __init__(self, phase: Phase) -> None:
        self._phase = phase
        self._applied_ns = phase.later_ns
        self._due_ns: int | None = None

    def next_due_ns(self, now_ns: int, fps: float) -> int:
        """Return when the current frame may end; in the past if the title is late.

        Args:
            now_ns: Monotonic clock.
            fps: Frames per second that the title asks for; greater than 0.
        """
        period_ns = int(1e9 / fps)
        if self._due_ns is None:
            self._due_ns = now_ns + period_ns
        elif self._due_ns > now_ns:
            self._due_ns = now_ns
        else:
            self._due_ns += period_ns + self._step_ns(period_ns)
            self._due_ns += max(0, now_ns - self._due_ns) // period_ns * period_ns
        return self._due_ns

    def _step_ns(self, period_ns: int) -> int:
        most_ns = period_ns // SLEW_DIVISOR
        step_ns = max(-most_ns, min(self._phase.later_ns - self._applied_ns, most_ns))
        self._applied_ns += step_ns
        return step_ns


class Allowance:
    """Lets through a sustained rate and short bursts above it (generic cell rate algorithm)."""

    def __init__(self, rate_hz: int, burst: int) -> None:
        self._interval_ns = 1_000_000_000 // rate_hz
        self._slack_ns = self._interval_ns * burst
        self._due_ns = 0

    def take(self, now_ns: int) -> bool:
        """Return whether one more is allowed now."""
        due_ns = max(self._due_ns, now_ns)
        if due_ns - now_ns > self._slack_ns:
            return False
        self._due_ns = due_ns + self._interval_ns
        return True
