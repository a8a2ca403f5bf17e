"""Which replicas live and what each of them owns, in SQL.

A replica's lease is a row with a time on the database's clock, so that no two machines' clocks are compared. What a
dead replica owned is anybody's: rows are claimed with SKIP LOCKED, so that several replicas share the work.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Row,
    cast,
    delete,
    exists,
    extract,
    func,
    insert,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from session_broker.core.bus_messages import NodeMoved, SessionHandedOver
from session_broker.core.effects import NodeOffer, ReplicaId
from session_broker.core.node_table import NodeState
from session_broker.core.queue import Waiting
from session_broker.core.records import CatalogueTitle, DistantNode, Node, Session
from session_broker.core.tickets import digest
from session_broker.io import tables
from session_broker.io.bus import Post, write_posts
from session_broker.io.clock import wall_ms
from session_broker.io.session_rows import load_session
from wire.ids import NodeId, PlayerId, SessionId, TenantId, TitleId
from wire.node_control import CheckPort, NodeCapacity
from wire.session_control import SessionState

ORPHANS_AT_ONCE = 200
"""Sessions that one look claims."""


@dataclass(frozen=True, slots=True)
class Held:
    """What came to this replica."""

    nodes: list[Node]
    sessions: list[Session]


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Whose a session or a node is; a node never ends."""

    owner: ReplicaId | None
    """None until somebody takes it."""
    ended: bool


class ReplicaRows:
    """Claims and looks; every method is one transaction."""

    def __init__(self, engine: AsyncEngine, me: ReplicaId, titles: Mapping[TitleId, CatalogueTitle]) -> None:
        self._engine = engine
        self._me = me
        self._titles = titles
        self._now_ms = _clock_ms(engine)
        self._offers: dict[NodeId, tuple[int, NodeOffer]] = {}

    # Leases

    async def register(self, lease_s: float, *, alone: bool) -> None:
        """Begin to live; ``alone`` on a database that nobody else may use, where all others are dead."""
        async with self._engine.begin() as connection:
            if alone:
                await connection.execute(delete(tables.replica))
            row = {"id": self._me, "started_at_ms": self._now_ms, "expires_at_ms": self._until(lease_s)}
            await connection.execute(insert(tables.replica).values(row))

    async def renew(self, lease_s: float) -> bool:
        """Live on; False if the others have taken this replica for dead."""
        table = tables.replica
        renewed = update(table).where(table.c.id == self._me).values(expires_at_ms=self._until(lease_s))
        async with self._engine.begin() as connection:
            return (await connection.execute(renewed)).rowcount == 1

    async def clock_ms(self) -> int:
        """Return the database's clock in milliseconds since 1970."""
        async with self._engine.connect() as connection:
            return int((await connection.execute(select(self._now_ms))).scalar_one())

    async def members(self) -> frozenset[ReplicaId]:
        """Return the replicas whose leases hold."""
        table = tables.replica
        async with self._engine.connect() as connection:
            rows = await connection.execute(select(table.c.id).where(table.c.expires_at_ms >= self._now_ms))
            return frozenset(ReplicaId(row.id) for row in rows)

    async def bury(self) -> None:
        """Forget replicas whose leases ran out, and what was sent to them."""
        table, posted = tables.replica, tables.bus_message
        async with self._engine.begin() as connection:
            await connection.execute(delete(table).where(table.c.expires_at_ms < self._now_ms))
            await connection.execute(delete(posted).where(posted.c.to_replica.not_in(select(table.c.id))))

    async def leave(self) -> None:
        """End in good order: everything is anybody's at once."""
        node, session, replica = tables.node, tables.session, tables.replica
        async with self._engine.begin() as connection:
            await connection.execute(update(node).where(node.c.home == self._me).values(home=None, ready=False))
            mine = session.c.owner == self._me, session.c.ended_at_ms.is_(None)
            await connection.execute(update(session).where(*mine).values(owner=None))
            await connection.execute(delete(replica).where(replica.c.id == self._me))

    # Taking

    async def take_orphans(self) -> Held:
        """Claim nodes and sessions that no living replica owns."""
        node = tables.node
        async with self._engine.begin() as connection:
            orphaned = select(node).where(_nobodys(node.c.home)).order_by(node.c.id)
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
        """Make a node that dials in here ours, with its sessions; its home until now is told."""
        node, session, placement = tables.node, tables.session, tables.placement
        async with self._engine.begin() as connection:
            row = (await connection.execute(select(node).where(node.c.id == node_id).with_for_update())).one()
            if row.home == self._me:
                return Held([], [])
            await connection.execute(update(node).where(node.c.id == node_id).values(home=self._me, ready=False))
            on_it = select(session).join(
                placement, (placement.c.session_id == session.c.id) & (placement.c.epoch == session.c.epoch)
            )
            on_it = on_it.where(placement.c.node_id == node_id, session.c.ended_at_ms.is_(None))
            rows = list(await connection.execute(on_it.order_by(session.c.id).with_for_update(of=session)))
            taken = update(session).where(session.c.id.in_([each.id for each in rows]))
            await connection.execute(taken.values(owner=self._me))
            if row.home is not None:
                moved = Post(ReplicaId(row.home), NodeMoved(node_id))
                await write_posts(connection, (moved,), self._me, wall_ms())
            sessions = [await load_session(connection, each, self._titles) for each in rows]
        return Held([_node(row)], sessions)

    # Looking

    async def load_mine(self, session_id: SessionId) -> Session | None:
        """Return a live session if it is ours."""
        session = tables.session
        query = select(session).where(
            session.c.id == session_id, session.c.owner == self._me, session.c.ended_at_ms.is_(None)
        )
        async with self._engine.connect() as connection:
            row = (await connection.execute(query)).first()
            return await load_session(connection, row, self._titles) if row is not None else None

    async def distant_sessions(self) -> tuple[list[Waiting], dict[PlayerId, int]]:
        """Return who waits with other replicas, and how many other sessions of each account they have."""
        session = tables.session
        theirs = session.c.ended_at_ms.is_(None), session.c.owner != self._me
        waits = session.c.state == SessionState.QUEUED
        who = (session.c.id, session.c.player_id, session.c.title_id, session.c.queued_at_ms, session.c.priority)
        counted = select(session.c.player_id, func.count().label("sessions")).where(*theirs, ~waits)
        async with self._engine.connect() as connection:
            rows = list(await connection.execute(select(*who).where(*theirs, waits)))
            counts = await connection.execute(counted.group_by(session.c.player_id))
            playing = {PlayerId(row.player_id): row.sessions for row in counts}
        waiting = [
            Waiting(SessionId(row.id), PlayerId(row.player_id), TitleId(row.title_id), row.queued_at_ms, row.priority)
            for row in rows
        ]
        return waiting, playing

    async def my_sessions(self) -> list[SessionId]:
        """Return the live sessions that are ours."""
        session = tables.session
        query = select(session.c.id).where(session.c.owner == self._me, session.c.ended_at_ms.is_(None))
        async with self._engine.connect() as connection:
            return [SessionId(row.id) for row in await connection.execute(query)]

    async def is_home_of(self, node_id: NodeId) -> bool:
        """Tell whether a node is ours."""
        query = select(tables.node.c.home).where(tables.node.c.id == node_id)
        async with self._engine.connect() as connection:
            return await connection.scalar(query) == self._me

    async def whereabouts(self, session_id: str) -> Whereabouts | None:
        """Return whose a session is; None if there never was one."""
        session = tables.session
        query = select(session.c.owner, session.c.ended_at_ms).where(session.c.id == session_id)
        async with self._engine.connect() as connection:
            row = (await connection.execute(query)).first()
        if row is None:
            return None
        return Whereabouts(ReplicaId(row.owner) if row.owner else None, row.ended_at_ms is not None)

    async def node_of(self, session_id: str) -> NodeId | None:
        """Return the node that a session is on."""
        session, placement = tables.session, tables.placement
        query = select(placement.c.node_id).join(
            session, (placement.c.session_id == session.c.id) & (placement.c.epoch == session.c.epoch)
        )
        async with self._engine.connect() as connection:
            found: str | None = await connection.scalar(query.where(session.c.id == session_id))
        return NodeId(found) if found is not None else None

    async def home_of(self, node_id: str) -> Whereabouts | None:
        """Return whose a node is; None if there never was one."""
        query = select(tables.node.c.id, tables.node.c.home).where(tables.node.c.id == node_id)
        async with self._engine.connect() as connection:
            row = (await connection.execute(query)).first()
        return Whereabouts(ReplicaId(row.home) if row.home else None, ended=False) if row is not None else None

    async def invited_to(self, code: str) -> str | None:
        """Return the session that an invitation's code leads to, live or ended."""
        query = select(tables.invitation.c.session_id).where(tables.invitation.c.code_sha256 == digest(code))
        async with self._engine.connect() as connection:
            found: str | None = await connection.scalar(query)
        return found

    async def distant_nodes(self) -> list[DistantNode]:
        """Return the nodes of the other replicas that live."""
        node = tables.node
        light = (
            node.c.id, node.c.home, node.c.name, node.c.state, node.c.ready, node.c.drained, node.c.slots,
            node.c.claims,
        )  # fmt: skip
        others = node.c.home.in_(select(tables.replica.c.id).where(tables.replica.c.id != self._me))
        async with self._engine.connect() as connection:
            rows = list(await connection.execute(select(*light, node.c.offers).where(others)))
            stale = [row.id for row in rows if self._offers.get(row.id, (-1,))[0] != row.offers]
            await self._read_offers(connection, stale)
        return [
            DistantNode(
                NodeId(row.id), ReplicaId(row.home), row.name, NodeState(row.state), row.ready, row.drained,
                row.slots, row.claims, self._offers[row.id][1] if row.id in self._offers else None,
            )
            for row in rows
        ]  # fmt: skip

    async def _read_offers(self, connection: AsyncConnection, node_ids: list[str]) -> None:
        node = tables.node
        if not node_ids:
            return
        query = select(node.c.id, node.c.offer, node.c.offers)
        for row in await connection.execute(query.where(node.c.id.in_(node_ids), node.c.offer.is_not(None))):
            if row.offer is not None:
                self._offers[NodeId(row.id)] = (row.offers, _offer(row.offer))

    def _until(self, lease_s: float) -> ColumnElement[int]:
        return self._now_ms + int(lease_s * 1000)


def _clock_ms(engine: AsyncEngine) -> ColumnElement[int]:
    """Return the database's own clock in milliseconds since 1970."""
    if engine.dialect.name == "postgresql":
        return cast(extract("epoch", func.clock_timestamp()) * 1000, BigInteger)
    return cast((func.julianday("now") - 2440587.5) * 86_400_000, BigInteger)


def _nobodys(owner: ColumnElement[Any]) -> ColumnElement[bool]:
    alive = exists().where(tables.replica.c.id == owner)
    return or_(owner.is_(None), ~alive)


def _node(row: Row[Any]) -> Node:
    return Node(
        NodeId(row.id), TenantId(row.tenant_id), row.name, row.slots, NodeState.REGISTERING,
        drained=row.drained, drain_until_ms=row.drain_until_ms,
    )  # fmt: skip


def _offer(stored: Mapping[str, Any]) -> NodeOffer:
    lists = {name: tuple(value) for name, value in stored["capacity"].items() if isinstance(value, list)}
    capacity = NodeCapacity(**{**stored["capacity"], **lists})
    titles = tuple((title_id, version) for title_id, version in stored["titles"])
    port = stored["check_port"]
    return NodeOffer(capacity, titles, CheckPort(**{**port, "hosts": tuple(port["hosts"])}) if port else None)
