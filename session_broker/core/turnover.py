"""How fast the queue moves, and so how long everybody will wait."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Collection
from dataclasses import dataclass, field

from session_broker.core.regions import Line, meet

DEPARTURES_KEPT = 64
"""Times at which somebody left a line, the newest."""

FORESEEN = 4
"""How many times as many departures as were seen are foreseen: a pace that has just begun does not last. In the
simulated hours around a region's loss this leaves a tenth of those who are told anything 44 s off, not 1500."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a session stands in the queue."""

    place: int
    """1 is next."""
    wait_s: float | None
    """Seconds until its turn, as the queue has moved of late; None while nobody knows."""
    error_s: float | None
    """Standard error of that."""


@dataclass(slots=True)
class _Pace:
    """What has been seen of one line."""

    since: float
    """From when on everybody who left is in ``left``, monotonic seconds."""
    left: deque[tuple[float, int]] = field(default_factory=deque)
    """When somebody left, and how many did at once."""


class Turnover:
    """How fast the queue moves, from when somebody last left it, for whatever reason: each line by itself."""

    def __init__(self) -> None:
        self._paces: dict[Line, _Pace] = {}

    def note(self, line: Line, departures: int, now: float) -> None:
        """Somebody left a line; ``now`` in monotonic seconds. Of a line that was not kept, nothing is known."""
        pace = self._paces.get(line)
        if not departures or pace is None:
            return
        if len(pace.left) == DEPARTURES_KEPT:
            pace.since, _ = pace.left.popleft()
        pace.left.append((now, departures))

    def keep(self, lines: Collection[Line], now: float) -> None:
        """Somebody waits in these lines and in no others.

        How fast the next one there moves is not known from the times between two.
        """
        self._paces = {line: self._paces.get(line) or _Pace(now) for line in lines}

    def standing(self, place: int, line: Line, now: float) -> Standing:
        """Return what to tell whoever stands at a place among those whom they meet.

        Departures are taken as a compound Poisson process: they come in batches, since nodes come with several slots
        and several at once. Their number has a deviation of ``sqrt(n * batch)`` around n, where ``batch`` is the size
        of the batch in which one leaves on average; so does the number that the interval is known from. Nobody knows
        the time of those who stand farther back than departures are foreseen.
        """
        met = [p for other, p in self._paces.items() if meet(line, other) and p.left and p.since < now]
        sizes = [departures for pace in met for _, departures in pace.left]
        known = sum(sizes)
        if known < 2 or place > FORESEEN * known:
            return Standing(place, None, None)
        interval_s = 1.0 / sum(sum(departures for _, departures in p.left) / (now - p.since) for p in met)
        batch = sum(size * size for size in sizes) / known
        error_s = interval_s * math.sqrt(batch * (place + place * place / known))
        return Standing(place, place * interval_s, error_s)
