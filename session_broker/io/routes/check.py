"""What the check page needs to try its way: which nodes answer checks, and a socket that gives back what it gets."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter, WebSocket
from pydantic import BaseModel
from starlette.websockets import WebSocketDisconnect

from session_broker.core.node_table import NodeState
from session_broker.io.rights import BrokerDep, Right, require

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
    """Nodes that take sessions; those without a port to spare are not among ``nodes``."""
    nodes: list[CheckNode]


@router.get("", dependencies=[require(Right.SIGNED_IN)])
async def check_plan(broker: BrokerDep) -> CheckPlan:
    """List where a page may try its way to the nodes."""
    ready = [n for n in broker.runner.coordinator.known_nodes() if n.state is NodeState.READY and n.link is not None]
    ports = [(node.node_id, node.check_port) for node in ready if node.check_port is not None]
    nodes = [
        CheckNode(node_id=node_id, hosts=list(at.hosts), port=at.port, ufrag=at.ufrag, password=at.password)
        for node_id, at in ports[:NODES_TRIED]
    ]
    return CheckPlan(nodes_ready=len(ready), nodes=nodes)


@router.websocket("/socket", dependencies=[require(Right.SIGNED_IN)])
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
