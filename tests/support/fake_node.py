"""A node without workers: dials a real broker, does what a test tells it, and says what it was told."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import TypeVar

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from tests.support.deadlines import patient
from wire.node_control import (
    FROM_NODE,
    TO_NODE,
    CachedTitle,
    EndSession,
    Heartbeat,
    NodeCapacity,
    NodeHello,
    NodePeerAnswer,
    NodePeerOffer,
    NodePeerState,
    NodeWelcome,
    OpenNodePeer,
    PlacementNews,
    RunningSession,
    StartSession,
)
from wire.schema import Message, decode, encode
from wire.session_control import PeerState
from wire.version import ProtocolRange
from wire.worker_control import PlacementState

M = TypeVar("M", bound=Message)

FAKE_SDP = "v=0 fake offer"


def capacity(slots: int = 2, kinds: tuple[str, ...] = ("pygame",), encode_ms: float = 5.0) -> NodeCapacity:
    """Return what a node would measure of itself."""
    return NodeCapacity(slots, 2, 4 << 30, encode_ms, ("libx264",), (), kinds)


def hello(
    *,
    slots: int = 2,
    titles: tuple[tuple[str, str], ...] = (("testcard", "1.0.0"),),
    sessions: tuple[RunningSession, ...] = (),
    token: str | None = None,
    node_id: str | None = None,
    key: str | None = None,
) -> NodeHello:
    """Return a node's first message."""
    cached = tuple(CachedTitle(*title) for title in titles)
    return NodeHello(ProtocolRange(), "fake", capacity(slots), cached, sessions, token, node_id, key)


class FakeNode:
    """One connected node. ``behave`` plays a good agent: serves, offers, connects, releases, beats."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.node_id = ""
        self.key: str | None = None
        self.running: dict[str, RunningSession] = {}
        self.heard: list[Message] = []
        self._news = asyncio.Condition()
        self._reader: asyncio.Task[None] | None = None
        self.load = Heartbeat(())
        """What the next heartbeats say beside what runs."""
        self._behaving = False
        self._on_heard: Callable[[Message], None] = lambda _: None

    @classmethod
    @contextlib.asynccontextmanager
    async def dial(
        cls,
        url: str,
        first: NodeHello,
        *,
        behave: bool = True,
        on_heard: Callable[[Message], None] = lambda _: None,
    ) -> AsyncIterator[FakeNode]:
        """Connect, say hello and wait for the welcome; ``on_heard`` is told of each message before it is answered."""
        async with connect(url.replace("http", "ws", 1) + "/api/v1/nodes/socket", ping_interval=None) as socket:
            node = cls(socket)
            node._behaving, node._on_heard = behave, on_heard
            node.running = {r.session_id: r for r in first.sessions}
            await node.send(first)
            tasks = [asyncio.create_task(node._read())]
            try:
                welcome = await node.heard_a(NodeWelcome)
                node.node_id, node.key = welcome.node_id, welcome.node_key or first.node_key
                if behave:
                    tasks.append(asyncio.create_task(node._beat_until_closed(welcome.heartbeat_s)))
                yield node
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    async def send(self, message: Message) -> None:
        """Send a message of the contract."""
        assert message.TYPE in FROM_NODE
        await self.socket.send(encode(message))

    async def send_raw(self, text: str) -> None:
        """Send anything."""
        await self.socket.send(text)

    async def heard_a(
        self, kind: type[M], where: Callable[[M], bool] = lambda _: True, *, timeout_s: float = 5.0
    ) -> M:
        """Return the first message of a kind that the broker has sent or will send."""
        async with asyncio.timeout(patient(timeout_s)), self._news:
            while True:
                for message in self.heard:
                    if isinstance(message, kind) and where(message):
                        return message
                await self._news.wait()

    async def serve(self, session_id: str, epoch: int) -> None:
        """Say that a session's title shows pictures."""
        self.running[session_id] = RunningSession(session_id, epoch, PlacementState.SERVING)
        await self.send(PlacementNews(session_id, epoch, PlacementState.SERVING))

    async def beat(self) -> None:
        """Say what runs, and the load."""
        await self.send(replace(self.load, sessions=tuple(self.running.values())))

    async def _beat_until_closed(self, every_s: float) -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                await asyncio.sleep(every_s)
                await self.beat()

    async def _read(self) -> None:
        async for raw in self.socket:
            message = decode(raw, TO_NODE)
            self._on_heard(message)
            if self._behaving:
                await self._answer(message)
            async with self._news:
                self.heard.append(message)
                self._news.notify_all()

    async def _answer(self, message: Message) -> None:
        match message:
            case StartSession():
                await self.serve(message.session_id, message.epoch)
            case EndSession():
                self.running.pop(message.session_id, None)
                await self.send(
                    PlacementNews(message.session_id, message.epoch, PlacementState.RELEASED, message.reason)
                )
            case OpenNodePeer():
                await self.send(NodePeerOffer(message.session_id, message.peer_id, FAKE_SDP))
            case NodePeerAnswer():
                await self.send(NodePeerState(message.session_id, message.peer_id, PeerState.CONNECTED))
