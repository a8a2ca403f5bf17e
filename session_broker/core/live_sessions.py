"""The live sessions of a replica, found by id, by player, and by whether they wait: no step looks at all of them.

Those that wait stand in the queue, beside those of other replicas.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, MutableMapping
from typing import TYPE_CHECKING

from session_broker.core.queue import Queue, Waiting
from wire.ids import PlayerId, SessionId
from wire.session_control import SessionState

if TYPE_CHECKING:
    from session_broker.core.records import Session


class LiveSessions(MutableMapping[SessionId, "Session"]):
    """In the order in which they came; the queue is told of every change."""

    def __init__(self, queue: Queue) -> None:
        self._queue = queue
        self._all: dict[SessionId, Session] = {}
        self._of: dict[PlayerId, dict[SessionId, Session]] = {}
        self._waiting: dict[SessionId, Session] = {}

    def of(self, player_id: PlayerId) -> Collection[Session]:
        """Return those that are a player's."""
        return self._of.get(player_id, {}).values()

    @property
    def waiting(self) -> Collection[Session]:
        """Those that wait for a node."""
        return self._waiting.values()

    def note(self, session: Session) -> None:
        """Take note that a session's state or priority has changed."""
        if session.state is SessionState.QUEUED:
            self._waiting[session.session_id] = session
            self._queue.put(_waiting(session))
        else:
            self._waiting.pop(session.session_id, None)
            self._queue.remove(session.session_id)
        self._queue.recount(session.player_id)

    def __getitem__(self, session_id: SessionId) -> Session:
        return self._all[session_id]

    def __setitem__(self, session_id: SessionId, session: Session) -> None:
        self._all[session_id] = session
        self._of.setdefault(session.player_id, {})[session_id] = session
        self.note(session)

    def __delitem__(self, session_id: SessionId) -> None:
        session = self._all.pop(session_id)
        mine = self._of[session.player_id]
        del mine[session_id]
        if not mine:
            del self._of[session.player_id]
        self._waiting.pop(session_id, None)
        self._queue.remove(session_id)
        self._queue.recount(session.player_id)

    def __iter__(self) -> Iterator[SessionId]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)


def _waiting(session: Session) -> Waiting:
    return Waiting(
        session.session_id, session.player_id, session.title.title_id, session.queued_at_ms, session.priority,
        session.round_trips_ms,
    )  # fmt: skip
