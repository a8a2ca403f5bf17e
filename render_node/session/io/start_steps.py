"""The steps of a session's start as its worker tells them to the agent, for a trace; each once."""

from __future__ import annotations

from collections.abc import Callable

from render_node.session.io import monotonic
from wire.schema import Message
from wire.worker_control import StartStep, WorkerStep


class StartSteps:
    """Knows when each step began; one that never began, or was told, is not told."""

    def __init__(self, send: Callable[[Message], object], *, traced: bool) -> None:
        self._send = send
        self._traced = traced
        self._begun_us: dict[StartStep, int] = {}
        self._told: set[StartStep] = set()

    def begin(self, step: StartStep) -> None:
        """Note that a step begins; the first time counts."""
        if self._traced:
            self._begun_us.setdefault(step, monotonic.now_us())

    def end(self, step: StartStep) -> None:
        """Tell of a step that is done."""
        begun_us = self._begun_us.get(step)
        if begun_us is not None and step not in self._told:
            self._told.add(step)
            self._send(WorkerStep(step, begun_us, monotonic.now_us()))
