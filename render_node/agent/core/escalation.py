"""Stopping a worker: ask by message, then SIGTERM, then SIGKILL, each with its own deadline."""

from __future__ import annotations

from enum import StrEnum

from render_node.config import StopDeadlines


class StopStep(StrEnum):
    """What is to be done to the worker now."""

    ASK = "ask"
    TERMINATE = "terminate"
    KILL = "kill"


NEXT_STEP = {StopStep.ASK: StopStep.TERMINATE, StopStep.TERMINATE: StopStep.KILL}
"""What follows a step whose deadline passed; nothing follows SIGKILL."""


class Escalation:
    """One worker's way to its end.

    Args:
        deadlines: How long each step may take.
        now: Monotonic seconds.
        first: ``ASK``, or ``KILL`` for a worker that cannot be trusted to answer.
    """

    def __init__(self, deadlines: StopDeadlines, now: float, first: StopStep = StopStep.ASK) -> None:
        self._after_s = {StopStep.ASK: deadlines.ask_s, StopStep.TERMINATE: deadlines.terminate_s}
        self.step = first
        self._due = self._deadline(now)

    def next_timeout(self) -> float | None:
        """Return when ``handle_timeout`` is due, or None after the last step."""
        return self._due

    def handle_timeout(self, now: float) -> StopStep | None:
        """Return the step to take now, or None if none is due."""
        if self._due is None or now < self._due:
            return None
        self.step = NEXT_STEP[self.step]
        self._due = self._deadline(now)
        return self.step

    def _deadline(self, now: float) -> float | None:
        after_s = self._after_s.get(self.step)
        return None if after_s is None else now + after_s
