"""The queue: who is next, and at what place everybody stands.

A session waits for a node in one of some regions, its *line*. There is one order for all; but who waits for other
regions alone is not counted before somebody, since neither can take the other's node.

Everybody gets a due time: when they came, later for each further session of one account, earlier for a priority. The
order of due times is the queue. So accounts share what there is; nobody waits for ever, since whoever comes after
somebody's due time, and the most that priority can give, is behind them; and the order follows from rows alone, so
that every replica that sees the same rows has the same queue.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from session_broker.core.regions import Line, RegionRules, meet
from wire.ids import PlayerId, SessionId, TitleId

FURTHER_SESSION_MS = 5 * 60 * 1000
"""By how much later each further session of one account is due."""

PRIORITY_MS = 10 * 60 * 1000
"""By how much earlier one step of priority is due."""

PRIORITY_MAX = 9


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


_Due: TypeAlias = tuple[int, int, SessionId, Waiting, Line]
"""When it is due and when it came, in milliseconds; its id, which no other has; and where it waits for near nodes."""


class Queue:
    """Everybody who waits, next first; it stays in order while they come and go.

    Args:
        rules: Where somebody waits, and for how long for near nodes alone.
        others: Returns how many sessions of an account do not wait; ``recount`` is to be called when that changes.
    """

    def __init__(self, rules: RegionRules, others: Callable[[PlayerId], int]) -> None:
        self._rules = rules
        self._others = others
        self._order: list[_Due] = []
        self._due: dict[SessionId, _Due] = {}
        self._of: dict[PlayerId, dict[SessionId, Waiting]] = {}

    def put(self, entry: Waiting) -> None:
        """Let a session wait; one that does already stands where it now belongs."""
        before = self._due.get(entry.session_id)
        if before is not None and before[3] == entry:
            return
        self.remove(entry.session_id)
        self._of.setdefault(entry.player_id, {})[entry.session_id] = entry
        self.recount(entry.player_id)

    def remove(self, session_id: SessionId) -> None:
        """Let a session wait no more; one that does not stays away."""
        if session_id not in self._due:
            return
        player_id = self._due[session_id][3].player_id
        self._take_out(session_id)
        del self._of[player_id][session_id]
        if not self._of[player_id]:
            del self._of[player_id]
        self.recount(player_id)

    def recount(self, player_id: PlayerId) -> None:
        """Look anew when the sessions of an account are due."""
        mine = self._of.get(player_id)
        if mine is None:
            return
        before = self._others(player_id)
        for each in sorted(mine.values(), key=lambda w: (w.queued_at_ms - w.priority * PRIORITY_MS, w.session_id)):
            at_ms = each.queued_at_ms + before * FURTHER_SESSION_MS - each.priority * PRIORITY_MS
            before += 1
            known = self._due.get(each.session_id)
            if known is None or known[0] != at_ms:
                self._take_out(each.session_id)
                near = self._rules.near(each.round_trips_ms)
                due = self._due[each.session_id] = (at_ms, each.queued_at_ms, each.session_id, each, near)
                insort(self._order, due)

    def accounts(self) -> Collection[PlayerId]:
        """Return whose sessions wait."""
        return self._of.keys()

    def ids(self) -> Collection[SessionId]:
        """Return which sessions wait, in no order."""
        return self._due.keys()

    def in_lines(self, at_ms: float) -> Iterator[tuple[Waiting, Line]]:
        """Return the queue, next first, each with the line in which it waits at a time of the database's clock.

        It may change while one goes through it; what is gone through is how it was.
        """
        far_ms = at_ms - self._rules.far_after_s * 1000
        return ((entry, near if came_ms > far_ms else None) for _, came_ms, _, entry, near in self._order.copy())

    def __iter__(self) -> Iterator[Waiting]:
        return (entry for _, _, _, entry, _ in self._order)

    def __len__(self) -> int:
        return len(self._order)

    def _take_out(self, session_id: SessionId) -> None:
        due = self._due.pop(session_id, None)
        if due is not None:
            del self._order[bisect_left(self._order, due)]


class Places:
    """Counts along the queue how many stand before each who could take their node."""

    def __init__(self) -> None:
        self._meets: dict[Line, list[Line]] = {}
        """By line, those that it meets, itself among them."""
        self._stand: dict[Line, int] = {}
        """How many stand in each line."""
        self._before: dict[Line, int] = {}
        """How many stand in all lines that each one meets."""

    def next(self, line: Line) -> int:
        """Return the place of the next one, 1 in front of all whom they meet."""
        if line not in self._meets:
            self._open(line)
        place = self._before[line] + 1
        self._stand[line] += 1
        for other in self._meets[line]:
            self._before[other] += 1
        return place

    def _open(self, line: Line) -> None:
        met = [other for other in self._stand if meet(line, other)]
        for other in met:
            self._meets[other].append(line)
        self._meets[line], self._stand[line] = [*met, line], 0
        self._before[line] = sum(self._stand[other] for other in met)
