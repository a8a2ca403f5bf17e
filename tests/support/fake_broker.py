"""A broker's node socket for tests of the agent: welcomes, records, sends what the test says."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from typing import TypeVar

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosedError

from tests.support.deadlines import patient
from tests.support.free_port import free_port
from wire.node_control import FROM_NODE, NodeHello, NodeWelcome
from wire.schema import Message, decode, encode

M = TypeVar("M", bound=Message)
NODE_ID, NODE_KEY = "node_of_the_test", "key of the test"


class FakeBroker:
    """Owns its listener from ``open`` to ``close``; keeps its port over a restart."""

    def __init__(self) -> None:
        self.port = free_port()
        self.hellos: list[NodeHello] = []
        self.answer: Callable[[NodeHello], Message] = lambda hello: NodeWelcome(
            1, NODE_ID, NODE_KEY if hello.enrolment_token else None, heartbeat_s=0.2
        )
        self._server: Server | None = None
        self._socket: ServerConnection | None = None
        self._arrived: asyncio.Queue[Message] = asyncio.Queue()
        self.welcomed = asyncio.Event()

    @property
    def url(self) -> str:
        """Return the base address that a node dials."""
        return f"http://127.0.0.1:{self.port}"

    async def open(self) -> None:
        """Listen, on the same port each time."""
        self._server = await serve(self._serve, "127.0.0.1", self.port)

    async def close(self) -> None:
        """Close the listener and every connection."""
        assert self._server is not None
        self.welcomed.clear()
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, socket: ServerConnection) -> None:
        with contextlib.suppress(ConnectionClosedError):
            await self._talk(socket)

    async def _talk(self, socket: ServerConnection) -> None:
        async for text in socket:
            message = decode(text, FROM_NODE)
            if not isinstance(message, NodeHello):
                self._arrived.put_nowait(message)
                continue
            answer = self.answer(message)
            await socket.send(encode(answer))
            # Whoever sees this hello may send to its node.
            self.hellos.append(message)
            if not isinstance(answer, NodeWelcome):
                return
            self._socket = socket
            self.welcomed.set()

    async def node(self) -> NodeHello:
        """Wait until a node is welcome; return its hello."""
        async with asyncio.timeout(patient(15.0)):
            await self.welcomed.wait()
        return self.hellos[-1]

    async def send(self, message: Message | str) -> None:
        """Send to the node."""
        assert self._socket is not None
        await self._socket.send(message if isinstance(message, str) else encode(message))

    async def next(self, kind: type[M], wanted: Callable[[M], bool] = lambda message: True) -> M:
        """Return the next message of a kind that ``wanted`` accepts; others are skipped."""
        async with asyncio.timeout(patient(10.0)):
            while True:
                message = await self._arrived.get()
                if isinstance(message, kind) and wanted(message):
                    return message
