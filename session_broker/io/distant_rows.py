"""What other replicas own, in SQL: whose something is, their nodes, their sessions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from session_broker.core.effects import NodeOffer, ReplicaId
from session_broker.core.node_table import NodeState
from session_broker.core.placement_table import ON_NODE
from session_broker.core.queue import Waiting
from session_broker.core.records import DistantNode
from session_broker.core.tickets import digest
from session_broker.io import tables
from session_broker.io.database import single_statements
from session_broker.io.leases import clock_ms
from wire.ids import NodeId, PlayerId, SessionId, TitleId
from wire.node_control import CheckPort, NodeCapacity
from wire.session_control import SessionState


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Whose a session or a node is; a node never ends."""

    owner: ReplicaId | None
    """None until somebody takes it."""
    ended: bool


class DistantRows:
    """Reads only."""

    def __init__(self, engine: AsyncEngine, me: ReplicaId) -> None:
        self._single = single_statements(engine)
        self._me = me
        self._now_ms = clock_ms(engine)
        self._offers: dict[NodeId, tuple[int, NodeOffer]] = {}

    async def distant_nodes(self) -> list[DistantNode]:
        """Return the nodes of the other replicas; those of one whose lease has lapsed are not ready for new work."""
        node, home = tables.node, tables.replica
        holds = home.c.expires_at_ms >= self._now_ms
        light = (
            node.c.id, node.c.home, node.c.name, node.c.state, (node.c.ready & holds).label("ready"), node.c.drained,
            node.c.slots, node.c.claims,
        )  # fmt: skip
        query = select(*light, node.c.offers).join(home, home.c.id == node.c.home).where(home.c.id != self._me)
        async with self._single.connect() as connection:
            rows = list(await connection.execute(query))
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

    async def distant_sessions(self) -> tuple[list[Waiting], dict[PlayerId, int]]:
        """Return who waits with other replicas, and how many other sessions of each account they have."""
        session = tables.session
        theirs = session.c.ended_at_ms.is_(None), session.c.owner != self._me
        waits = session.c.state == SessionState.QUEUED
        who = (
            session.c.id, session.c.player_id, session.c.title_id, session.c.queued_at_ms, session.c.priority,
            session.c.round_trips_ms,
        )  # fmt: skip
        counted = select(session.c.player_id, func.count().label("sessions")).where(*theirs, ~waits)
        async with self._single.connect() as connection:
            rows = list(await connection.execute(select(*who).where(*theirs, waits)))
            counts = await connection.execute(counted.group_by(session.c.player_id))
            playing = {PlayerId(row.player_id): row.sessions for row in counts}
        waiting = [
            Waiting(
                SessionId(row.id), PlayerId(row.player_id), TitleId(row.title_id), row.queued_at_ms, row.priority,
                dict(row.round_trips_ms),
            )
            for row in rows
        ]  # fmt: skip
        return waiting, playing

    async def whereabouts(self, session_id: str) -> Whereabouts | None:
        """Return whose a session is; None if there never was one."""
        session = tables.session
        query = select(session.c.owner, session.c.ended_at_ms).where(session.c.id == session_id)
        async with self._single.connect() as connection:
            row = (await connection.execute(query)).first()
        if row is None:
            return None
        return Whereabouts(ReplicaId(row.owner) if row.owner else None, row.ended_at_ms is not None)

    async def home_of(self, node_id: str) -> Whereabouts | None:
        """Return whose a node is; None if there never was one."""
        query = select(tables.node.c.id, tables.node.c.home).where(tables.node.c.id == node_id)
        async with self._single.connect() as connection:
            row = (await connection.execute(query)).first()
        return Whereabouts(ReplicaId(row.home) if row.home else None, ended=False) if row is not None else None

    async def node_of(self, session_id: str) -> NodeId | None:
        """Return the node that a session is on."""
        session, placement = tables.session, tables.placement
        query = select(placement.c.node_id).join(
            session, (placement.c.session_id == session.c.id) & (placement.c.epoch == session.c.epoch)
        )
        async with self._single.connect() as connection:
            found: str | None = await connection.scalar(
                query.where(session.c.id == session_id, placement.c.state.in_(ON_NODE))
            )
        return NodeId(found) if found is not None else None

    async def invited_to(self, code: str) -> str | None:
        """Return the session that an invitation's code leads to, live or ended."""
        query = select(tables.invitation.c.session_id).where(tables.invitation.c.code_sha256 == digest(code))
        async with self._single.connect() as connection:
            found: str | None = await connection.scalar(query)
        return found


def _offer(stored: Mapping[str, Any]) -> NodeOffer:
    lists = {name: tuple(value) for name, value in stored["capacity"].items() if isinstance(value, list)}
    capacity = NodeCapacity(**{**stored["capacity"], **lists})
    titles = tuple((title_id, version) for title_id, version in stored["titles"])
    port = stored["check_port"]
    check_port = CheckPort(**{**port, "hosts": tuple(port["hosts"])}) if port else None
    # A replica of an earlier version, which writes neither archives nor region, may still run beside this one.
    return NodeOffer(capacity, titles, check_port, tuple(stored.get("archives", ())), stored.get("region", ""))
