"""Ends of sessions that no broker has heard of yet, kept until one listens."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Container

from wire.node_control import PlacementNews, RunningSession
from wire.schema import Message
from wire.worker_control import PlacementState

ENDS_KEPT = 256
"""Beyond it the oldest go: that they have ended a broker learns from ``hello``, which does not list them, not why."""


class KeptEnds:
    """The newest end of each session, oldest first."""

    def __init__(self) -> None:
        self._ends: OrderedDict[str, PlacementNews] = OrderedDict()

    def keep(self, message: Message) -> None:
        """Keep a message if it tells an end; ``hello`` says anew how everything else stands."""
        if isinstance(message, PlacementNews) and message.state is PlacementState.RELEASED:
            self._ends[message.session_id] = message
            while len(self._ends) > ENDS_KEPT:
                self._ends.popitem(last=False)

    def listed(self, running: Container[str]) -> tuple[RunningSession, ...]:
        """Return them as ``hello`` lists them, but for sessions that run by now."""
        return tuple(
            RunningSession(key, end.epoch, end.state) for key, end in self._ends.items() if key not in running
        )

    def take(self) -> list[PlacementNews]:
        """Return them to be told; none is kept any more."""
        ends = list(self._ends.values())
        self._ends.clear()
        return ends
