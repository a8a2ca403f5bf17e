"""The core's writes as SQL, fenced: a batch is refused whole if another replica owns something that it is about."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Table, and_, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from session_broker.core.bus_messages import SessionHandedOver
from session_broker.core.effects import (
    AppendEvent,
    HandOver,
    NodeOffer,
    ReplicaId,
    SaveAdmission,
    SaveInvitation,
    SaveNode,
    SaveParticipant,
    SavePlacement,
    SaveSession,
    Write,
)
from session_broker.io import tables
from session_broker.io.bus import Post, write_posts
from wire.ids import NodeId, SessionId
from wire.session_control import SessionState


class Overtaken(Exception):
    """Nothing was written: other replicas own these by now, or have made the same player's session of a title.

    Attributes:
        sessions: Sessions of the batch that are not ours.
        nodes: Nodes of the batch that are not ours.
    """

    def __init__(self, sessions: frozenset[SessionId], nodes: frozenset[NodeId]) -> None:
        super().__init__(f"sessions {sorted(sessions)}, nodes {sorted(nodes)}")
        self.sessions = sessions
        self.nodes = nodes


async def write_batch(
    connection: AsyncConnection, writes: Sequence[Write], posts: Sequence[Post], me: ReplicaId, at_ms: int
) -> None:
    """Do all writes in order, then post. Doing them again after a failure changes nothing.

    Args:
        connection: In a transaction, which the caller rolls back if this raises.
        writes: From one step of the core.
        posts: Messages to other replicas that the step caused.
        me: The replica that writes.
        at_ms: Milliseconds since 1970.

    Raises:
        Overtaken: by whom is in the rows.
    """
    await _check_ours(connection, writes, me)
    for write in writes:
        try:
            await _write(connection, write, me, at_ms)
        except IntegrityError as error:
            if isinstance(write, SaveSession):
                raise Overtaken(frozenset({write.session_id}), frozenset()) from error
            raise
    await write_posts(connection, posts, me, at_ms)


async def _check_ours(connection: AsyncConnection, writes: Sequence[Write], me: ReplicaId) -> None:
    """Lock the rows that the writes are about, nodes first like everybody, and compare their owners."""
    node_ids = {w.node_id for w in writes if isinstance(w, SaveNode | SavePlacement)}
    session_ids = {w.session_id for w in writes if not isinstance(w, SaveNode)}
    node, session = tables.node, tables.session
    foreign_nodes: frozenset[NodeId] = frozenset()
    if node_ids:
        query = select(node.c.id, node.c.home).where(node.c.id.in_(node_ids)).order_by(node.c.id).with_for_update()
        foreign_nodes = frozenset(NodeId(row.id) for row in await connection.execute(query) if row.home != me)
    foreign: set[SessionId] = {
        w.session_id for w in writes if isinstance(w, SavePlacement) and w.node_id in foreign_nodes
    }
    if session_ids:
        query = select(session.c.id, session.c.owner).where(session.c.id.in_(session_ids))
        rows = await connection.execute(query.order_by(session.c.id).with_for_update())
        foreign |= {SessionId(row.id) for row in rows if row.owner != me}
    if foreign or foreign_nodes:
        raise Overtaken(frozenset(foreign), foreign_nodes)


async def put(
    connection: AsyncConnection,
    table: Table,
    key: Mapping[str, Any],
    values: Mapping[str, Any],
    first: Mapping[str, Any],
) -> None:
    """Update a row, or insert it with ``first`` added. One writer per row, so the two steps cannot race."""
    here = and_(*(table.c[name] == value for name, value in key.items()))
    changed = await connection.execute(update(table).where(here).values(values or key))
    if changed.rowcount == 0:
        await connection.execute(insert(table).values({**first, **values, **key}))


async def _write(connection: AsyncConnection, write: Write, me: ReplicaId, at_ms: int) -> None:
    match write:
        case SaveSession():
            ended_at_ms = at_ms if write.state is SessionState.ENDED else None
            values = {
                "state": write.state, "reason": write.reason, "detail": write.detail, "epoch": write.epoch,
                "priority": write.priority,
            }  # fmt: skip
            first = {
                "queued_at_ms": write.queued_at_ms,
                "tenant_id": write.tenant_id, "player_id": write.player_id, "title_id": write.title_id,
                "title_version": write.title_version, "created_at_ms": at_ms, "owner": me,
                "options": dict(write.options),
            }  # fmt: skip
            changed = {**values, "changed_at_ms": at_ms, "ended_at_ms": ended_at_ms}
            await put(connection, tables.session, {"id": write.session_id}, changed, first)
        case SavePlacement():
            key = {"session_id": write.session_id, "epoch": write.epoch}
            values = {"state": write.state, "reason": write.reason, "changed_at_ms": at_ms}
            first = {"tenant_id": write.tenant_id, "node_id": write.node_id, "created_at_ms": at_ms}
            await put(connection, tables.placement, key, values, first)
        case SaveParticipant() | SaveInvitation() | SaveAdmission():
            await _write_table(connection, write, at_ms)
        case SaveNode():
            # SQLite locks nothing for a SELECT, so the fleet may have retired the node since.
            mine = update(tables.node).where(tables.node.c.id == write.node_id, tables.node.c.home == me)
            if (await connection.execute(mine.values(_node_values(write, at_ms)))).rowcount != 1:
                raise Overtaken(frozenset(), frozenset({write.node_id}))
        case HandOver():
            given = update(tables.session).where(tables.session.c.id == write.session_id)
            await connection.execute(given.values(owner=write.to))
            await write_posts(connection, (Post(write.to, SessionHandedOver(write.session_id)),), me, at_ms)
        case AppendEvent():
            row = {
                "tenant_id": write.tenant_id, "session_id": write.session_id, "happened_at_ms": at_ms,
                "event": write.event, "reason": write.reason, "data": dict(write.data),
            }  # fmt: skip
            await connection.execute(insert(tables.session_event).values(row))


async def _write_table(
    connection: AsyncConnection, write: SaveParticipant | SaveInvitation | SaveAdmission, at_ms: int
) -> None:
    match write:
        case SaveParticipant():
            first = {
                "tenant_id": write.tenant_id, "session_id": write.session_id, "player_id": write.player_id,
                "number": write.number, "joined_at_ms": at_ms,
            }  # fmt: skip
            left_at_ms = at_ms if write.left else None
            now = {"role": write.role, "seats": list(write.seats), "left_at_ms": left_at_ms}
            await put(connection, tables.participant, {"id": write.participant_id}, now, first)
        case SaveInvitation():
            first = {
                "tenant_id": write.tenant_id, "session_id": write.session_id, "code_sha256": write.code_sha256,
                "kind": write.kind, "created_at_ms": at_ms, "expires_at_ms": write.expires_at_ms,
            }  # fmt: skip
            values = {"used_by": write.used_by, "revoked_at_ms": at_ms if write.revoked else None}
            await put(connection, tables.invitation, {"id": write.invitation_id}, values, first)
        case SaveAdmission():
            key = {"session_id": write.session_id, "player_id": write.player_id}
            admitted = {
                "invitation_id": write.invitation_id, "role": write.role,
                "barred_at_ms": at_ms if write.barred else None,
            }  # fmt: skip
            first = {"tenant_id": write.tenant_id, "guest": write.guest, "admitted_at_ms": at_ms}
            await put(connection, tables.admission, key, admitted, first)


def _node_values(write: SaveNode, at_ms: int) -> dict[str, Any]:
    values: dict[str, Any] = {
        "state": write.state, "name": write.name, "slots": write.slots, "ready": write.ready, "claims": write.claims,
        "drained": write.drained, "drain_until_ms": write.drain_until_ms,
        "changed_at_ms": at_ms,
    }  # fmt: skip
    if write.offer is not None:
        values |= {"offer": _offer_json(write.offer), "offers": tables.node.c.offers + 1}
    return values


def _offer_json(offer: NodeOffer) -> dict[str, Any]:
    return {
        "capacity": asdict(offer.capacity),
        "titles": [list(title) for title in offer.titles],
        "check_port": asdict(offer.check_port) if offer.check_port is not None else None,
        "archives": list(offer.archives),
    }
