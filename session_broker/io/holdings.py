"""What this replica owns, in SQL: taking what is nobody's, bringing nodes home, reading what is its own.

What a dead replica owned is anybody's: rows are claimed with SKIP LOCKED, so that several replicas share the work.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from session_broker.core.bus_messages import NodeMoved, SessionHandedOver
from session_broker.core.effects import ReplicaId
from session_broker.core.node_table import NodeState
from session_broker.core.placement_table import ON_NODE
from session_broker.core.records import CatalogueTitle, Node, Session
from session_broker.io import tables
from session_broker.io.bus import Post, write_posts
from session_broker.io.clock import wall_ms
from session_broker.io.database import single_statements
from session_broker.io.session_rows import load_session
from wire.errors import Reason, WireError
from wire.ids import NodeId, SessionId, TenantId, TitleId

ORPHANS_AT_ONCE = 200
"""Sessions that one look claims."""


@dataclass(frozen=True, slots=True)
class Held:
    """What came to this replica."""

    nodes: list[Node]
    sessions: list[Session]


class Holdings:
    """Claims, each one transaction, and reads."""

    def __init__(self, engine: AsyncEngine, me: ReplicaId, titles: Mapping[TitleId, CatalogueTitle]) -> None:
        self._engine = engine
        self._single = single_statements(engine)
        self._me = me
        self._titles = titles

    async def take_orphans(self) -> Held:
        """Claim nodes and sessions that no living replica owns."""
        node = tables.node
        async with self._engine.begin() as connection:
            orphaned = select(node).where(_nobodys(node.c.home), node.c.revoked_at_ms.is_(None)).order_by(node.c.id)
            rows = list(await connection.execute(orphaned.with_for_update(skip_locked=True)))
            taken = update(node).where(node.c.id.in_([row.id for row in rows]))
            await connection.execute(taken.values(home=self._me, ready=False))
            return Held([_node(row) for row in rows], await self._take_sessions(connection))

    async def _take_sessions(self, connection: AsyncConnection) -> list[Session]:
        session = tables.session
        query = select(session).where(session.c.ended_at_ms.is_(None), _nobodys(session.c.owner))
        query = query.order_by(session.c.created_at_ms, session.c.id).limit(ORPHANS_AT_ONCE)
        loaded: list[Session] = []
        for row in list(await connection.execute(query.with_for_update(skip_locked=True))):
            found = await load_session(connection, row, self._titles)
            home = await self._home_of(connection, found)
            await connection.execute(update(session).where(session.c.id == row.id).values(owner=home))
            if home == self._me:
                loaded.append(found)
            else:
                await write_posts(connection, (Post(home, SessionHandedOver(row.id)),), self._me, wall_ms())
        return loaded

    async def _home_of(self, connection: AsyncConnection, session: Session) -> ReplicaId:
        """Return whose an orphan becomes: a session goes where its node is."""
        if session.placement is None:
            return self._me
        query = select(tables.node.c.home).where(tables.node.c.id == session.placement.node_id)
        return ReplicaId(await connection.scalar(query) or self._me)

    async def bring_home(self, node_id: NodeId) -> Held:
        """Make a node that dials in here ours, with its sessions; its home until now is told.

        All live sessions on it are returned, also those that are ours already: they may not have been read yet, and a
        session that is not known when its node comes is ended there.

        Raises:
            WireError: ``bad_enrolment`` if it was retired just now.
        """
        node, session, placement = tables.node, tables.session, tables.placement
        async with self._engine.begin() as connection:
            row = (await connection.execute(select(node).where(node.c.id == node_id).with_for_update())).one()
            if row.revoked_at_ms is not None:
                raise WireError(Reason.BAD_ENROLMENT, "this node's key was revoked")
            if row.home != self._me:
                await connection.execute(update(node).where(node.c.id == node_id).values(home=self._me, ready=False))
            on_it = select(session).join(
                placement, (placement.c.session_id == session.c.id) & (placement.c.epoch == session.c.epoch)
            )
            on_it = on_it.where(
                placement.c.node_id == node_id, placement.c.state.in_(ON_NODE), session.c.ended_at_ms.is_(None)
            )
            rows = list(await connection.execute(on_it.order_by(session.c.id).with_for_update(of=session)))
            taken = update(session).where(session.c.id.in_([each.id for each in rows]))
            await connection.execute(taken.values(owner=self._me))
            if row.home not in (None, self._me):
                moved = Post(ReplicaId(row.home), NodeMoved(node_id))
                await write_posts(connection, (moved,), self._me, wall_ms())
            sessions = [await load_session(connection, each, self._titles) for each in rows]
        return Held([_node(row)], sessions)

    async def load_mine(self, session_id: SessionId) -> Session | None:
        """Return a live session if it is ours."""
        session = tables.session
        query = select(session).where(
            session.c.id == session_id, session.c.owner == self._me, session.c.ended_at_ms.is_(None)
        )
        async with self._single.connect() as connection:
            row = (await connection.execute(query)).first()
            return await load_session(connection, row, self._titles) if row is not None else None

    async def my_sessions(self) -> list[SessionId]:
        """Return the live sessions that are ours."""
        session = tables.session
        query = select(session.c.id).where(session.c.owner == self._me, session.c.ended_at_ms.is_(None))
        async with self._single.connect() as connection:
            return [SessionId(row.id) for row in await connection.execute(query)]

    async def is_home_of(self, node_id: NodeId) -> bool:
        """Tell whether a node is ours."""
        query = select(tables.node.c.home).where(tables.node.c.id == node_id)
        async with self._single.connect() as connection:
            return await connection.scalar(query) == self._me


def _nobodys(owner: ColumnElement[Any]) -> ColumnElement[bool]:
    alive = exists().where(tables.replica.c.id == owner)
    return or_(owner.is_(None), ~alive)


def _node(row: Row[Any]) -> Node:
    return Node(
        NodeId(row.id), TenantId(row.tenant_id), row.name, row.slots, NodeState.REGISTERING,
        drained=row.drained, drain_until_ms=row.drain_until_ms,
    )  # fmt: skip
