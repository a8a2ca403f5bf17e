"""Sessions: make or resume, look at, end; and the sockets of tabs and nodes."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Header, Response, WebSocket
from pydantic import BaseModel, Field

from session_broker.core.records import Session
from session_broker.io.broker import Broker
from session_broker.io.catalogue import BETA
from session_broker.io.node_socket import serve_node
from session_broker.io.request_traces import RequestTrace
from session_broker.io.rights import BrokerDep, CallerDep, Right, broker_of, caller_of, require
from session_broker.io.routes.titles import PlayedTitle, played_title
from session_broker.io.session_starts import find_or_make
from session_broker.io.store import StoredSession
from session_broker.io.tab_socket import serve_tab
from wire.errors import Reason, WireError
from wire.limits import REGIONS_MAX
from wire.session_control import Role
from wire.title_options import OPTIONS_MAX
from wire.tracing import TRACEPARENT_CHARS, parse_traceparent

router = APIRouter(prefix="/api/v1")

SHOWN_MS_MAX = 24 * 3600 * 1000.0
"""Longest wait for a picture that a page may tell of."""


class NewSession(BaseModel):
    """What to play."""

    title_id: str = Field(min_length=1, max_length=64 + len(BETA))
    options: dict[str, str] = Field(default={}, max_length=OPTIONS_MAX)
    """What to set of what the title's ``title.toml`` declares; a session that is there already keeps its own."""
    round_trips_ms: dict[str, float] = Field(default={}, max_length=REGIONS_MAX)
    """To regions, as the page has measured; a new session goes to a near one. Unknown regions are ignored."""


class SessionMade(BaseModel):
    """The live session of a title."""

    session_id: str
    title_id: str
    state: str
    created: bool
    traced: bool
    """Whether its start is traced, so that the page's word for its first picture is wanted."""


class FirstPicture(BaseModel):
    """What a page saw of its session's start, by its own clock, in milliseconds since the click."""

    traceparent: str = Field(max_length=TRACEPARENT_CHARS)
    """With which it asked for the session."""
    asked_ms: float = Field(ge=0.0, le=SHOWN_MS_MAX)
    shown_ms: float = Field(ge=0.0, le=SHOWN_MS_MAX)


class SessionView(BaseModel):
    """A session as its player sees it."""

    session_id: str
    title_id: str
    title_name: str
    state: str
    reason: str | None
    detail: str


class Sessions(BaseModel):
    """A player's newest sessions, newest first."""

    sessions: list[SessionView]


@router.post("/sessions", status_code=201, dependencies=[require(Right.SIGNED_IN)])
async def create_session(
    body: NewSession,
    response: Response,
    broker: BrokerDep,
    caller: CallerDep,
    traceparent: Annotated[str | None, Header()] = None,
) -> SessionMade:
    """Resume my live session of a title (200), or make one (201)."""
    on_span = broker.runner.on_span
    trace = RequestTrace(traceparent, on_span) if on_span is not None else None
    if body.title_id.endswith(BETA) and not caller.is_developer:
        raise WireError(Reason.UNKNOWN_TITLE, "there is no such title here")
    asked = trace.asked if trace is not None else None
    session, created = await find_or_make(
        broker, caller.player_id, body.title_id, body.options, body.round_trips_ms, asked
    )
    if created and trace is not None:
        trace.made(session.session_id, _title_id(session))
    response.status_code = 201 if created else 200
    response.headers["Location"] = f"/api/v1/sessions/{session.session_id}"
    return SessionMade(
        session_id=session.session_id, title_id=_title_id(session), state=session.state, created=created,
        traced=asked is not None and isinstance(session, Session) and session.trace == asked.trace,
    )  # fmt: skip


@router.get("/sessions", dependencies=[require(Right.SIGNED_IN)])
async def list_sessions(broker: BrokerDep, caller: CallerDep) -> Sessions:
    """List my sessions."""
    return Sessions(sessions=[_view(broker, s) for s in await broker.store.sessions_of(caller.player_id)])


@router.get("/sessions/{session_id}", dependencies=[require(Right.SESSION_PARTICIPANT)])
async def get_session(session_id: str, broker: BrokerDep) -> SessionView:
    """Look at one of my sessions, live or ended, or at a live one that I take part in."""
    return _view(broker, await _known(broker, session_id))


@router.get("/sessions/{session_id}/title", dependencies=[require(Right.SESSION_PARTICIPANT)])
async def get_title(session_id: str, broker: BrokerDep) -> PlayedTitle:
    """Look how the title of such a session is played: all that a guest may read of the catalogue."""
    return played_title(broker, _title_id(await _known(broker, session_id)))


@router.post("/sessions/{session_id}/first-picture", status_code=204, dependencies=[require(Right.SESSION_OWNER)])
async def first_picture(session_id: str, body: FirstPicture, broker: BrokerDep) -> None:
    """Tell that the page shows its first picture, for the trace of the session's start; heard once."""
    runner, told = broker.runner, parse_traceparent(body.traceparent)
    if runner.on_span is None:
        return
    await runner.run(
        lambda now: runner.coordinator.first_picture_shown(
            session_id, told, asked_s=body.asked_ms / 1000.0, shown_s=body.shown_ms / 1000.0, now=now
        )
    )


@router.delete("/sessions/{session_id}", status_code=202, dependencies=[require(Right.SESSION_OWNER)])
async def end_session(session_id: str, broker: BrokerDep) -> SessionView:
    """End one of my sessions; ending it again changes nothing."""
    runner = broker.runner
    await runner.run(lambda now: runner.coordinator.end_session(session_id, Reason.ENDED_BY_PLAYER, now))
    return await get_session(session_id, broker)


async def _known(broker: Broker, session_id: str) -> Session | StoredSession:
    session = broker.runner.coordinator.session(session_id) or await broker.store.read_session(session_id)
    if session is None:
        raise WireError(Reason.UNKNOWN_SESSION, "you have no such session")
    return session


def _title_id(session: Session | StoredSession) -> str:
    return session.title_id if isinstance(session, StoredSession) else session.title.title_id


def _view(broker: Broker, session: Session | StoredSession) -> SessionView:
    title_id = _title_id(session)
    names = {manifest.id: manifest.names["en"] for manifest in broker.catalogue.manifests()}
    return SessionView(
        session_id=session.session_id,
        title_id=title_id,
        title_name=names.get(title_id, title_id),
        state=session.state,
        reason=session.reason,
        detail=session.detail,
    )


@router.websocket("/sessions/{session_id}/socket", dependencies=[require(Right.SESSION_PARTICIPANT)])
async def session_socket(websocket: WebSocket, session_id: str) -> None:
    """A tab's control connection."""
    try:
        role = Role(websocket.query_params.get("role", Role.PLAYER))
    except ValueError as error:
        raise WireError(Reason.MALFORMED, "role must be player or spectator") from error
    await serve_tab(broker_of(websocket), websocket, session_id, caller_of(websocket), role)


@router.websocket("/nodes/socket", dependencies=[require(Right.NODE)])
async def node_socket(websocket: WebSocket) -> None:
    """A node's control connection."""
    await serve_node(broker_of(websocket), websocket)
