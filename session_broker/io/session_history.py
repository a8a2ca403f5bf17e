"""What the database remembers of sessions, for operators: when they began, how they ended, what happened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, select
from sqlalchemy.ext.asyncio import AsyncEngine

from session_broker.io import tables
from wire.ids import TenantId

EVENTS_SHOWN = 200
"""Newest events of a session that are shown."""

ENDED_SHOWN = 20
"""Sessions that ended last."""


@dataclass(frozen=True, slots=True)
class PastSession:
    """A session's row; times in milliseconds since 1970."""

    session_id: str
    player_id: str
    title_id: str
    title_version: str
    state: str
    reason: str | None
    detail: str
    """The title's last words, once it has ended."""
    created_at_ms: int
    ended_at_ms: int | None


@dataclass(frozen=True, slots=True)
class PastEvent:
    """Something that happened to a session."""

    happened_at_ms: int
    event: str
    reason: str | None
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class PastPlacement:
    """A session's stay on a node."""

    epoch: int
    node_id: str
    node_name: str
    state: str
    reason: str | None
    created_at_ms: int
    changed_at_ms: int


class SessionHistory:
    """Reads only; everything is one tenant's."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def started_at_ms(self, tenant_id: TenantId) -> dict[str, int]:
        """Return when each session that has not ended was made."""
        table = tables.session
        query = select(table.c.id, table.c.created_at_ms)
        query = query.where(table.c.tenant_id == tenant_id, table.c.ended_at_ms.is_(None))
        async with self._engine.connect() as connection:
            return {row.id: row.created_at_ms for row in await connection.execute(query)}

    async def newest_ended(self, tenant_id: TenantId) -> list[PastSession]:
        """Return the sessions that ended last, newest first."""
        table = tables.session
        query = select(table).where(table.c.tenant_id == tenant_id, table.c.ended_at_ms.is_not(None))
        query = query.order_by(table.c.ended_at_ms.desc(), table.c.id).limit(ENDED_SHOWN)
        async with self._engine.connect() as connection:
            return [_past(row) for row in await connection.execute(query)]

    async def session(self, tenant_id: TenantId, session_id: str) -> PastSession | None:
        """Return one session, live or ended."""
        table = tables.session
        query = select(table).where(table.c.tenant_id == tenant_id, table.c.id == session_id)
        async with self._engine.connect() as connection:
            row = (await connection.execute(query)).first()
        return _past(row) if row is not None else None

    async def events(self, session_id: str) -> list[PastEvent]:
        """Return a session's newest events, oldest first."""
        table = tables.session_event
        query = select(table).where(table.c.session_id == session_id)
        query = query.order_by(table.c.id.desc()).limit(EVENTS_SHOWN)
        async with self._engine.connect() as connection:
            rows = list(await connection.execute(query))
        return [PastEvent(row.happened_at_ms, row.event, row.reason, dict(row.data)) for row in reversed(rows)]

    async def placements(self, session_id: str) -> list[PastPlacement]:
        """Return where a session was, oldest first."""
        table, node = tables.placement, tables.node
        query = select(table, node.c.name).join(node, table.c.node_id == node.c.id)
        query = query.where(table.c.session_id == session_id).order_by(table.c.epoch.desc()).limit(EVENTS_SHOWN)
        async with self._engine.connect() as connection:
            rows = list(await connection.execute(query))
        return [
            PastPlacement(
                row.epoch, row.node_id, row.name, row.state, row.reason, row.created_at_ms, row.changed_at_ms
            )
            for row in reversed(rows)
        ]


def _past(row: Row[Any]) -> PastSession:
    return PastSession(
        row.id, row.player_id, row.title_id, row.title_version, row.state, row.reason, row.detail,
        row.created_at_ms, row.ended_at_ms,
    )  # fmt: skip
