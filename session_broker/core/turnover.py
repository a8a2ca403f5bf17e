"""How fast the queue moves, and so how long everybody will wait."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Collection
from dataclasses import dataclass

from session_broker.core.regions import Line, meet

DEPARTURES_KEPT = 64
"""Times at which somebody left a line, the newest."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a session stands in the queue."""

    place: int
    """1 is next."""
    wait_s: float | None
    """Seconds until its turn, as the queue has moved of late; None while nobody knows."""
    error_s: float | None
    """Standard error of that."""


class Turnover:
    """How fast the queue moves, from when somebody last left it, for whatever reason: each line by itself."""

    def __init__(self) -> None:
        self._left: dict[Line, deque[tuple[float, int]]] = {}
        """When somebody left, and how many did at once."""

    def note(self, line: Line, departures: int, now: float) -> None:
        """Somebody left a line; ``now`` in monotonic seconds."""
        if departures:
            self._left.setdefault(line, deque(maxlen=DEPARTURES_KEPT)).append((now, departures))

    def keep(self, lines: Collection[Line]) -> None:
        """Nobody waits in other lines: how fast the next one there moves is not known from the times between two."""
        self._left = {line: left for line, left in self._left.items() if line in lines}

    def standing(self, place: int, line: Line, now: float) -> Standing:
        """Return what to tell whoever stands at a place among those whom they meet.

        The departures are taken as a Poisson process: the time to the n-th one has a deviation of sqrt(n) intervals,
        and the interval itself is known from k departures to one part in sqrt(k).
        """
        met = [left for other, left in self._left.items() if meet(line, other) and left[0][0] < now]
        counts = [sum(departures for _, departures in left) for left in met]
        known = sum(counts)
        if known < 2:
            return Standing(place, None, None)
        interval_s = 1.0 / sum(count / (now - left[0][0]) for count, left in zip(counts, met, strict=True))
        error_s = interval_s * math.sqrt(place + place * place / known)
        return Standing(place, place * interval_s, error_s)
