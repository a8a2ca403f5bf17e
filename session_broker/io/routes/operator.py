"""What operators see and do: nodes, sessions, the queue; a session's history, priority and end; draining a node.

Each replica knows its own nodes and sessions in full, so whichever is asked for everything asks the others.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from session_broker.core.effects import ReplicaId
from session_broker.core.queue import PRIORITY_MAX
from session_broker.io.broker import Broker
from session_broker.io.clock import monotonic_s
from session_broker.io.operator_views import NodeRow, PastRow, SessionRow, node_row, past_row, session_row
from session_broker.io.rights import BrokerDep, CallerDep, Right, caller_of, require
from session_broker.io.session_history import PastEvent, PastPlacement
from wire.errors import Reason, WireError
from wire.ids import NodeId, is_id
from wire.limits import CLOSING_MAX_MS

router = APIRouter(prefix="/api/v1/operator")

SESSIONS_SHOWN = 500
"""Live sessions that one answer lists, newest first."""

NODES_SHOWN = 200
"""Nodes that one answer lists; those that are here come first."""

PART_TIMEOUT_S = 1.5
"""Seconds that another replica has to say what it knows."""

DRAIN_MAX_S = CLOSING_MAX_MS / 1000.0
"""Longest time that a drained node may be given."""


class Overview(BaseModel):
    """Everything at a glance."""

    nodes: list[NodeRow]
    nodes_known: int
    sessions: list[SessionRow]
    sessions_live: int
    ended: list[PastRow]
    """The sessions that ended last, newest first."""
    replicas: int
    """Brokers that share this work."""
    replicas_silent: int
    """Those of them that did not answer; their nodes and sessions are missing here."""


class QueueRow(BaseModel):
    """A session that waits."""

    session_id: str
    place: int
    """1 is next."""
    wait_s: float | None
    """Expected, as the queue has moved of late; null while nobody knows."""
    error_s: float | None
    """Standard error of that."""
    title_id: str
    player_id: str
    priority: int
    queued_at_ms: int


class Queue(BaseModel):
    """Everybody who waits, next first."""

    waiting: list[QueueRow]
    waiting_total: int


class NewPriority(BaseModel):
    """How much earlier than others."""

    priority: int = Field(ge=0, le=PRIORITY_MAX)


class DrainWish(BaseModel):
    """How a node shall be drained."""

    deadline_s: float | None = Field(default=None, ge=0, le=DRAIN_MAX_S)
    """Seconds after which what still runs is ended; null leaves it to the players."""


class Enrolment(BaseModel):
    """What lets one new node in."""

    token: str
    """For one node, once; it is not stored and cannot be shown again."""


class History(BaseModel):
    """One session in full."""

    session: PastRow
    detail: str
    """The title's last words, once it has ended."""
    events: list[PastEvent]
    placements: list[PastPlacement]


@router.get("/overview", dependencies=[require(Right.OPERATOR)])
async def overview(request: Request, broker: BrokerDep, caller: CallerDep, here: bool = False) -> Response:
    """Show nodes and sessions; 304 while nothing has changed since the answer that ``If-None-Match`` names.

    With ``here``, only what is this replica's.
    """
    ended = await broker.history.newest_ended(caller.tenant_id)
    started = await broker.history.started_at_ms(caller.tenant_id)
    others = frozenset() if here else broker.replicas.members - {broker.replicas.me}
    parts = await asyncio.gather(*(_part(other, request, broker) for other in sorted(others)))
    parts.append(_own_part(broker, started))
    nodes = [node for part in parts if part is not None for node in part.nodes]
    sessions = [session for part in parts if part is not None for session in part.sessions]
    answer = Overview(
        nodes=sorted(nodes, key=lambda node: (not node.connected, node.name, node.node_id))[:NODES_SHOWN],
        nodes_known=sum(part.nodes_known for part in parts if part is not None),
        sessions=sorted(sessions, key=lambda each: each.created_at_ms or 0, reverse=True)[:SESSIONS_SHOWN],
        sessions_live=sum(part.sessions_live for part in parts if part is not None),
        ended=[past_row(past, broker.catalogue.manifests()) for past in ended],
        replicas=len(parts),
        replicas_silent=parts.count(None),
    )
    body = answer.model_dump_json().encode()
    headers = {"ETag": f'W/"{hashlib.sha256(body).hexdigest()[:32]}"', "Cache-Control": "no-cache"}
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)


class _Part(BaseModel):
    """One replica's share of the overview."""

    nodes: list[NodeRow]
    nodes_known: int
    sessions: list[SessionRow]
    sessions_live: int


def _own_part(broker: Broker, started: Mapping[str, int]) -> _Part:
    coordinator, now = broker.runner.coordinator, monotonic_s()
    sessions = list(coordinator.live_sessions())[::-1]
    nodes = sorted(coordinator.known_nodes(), key=lambda node: (node.link is None, node.name, node.node_id))
    return _Part(
        nodes=[node_row(node, broker.config.regions, now) for node in nodes[:NODES_SHOWN]],
        nodes_known=len(nodes),
        sessions=[session_row(each, started.get(each.session_id)) for each in sessions[:SESSIONS_SHOWN]],
        sessions_live=len(sessions),
    )


async def _part(other: ReplicaId, request: Request, broker: Broker) -> _Part | None:
    """Return another replica's share; None if it does not answer."""
    device_id = caller_of(request).device_id
    answer = await broker.forwarding.ask(other, request, device_id, query="here=true", timeout_s=PART_TIMEOUT_S)
    response = answer.response
    return _Part.model_validate_json(bytes(response.body)) if response.status_code == 200 else None


@router.get("/queue", dependencies=[require(Right.OPERATOR)])
async def queue(broker: BrokerDep) -> Queue:
    """Show who waits, at every replica."""
    waiting = broker.runner.coordinator.queue(monotonic_s())
    rows = [
        QueueRow(
            session_id=entry.session_id,
            place=standing.place,
            wait_s=standing.wait_s,
            error_s=standing.error_s,
            title_id=entry.title_id,
            player_id=entry.player_id,
            priority=entry.priority,
            queued_at_ms=entry.queued_at_ms,
        )
        for entry, standing in waiting[:SESSIONS_SHOWN]
    ]
    return Queue(waiting=rows, waiting_total=len(waiting))


@router.post("/enrolments", status_code=201, dependencies=[require(Right.OPERATOR)])
async def enrol(broker: BrokerDep, caller: CallerDep) -> Enrolment:
    """Make a token with which one node may enrol, at any broker of this database."""
    return Enrolment(token=await broker.accounts.mint_enrolment(caller.tenant_id))


@router.put("/nodes/{node_id}/drain", status_code=204, dependencies=[require(Right.OPERATOR)])
async def drain(node_id: str, body: DrainWish, broker: BrokerDep) -> Response:
    """Let a node take no more sessions, until it is undrained."""
    runner = broker.runner
    await runner.run(lambda now: runner.coordinator.drain(node_id, body.deadline_s, now))
    return Response(status_code=204)


@router.delete("/nodes/{node_id}/drain", status_code=204, dependencies=[require(Right.OPERATOR)])
async def undrain(node_id: str, broker: BrokerDep) -> Response:
    """Let a node take sessions again."""
    runner = broker.runner
    await runner.run(lambda now: runner.coordinator.undrain(node_id, now))
    await broker.upgrades.wish(NodeId(node_id), replace=False)
    return Response(status_code=204)


@router.put("/sessions/{session_id}/priority", status_code=204, dependencies=[require(Right.OPERATOR)])
async def prioritise(session_id: str, body: NewPriority, broker: BrokerDep) -> Response:
    """Let a session wait less or more than others."""
    runner = broker.runner
    await runner.run(lambda now: runner.coordinator.set_priority(session_id, body.priority, now))
    return Response(status_code=204)


@router.get("/sessions/{session_id}", dependencies=[require(Right.OPERATOR)])
async def history(session_id: str, broker: BrokerDep, caller: CallerDep) -> History:
    """Show what happened to a session, live or ended."""
    past = await broker.history.session(caller.tenant_id, session_id) if is_id(session_id, "ses") else None
    if past is None:
        raise WireError(Reason.UNKNOWN_SESSION, "there is no such session")
    return History(
        session=past_row(past, broker.catalogue.manifests()),
        detail=past.detail,
        events=await broker.history.events(session_id),
        placements=await broker.history.placements(session_id),
    )


@router.delete("/sessions/{session_id}", status_code=202, dependencies=[require(Right.OPERATOR)])
async def end_session(session_id: str, broker: BrokerDep, caller: CallerDep) -> History:
    """End anybody's session; ending it again changes nothing."""
    await history(session_id, broker, caller)
    runner = broker.runner
    await runner.run(lambda now: runner.coordinator.end_session(session_id, Reason.ENDED_BY_OPERATOR, now))
    return await history(session_id, broker, caller)
