"""The input since the last saved state, written down if the title crashes. Pure."""

from __future__ import annotations

from collections.abc import Collection

from farplay_sdk.events import Event
from farplay_sdk.input_log import InputLog

LOGGED_TICKS_MAX = 240 * 3600
"""A title without state is logged from its start: for an hour at the highest tick."""

LOGGED_EVENTS_MAX = 100_000
"""Some tens of megabytes, however the players move: eight mice of 1000 Hz fill it in 12 s."""


class CrashLog:
    """A log with bounds. Beyond them it is dropped: without its beginning it would replay nothing."""

    def __init__(self, seed: int, state: bytes | None = None) -> None:
        """Begin at a game's start, or at what ``Machine.save`` returned."""
        self._log: InputLog | None = InputLog(seed, state)
        self._events = 0

    def note(self, events: Collection[Event]) -> None:
        """Add one tick."""
        if self._log is None:
            return
        self._events += len(events)
        if self._log.ticks == LOGGED_TICKS_MAX or self._events > LOGGED_EVENTS_MAX:
            self._log = None
        else:
            self._log.note(events)

    def text(self) -> str | None:
        """Return the log's lines; None if it was dropped."""
        return None if self._log is None else "\n".join(self._log.lines()) + "\n"
