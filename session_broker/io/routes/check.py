"""What the check page needs to try its way: which nodes answer checks, and a socket that gives back what it gets."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, WebSocket
from pydantic import BaseModel
from starlette.websockets import WebSocketDisconnect

from session_broker.core.node_table import NodeState
from session_broker.core.sign_in import Caller
from session_broker.core.tabs import check_admitted
from session_broker.io.broker import Broker
from session_broker.io.rights import BrokerDep, CallerDep, Right, require
from wire.errors import Reason, WireError
from wire.ids import NodeId
from wire.node_control import CheckPort

router = APIRouter(prefix="/api/v1/check")

NODES_TRIED = 4
"""Nodes that one page tries its way to."""

ECHOES_MAX = 32
ECHO_MAX_CHARS = 64
ECHO_S = 15.0
"""Seconds that an echo socket stays open at most."""

_CLOSE_DONE = 1000


class CheckNode(BaseModel):
    """A node's port for ICE checks."""

    node_id: str
    hosts: list[str]
    port: int
    ufrag: str
    password: str


class CheckPlan(BaseModel):
    """Where to try."""

    nodes_ready: int
    """Nodes that the caller may play on; those without a port to spare are not among ``nodes``."""
    nodes: list[CheckNode]


@router.get("", dependencies=[require(Right.GUEST)])
async def check_plan(broker: BrokerDep, caller: CallerDep) -> CheckPlan:
    """List where a page may try its way to the nodes; to a guest only the one that runs their game.

    Raises:
        WireError: ``unknown_session`` or ``kicked`` for a guest whose game is over or goes on without them.
    """
    ways = await _ways_of(broker, caller)
    nodes = [
        CheckNode(node_id=node_id, hosts=list(at.hosts), port=at.port, ufrag=at.ufrag, password=at.password)
        for node_id, at in ways
        if at is not None
    ]
    return CheckPlan(nodes_ready=len(ways), nodes=nodes[:NODES_TRIED])


async def _ways_of(broker: Broker, caller: Caller) -> list[tuple[NodeId, CheckPort | None]]:
    """Return the nodes that a caller may play on, wherever their home is, with their ports for checks."""
    coordinator = broker.runner.coordinator
    here = [node for node in coordinator.known_nodes() if node.link is not None]
    elsewhere = [node for node in coordinator.distant_nodes().values() if node.offer is not None]
    wanted = await _node_of_guest(broker, caller) if caller.guest_of is not None else None
    mine = [
        (node.node_id, node.check_port)
        for node in here
        if (node.state is NodeState.READY if caller.guest_of is None else node.node_id == wanted)
    ]
    theirs = [
        (node.node_id, node.offer.check_port if node.offer is not None else None)
        for node in elsewhere
        if (node.ready if caller.guest_of is None else node.node_id == wanted)
    ]
    return mine + theirs


async def _node_of_guest(broker: Broker, caller: Caller) -> NodeId | None:
    session_id = str(caller.guest_of)
    session = broker.runner.coordinator.session(session_id)
    if session is not None:
        check_admitted(session.admissions.get(caller.player_id))
        return session.placement.node_id if session.placement is not None else None
    where = await broker.rows.whereabouts(session_id)
    if where is None or where.ended:
        raise WireError(Reason.UNKNOWN_SESSION, "the game that you were invited to is over")
    check_admitted(await broker.store.admission(session_id, caller.player_id))
    return await broker.rows.node_of(session_id)


@router.websocket("/socket", dependencies=[require(Right.GUEST)])
async def echo(websocket: WebSocket) -> None:
    """Give back every short text, a few times."""
    await websocket.accept()
    try:
        async with asyncio.timeout(ECHO_S):
            for _ in range(ECHOES_MAX):
                await websocket.send_text((await websocket.receive_text())[:ECHO_MAX_CHARS])
            await websocket.close(_CLOSE_DONE)
    except TimeoutError:
        await websocket.close(_CLOSE_DONE)
    except (WebSocketDisconnect, KeyError):
        return  # The page went, or sent bytes.
