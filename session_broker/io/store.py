"""The coordinator's effects written in one transaction each; sessions, players' lists and titles read back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Row, bindparam, func, select, text
from sqlalchemy.ext.asyncio import AsyncEngine

from session_broker.core.effects import ReplicaId, Write
from session_broker.core.placement_table import ON_NODE
from session_broker.core.records import Admission
from session_broker.io import tables
from session_broker.io.bus import Post
from session_broker.io.clock import wall_ms
from session_broker.io.database import single_statements
from session_broker.io.effect_writes import write_batch
from session_broker.io.session_rows import admission_of
from session_broker.io.upsert import Put, put
from wire.errors import Reason
from wire.ids import NodeId, PlayerId, SessionId, TenantId
from wire.session_control import SessionState
from wire.title_manifest import TitleManifest

_SESSION = select(tables.session).where(tables.session.c.id == bindparam("session_id"))
_placed = tables.placement.c
_HERE = (_placed.session_id == tables.session.c.id) & (_placed.epoch == tables.session.c.epoch)
_LIVE_OF = (
    select(tables.session, _placed.node_id)
    .outerjoin(tables.placement, _HERE & _placed.state.in_(ON_NODE))
    .where(tables.session.c.player_id == bindparam("player_id"), tables.session.c.ended_at_ms.is_(None))
    .order_by(tables.session.c.created_at_ms, tables.session.c.id)
)

SESSIONS_LISTED = 50
"""Newest sessions that a player's list shows."""


@dataclass(frozen=True, slots=True)
class StoredSession:
    """A session's row."""

    session_id: SessionId
    player_id: PlayerId
    title_id: str
    state: SessionState
    reason: Reason | None
    detail: str


@dataclass(frozen=True, slots=True)
class LiveSession(StoredSession):
    """A session's row, and where it is."""

    node_id: NodeId | None
    """None while it waits."""


class Store:
    """Reads and writes of the coordinator's tables. Holds no state of its own."""

    def __init__(self, engine: AsyncEngine, me: ReplicaId) -> None:
        self._engine = engine
        self._single = single_statements(engine)
        self._me = me

    async def ping(self) -> None:
        """Ask the database for nothing; raises if it does not answer."""
        async with self._single.connect() as connection:
            await connection.execute(text("SELECT 1"))

    async def apply(self, writes: Sequence[Write], posts: Sequence[Post]) -> None:
        """Do all writes in one transaction, in order, and post; doing them again after a failure changes nothing.

        Raises:
            Overtaken: some of it is another replica's; nothing was written.
        """
        async with self._engine.begin() as connection:
            await write_batch(connection, writes, posts, self._me, wall_ms())

    async def read_session(self, session_id: str) -> StoredSession | None:
        """Return a session, live or ended."""
        async with self._single.connect() as connection:
            row = (await connection.execute(_SESSION, {"session_id": session_id})).first()
        return _stored(row) if row is not None else None

    async def sessions_of(self, player_id: PlayerId) -> list[StoredSession]:
        """Return a player's newest sessions, newest first."""
        table = tables.session
        query = select(table).where(table.c.player_id == player_id)
        query = query.order_by(table.c.created_at_ms.desc(), table.c.id).limit(SESSIONS_LISTED)
        async with self._single.connect() as connection:
            return [_stored(row) for row in await connection.execute(query)]

    async def live_sessions_of(self, player_id: PlayerId) -> list[LiveSession]:
        """Return a player's sessions that have not ended, on whichever replica, oldest first."""
        async with self._single.connect() as connection:
            rows = await connection.execute(_LIVE_OF, {"player_id": player_id})
            return [LiveSession(*_columns(row), NodeId(row.node_id) if row.node_id else None) for row in rows]

    async def admission(self, session_id: str, player_id: PlayerId) -> Admission | None:
        """Return by what right somebody came to a live session's table."""
        admission, session = tables.admission, tables.session
        query = select(admission).join(session, session.c.id == admission.c.session_id)
        query = query.where(
            admission.c.session_id == session_id, admission.c.player_id == player_id, session.c.ended_at_ms.is_(None)
        )
        async with self._single.connect() as connection:
            row = (await connection.execute(query)).first()
        return admission_of(row) if row is not None else None

    async def last_played(self, player_id: PlayerId) -> dict[str, int]:
        """Return, by title, when a player's newest session of it last changed, in milliseconds since 1970.

        Sessions that never got a node do not count.
        """
        table = tables.session
        played = table.c.player_id == player_id, table.c.epoch > 0
        query = (
            select(table.c.title_id, func.max(table.c.changed_at_ms).label("at_ms"))
            .where(*played)
            .group_by(table.c.title_id)
        )
        async with self._single.connect() as connection:
            return {row.title_id: row.at_ms for row in await connection.execute(query)}

    async def sync_titles(self, tenant_id: TenantId, manifests: Iterable[TitleManifest]) -> None:
        """Make the catalogue hold these titles; what was there before stays for the sessions that name it."""
        at_ms = wall_ms()
        async with self._engine.begin() as connection:
            for manifest in manifests:
                key, first = {"tenant_id": tenant_id, "id": manifest.id}, {"created_at_ms": at_ms}
                await put(connection, tables.title, Put(key, {}, first))
                version = {"tenant_id": tenant_id, "title_id": manifest.id, "version": manifest.version}
                values = {"kind": manifest.kind, "manifest": manifest_json(manifest)}
                await put(connection, tables.title_version, Put(version, values, first))


def manifest_json(manifest: TitleManifest) -> dict[str, Any]:
    """Return a manifest as it is stored with its version."""
    return {**asdict(manifest), "names": dict(manifest.names), "arguments": list(manifest.arguments)}


def _stored(row: Row[Any]) -> StoredSession:
    return StoredSession(*_columns(row))


def _columns(row: Row[Any]) -> tuple[SessionId, PlayerId, str, SessionState, Reason | None, str]:
    reason = Reason(row.reason) if row.reason else None
    return SessionId(row.id), PlayerId(row.player_id), row.title_id, SessionState(row.state), reason, row.detail
