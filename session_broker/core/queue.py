"""The queue: who is next, at what place everybody stands, and how long they will wait.

A session waits for a node in one of some regions, its *line*. There is one order for all; but who waits for other
regions alone is not counted before somebody, since neither can take the other's node.

Everybody gets a due time: when they came, later for each further session of one account, earlier for a priority. The
order of due times is the queue. So accounts share what there is; nobody waits for ever, since whoever comes after
somebody's due time, and the most that priority can give, is behind them; and the order follows from rows alone, so
that every replica that sees the same rows has the same queue.
"""

from __future__ import annotations

import math
from collections import Counter, deque
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from session_broker.core.regions import Line, meet
from wire.ids import PlayerId, SessionId, TitleId

FURTHER_SESSION_MS = 5 * 60 * 1000
"""By how much later each further session of one account is due."""

PRIORITY_MS = 10 * 60 * 1000
"""By how much earlier one step of priority is due."""

PRIORITY_MAX = 9

DEPARTURES_KEPT = 64
"""Times at which somebody left a line, the newest."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A session that waits for a node, here or with another replica."""

    session_id: SessionId
    player_id: PlayerId
    title_id: TitleId
    queued_at_ms: int
    """On the database's clock."""
    priority: int = 0
    """From 0 to ``PRIORITY_MAX``."""
    round_trips_ms: Mapping[str, float] = field(default_factory=dict)
    """To the regions that its player's page has measured."""


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a session stands in the queue."""

    place: int
    """1 is next."""
    wait_s: float | None
    """Seconds until its turn, as the queue has moved of late; None while nobody knows."""
    error_s: float | None
    """Standard error of that."""


def in_order(waiting: Iterable[Waiting], others: Mapping[PlayerId, int]) -> list[Waiting]:
    """Return the queue, next first.

    Args:
        waiting: All that wait, each once.
        others: Sessions of an account that do not wait.
    """
    seen: Counter[PlayerId] = Counter(others)
    due: list[tuple[int, int, SessionId, Waiting]] = []
    for each in sorted(waiting, key=lambda w: (w.queued_at_ms - w.priority * PRIORITY_MS, w.session_id)):
        at_ms = each.queued_at_ms + seen[each.player_id] * FURTHER_SESSION_MS - each.priority * PRIORITY_MS
        seen[each.player_id] += 1
        due.append((at_ms, each.queued_at_ms, each.session_id, each))
    return [entry[-1] for entry in sorted(due, key=lambda entry: entry[:3])]


class Places:
    """Counts along the queue how many stand before each who could take their node."""

    def __init__(self) -> None:
        self._before: Counter[Line] = Counter()
        self._all = 0

    def next(self, line: Line) -> int:
        """Return the place of the next one, 1 in front of all whom they meet."""
        met = self._all
        if line is not None:
            met = sum(count for other, count in self._before.items() if meet(line, other))
        self._before[line] += 1
        self._all += 1
        return met + 1


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
