"""The core's writes as SQL, fenced: a batch is refused whole if another replica owns something that it is about."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any, TypeVar

from sqlalchemy import BindParameter, bindparam, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from session_broker.core.bus_messages import SessionHandedOver
from session_broker.core.effects import (
    AppendEvent,
    HandOver,
    NodeOffer,
    ReplicaId,
    SaveAdmission,
    SaveInterval,
    SaveInvitation,
    SaveNode,
    SaveParticipant,
    SavePlacement,
    SaveSession,
    Write,
)
from session_broker.io import tables
from session_broker.io.bus import Post, write_posts
from session_broker.io.ledger import write_intervals
from session_broker.io.upsert import Put, put
from wire.ids import NodeId, SessionId
from wire.session_control import SessionState

W = TypeVar("W", SaveSession, SaveParticipant, SaveInvitation, SaveAdmission, SavePlacement)

# Statements are made once: to make one costs the broker more than to have it run.
_IDS: BindParameter[list[str]] = bindparam("ids", expanding=True)
_node, _session_row = tables.node.c, tables.session.c
_NODES = select(_node.id, _node.home).where(_node.id.in_(_IDS)).order_by(_node.id).with_for_update()
_SESSIONS = (
    select(_session_row.id, _session_row.owner)
    .where(_session_row.id.in_(_IDS))
    .order_by(_session_row.id)
    .with_for_update()
)
_NEW_EVENT = insert(tables.session_event)


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
    """Write, then post. A row that is written several times gets its last values; events keep their order.

    Args:
        connection: In a transaction, which the caller rolls back if this raises.
        writes: From one step of the core or several, in order.
        posts: Messages to other replicas that they caused.
        me: The replica that writes.
        at_ms: Milliseconds since 1970.

    Raises:
        Overtaken: by whom is in the rows.
    """
    await _check_ours(connection, writes, me)
    # By the index that lets a player have one live session of a title: two replicas that make sessions of the same
    # players would else wait for each other. Those of one player and title keep their order.
    for session in sorted(_latest(writes, SaveSession), key=lambda write: (write.player_id, write.title_id)):
        try:
            await put(connection, tables.session, _session(session, me, at_ms))
        except IntegrityError as error:
            raise Overtaken(frozenset({session.session_id}), frozenset()) from error
    await put(connection, tables.participant, *(_participant(w, at_ms) for w in _latest(writes, SaveParticipant)))
    await put(connection, tables.invitation, *(_invitation(w, at_ms) for w in _latest(writes, SaveInvitation)))
    await put(connection, tables.admission, *(_admission(w, at_ms) for w in _latest(writes, SaveAdmission)))
    await put(connection, tables.placement, *(_placement(w, at_ms) for w in _latest(writes, SavePlacement)))
    await write_intervals(connection, [write for write in writes if isinstance(write, SaveInterval)])
    await _write_nodes(connection, writes, me, at_ms)
    events = [_event(w, at_ms) for w in writes if isinstance(w, AppendEvent)]
    if events:
        await connection.execute(_NEW_EVENT, events)
    handed = [w for w in writes if isinstance(w, HandOver)]
    for each in handed:
        given = update(tables.session).where(tables.session.c.id == each.session_id)
        await connection.execute(given.values(owner=each.to))
    news = [Post(each.to, SessionHandedOver(each.session_id)) for each in handed]
    await write_posts(connection, [*news, *posts], me, at_ms)


_KEYS: Mapping[type[Any], Callable[[Any], object]] = {
    SaveSession: lambda w: w.session_id,
    SaveParticipant: lambda w: w.participant_id,
    SaveInvitation: lambda w: w.invitation_id,
    SaveAdmission: lambda w: (w.session_id, w.player_id),
    SavePlacement: lambda w: (w.session_id, w.epoch),
}


def _latest(writes: Sequence[Write], kind: type[W]) -> list[W]:
    """Return the last write of each row of a kind, in the order in which the rows were written first."""
    return list({_KEYS[kind](write): write for write in writes if isinstance(write, kind)}.values())


async def _check_ours(connection: AsyncConnection, writes: Sequence[Write], me: ReplicaId) -> None:
    """Lock the rows that the writes are about, nodes first like everybody, and compare their owners."""
    node_ids = {w.node_id for w in writes if isinstance(w, SaveNode | SavePlacement)}
    session_ids = {w.session_id for w in writes if not isinstance(w, SaveNode)}
    foreign_nodes: frozenset[NodeId] = frozenset()
    if node_ids:
        rows = await connection.execute(_NODES, {"ids": list(node_ids)})
        foreign_nodes = frozenset(NodeId(row.id) for row in rows if row.home != me)
    foreign: set[SessionId] = {
        w.session_id for w in writes if isinstance(w, SavePlacement) and w.node_id in foreign_nodes
    }
    if session_ids:
        rows = await connection.execute(_SESSIONS, {"ids": list(session_ids)})
        foreign |= {SessionId(row.id) for row in rows if row.owner != me}
    if foreign or foreign_nodes:
        raise Overtaken(frozenset(foreign), foreign_nodes)


def _session(write: SaveSession, me: ReplicaId, at_ms: int) -> Put:
    values = {
        "state": write.state, "reason": write.reason, "detail": write.detail, "epoch": write.epoch,
        "priority": write.priority, "changed_at_ms": at_ms, "running_since_at_ms": write.running_since_ms,
        "ended_at_ms": at_ms if write.state is SessionState.ENDED else None,
    }  # fmt: skip
    first = {
        "queued_at_ms": write.queued_at_ms,
        "tenant_id": write.tenant_id, "player_id": write.player_id, "title_id": write.title_id,
        "title_version": write.title_version, "created_at_ms": at_ms, "owner": me,
        "options": dict(write.options), "round_trips_ms": dict(write.round_trips_ms),
        "traceparent": write.traceparent,
    }  # fmt: skip
    return Put({"id": write.session_id}, values, first)


def _placement(write: SavePlacement, at_ms: int) -> Put:
    values = {"state": write.state, "reason": write.reason, "changed_at_ms": at_ms}
    first = {"tenant_id": write.tenant_id, "node_id": write.node_id, "created_at_ms": at_ms}
    return Put({"session_id": write.session_id, "epoch": write.epoch}, values, first)


def _participant(write: SaveParticipant, at_ms: int) -> Put:
    values = {"role": write.role, "seats": list(write.seats), "left_at_ms": at_ms if write.left else None}
    first = {
        "tenant_id": write.tenant_id, "session_id": write.session_id, "player_id": write.player_id,
        "number": write.number, "joined_at_ms": at_ms,
    }  # fmt: skip
    return Put({"id": write.participant_id}, values, first)


def _invitation(write: SaveInvitation, at_ms: int) -> Put:
    values = {"used_by": write.used_by, "revoked_at_ms": at_ms if write.revoked else None}
    first = {
        "tenant_id": write.tenant_id, "session_id": write.session_id, "code_sha256": write.code_sha256,
        "kind": write.kind, "created_at_ms": at_ms, "expires_at_ms": write.expires_at_ms,
    }  # fmt: skip
    return Put({"id": write.invitation_id}, values, first)


def _admission(write: SaveAdmission, at_ms: int) -> Put:
    values = {
        "invitation_id": write.invitation_id, "role": write.role,
        "barred_at_ms": at_ms if write.barred else None,
    }  # fmt: skip
    first = {"tenant_id": write.tenant_id, "guest": write.guest, "admitted_at_ms": at_ms}
    return Put({"session_id": write.session_id, "player_id": write.player_id}, values, first)


def _event(write: AppendEvent, at_ms: int) -> dict[str, Any]:
    return {
        "tenant_id": write.tenant_id, "session_id": write.session_id, "happened_at_ms": at_ms,
        "event": write.event, "reason": write.reason, "data": dict(write.data),
    }  # fmt: skip


async def _write_nodes(connection: AsyncConnection, writes: Sequence[Write], me: ReplicaId, at_ms: int) -> None:
    """Write each node once: as it was saved last, with what it offered last."""
    values: dict[NodeId, dict[str, Any]] = {}
    for write in writes:
        if isinstance(write, SaveNode):
            values.setdefault(write.node_id, {}).update(_node_values(write, at_ms))
    for node_id, changed in values.items():
        # SQLite locks nothing for a SELECT, so the fleet may have retired the node since.
        mine = update(tables.node).where(tables.node.c.id == node_id, tables.node.c.home == me)
        if (await connection.execute(mine.values(changed))).rowcount != 1:
            raise Overtaken(frozenset(), frozenset({node_id}))


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
        "region": offer.region,
    }
