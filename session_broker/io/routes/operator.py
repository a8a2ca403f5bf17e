"""What operators see and do: nodes, sessions, a session's history, its end."""

from __future__ import annotations

import hashlib

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from session_broker.io.clock import monotonic_s
from session_broker.io.operator_views import NodeRow, PastRow, SessionRow, node_row, past_row, session_row
from session_broker.io.rights import BrokerDep, CallerDep, Right, require
from session_broker.io.session_history import PastEvent, PastPlacement
from wire.errors import Reason, WireError
from wire.ids import is_id

router = APIRouter(prefix="/api/v1/operator")

SESSIONS_SHOWN = 500
"""Live sessions that one answer lists, newest first."""

NODES_SHOWN = 200
"""Nodes that one answer lists; those that are here come first."""


class Overview(BaseModel):
    """Everything at a glance."""

    nodes: list[NodeRow]
    nodes_known: int
    sessions: list[SessionRow]
    sessions_live: int
    ended: list[PastRow]
    """The sessions that ended last, newest first."""


class History(BaseModel):
    """One session in full."""

    session: PastRow
    detail: str
    """The title's last words, once it has ended."""
    events: list[PastEvent]
    placements: list[PastPlacement]


@router.get("/overview", dependencies=[require(Right.OPERATOR)])
async def overview(request: Request, broker: BrokerDep, caller: CallerDep) -> Response:
    """Show nodes and sessions; 304 while nothing has changed since the answer that ``If-None-Match`` names."""
    ended = await broker.history.newest_ended(caller.tenant_id)
    started = await broker.history.started_at_ms(caller.tenant_id)
    coordinator, titles, now = broker.runner.coordinator, broker.config.titles, monotonic_s()
    sessions = list(coordinator.live_sessions())[::-1]
    nodes = sorted(coordinator.known_nodes(), key=lambda node: (node.link is None, node.name, node.node_id))
    answer = Overview(
        nodes=[node_row(node, now) for node in nodes[:NODES_SHOWN]],
        nodes_known=len(nodes),
        sessions=[session_row(each, started.get(each.session_id)) for each in sessions[:SESSIONS_SHOWN]],
        sessions_live=len(sessions),
        ended=[past_row(past, titles) for past in ended],
    )
    body = answer.model_dump_json().encode()
    headers = {"ETag": f'W/"{hashlib.sha256(body).hexdigest()[:32]}"', "Cache-Control": "no-cache"}
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)


@router.get("/sessions/{session_id}", dependencies=[require(Right.OPERATOR)])
async def history(session_id: str, broker: BrokerDep, caller: CallerDep) -> History:
    """Show what happened to a session, live or ended."""
    past = await broker.history.session(caller.tenant_id, session_id) if is_id(session_id, "ses") else None
    if past is None:
        raise WireError(Reason.UNKNOWN_SESSION, "there is no such session")
    return History(
        session=past_row(past, broker.config.titles),
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
