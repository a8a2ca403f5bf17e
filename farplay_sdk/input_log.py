"""The log of a game: seed, state at its beginning, and each tick that saw events. Replayed, it gives the same game.

JSON lines: a head, then ``[tick, event, event…]`` for ticks with events, then ``[ticks]``, how many there were.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from farplay_sdk.events import Event, checked_event

LOG_VERSION = 1


class LogUnreadable(Exception):
    """The text is no input log; the message names the line."""


@dataclass(slots=True)
class InputLog:
    """A log that is being written, or was read."""

    seed: int
    state: bytes | None = None
    """What ``Machine.save`` returned where the log begins; None at a game's start."""
    ticks: int = 0
    """Ticks that were run since."""
    events: dict[int, tuple[Event, ...]] = field(default_factory=dict)
    """By tick, counted from the log's beginning."""

    def note(self, events: Iterable[Event]) -> None:
        """Add one tick."""
        found = tuple(events)
        if found:
            self.events[self.ticks] = found
        self.ticks += 1

    def lines(self) -> Iterator[str]:
        """Yield the text, line by line, without line ends."""
        state = None if self.state is None else base64.b64encode(self.state).decode()
        yield json.dumps({"farplay_input_log": LOG_VERSION, "seed": self.seed, "state": state})
        for tick, events in self.events.items():
            yield json.dumps([tick, *events], ensure_ascii=False)
        yield json.dumps([self.ticks])


def read_log(lines: Iterable[str]) -> InputLog:
    """Read a log that anybody may have written.

    Raises:
        LogUnreadable: with the line that is wrong.
    """
    log: InputLog | None = None
    for number, line in enumerate(lines, 1):
        try:
            body = json.loads(line)
            if log is None:
                log = _head(body)
            else:
                _take(log, body)
        except (ValueError, TypeError, KeyError, RecursionError, binascii.Error) as error:
            raise LogUnreadable(f"line {number}: {error}") from error
    if log is None:
        raise LogUnreadable("the log is empty")
    return log


def _head(body: Any) -> InputLog:
    if not isinstance(body, dict) or body.get("farplay_input_log") != LOG_VERSION:
        raise ValueError(f"not an input log of version {LOG_VERSION}")
    seed, state = body["seed"], body["state"]
    if type(seed) is not int:
        raise ValueError("seed must be an integer")
    return InputLog(seed, None if state is None else base64.b64decode(state, validate=True))


def _take(log: InputLog, body: Any) -> None:
    if not isinstance(body, list) or not body or type(body[0]) is not int or body[0] < log.ticks:
        raise ValueError("a line is [tick, event…] in the order of ticks")
    tick, *events = body
    if events:
        log.events[tick] = tuple(checked_event(event) for event in events)
        log.ticks = tick + 1
    else:
        log.ticks = tick
