"""The node's WebSocket to its broker: dials out, says hello, re-dials for ever; sessions go on meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit, urlunsplit

import structlog
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from render_node.agent.core.backoff import BROKER_DIAL
from render_node.agent.io.cancellation import is_cancelled
from wire.errors import Reason, WireError
from wire.limits import SOCKET_MESSAGE_MAX_BYTES
from wire.node_control import TO_NODE, Heartbeat, NodeHello, NodeRefusal, NodeWelcome
from wire.schema import Message, decode, encode

SOCKET_PATH = "/api/v1/nodes/socket"
UNSENT_MAX = 1024
"""Messages waiting for a slow broker; beyond it the connection is made anew, and ``hello`` says everything again."""

OPEN_TIMEOUT_S = 5.0
WELCOME_TIMEOUT_S = 5.0
PING_S = 2.0
"""A broker that does not answer a WebSocket ping for twice this long is dialled anew."""

ARRIVED_S = PING_S * 3
"""What was sent so long before a connection broke has arrived: a later ping was answered."""

HEARTBEAT_MIN_S, HEARTBEAT_MAX_S = 0.2, 30.0
"""Bounds on what a broker may ask for."""

LOOPBACK = ("localhost", "127.0.0.1", "::1")

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class LinkCallbacks:
    """What the agent wants to hear; all run on the event loop and must not block."""

    hello: Callable[[], NodeHello]
    on_welcome: Callable[[NodeWelcome], None]
    on_refused: Callable[[NodeRefusal], None]
    """Refused before ``welcome``."""
    on_message: Callable[[Message], None]
    on_lost: Callable[[list[Message]], None]
    """The connection is gone; these messages may not have arrived."""
    heartbeat: Callable[[], Heartbeat]


def socket_url(broker_url: str) -> str:
    """Return the WebSocket address of a broker's ``http(s)`` base address.

    Raises:
        ValueError: not an http or https address.
    """
    parts = urlsplit(broker_url)
    scheme = {"http": "ws", "https": "wss"}.get(parts.scheme)
    if scheme is None or not parts.hostname:
        raise ValueError(f"a broker's address begins with http:// or https://, not {broker_url!r}")
    return urlunsplit((scheme, parts.netloc, parts.path.rstrip("/") + SOCKET_PATH, "", ""))


class BrokerLink:
    """One node's connection; owns the socket and its tasks while ``run`` runs."""

    def __init__(self, broker_url: str, callbacks: LinkCallbacks) -> None:
        self._url = socket_url(broker_url)
        self._callbacks = callbacks
        self._unsent: asyncio.Queue[Message] | None = None
        self._sent: deque[tuple[float, Message]] = deque(maxlen=UNSENT_MAX)
        """The newest, each with its time."""
        self._overflow = asyncio.Event()
        self._attempt = 0

    async def run(self) -> None:
        """Stay connected until cancelled."""
        while True:
            try:
                await self._connection()
            except (OSError, TimeoutError, WebSocketException, WireError) as error:
                # A failure while the connection closes takes the place of the cancellation that closes it.
                if is_cancelled():
                    raise asyncio.CancelledError from error
                log.info("broker_unreachable", attempt=self._attempt, detail=f"{type(error).__name__}: {error}")
            if is_cancelled():
                raise asyncio.CancelledError
            await asyncio.sleep(BROKER_DIAL.delay_s(self._attempt, random.random()))
            self._attempt += 1

    def send(self, message: Message) -> None:
        """Queue one message; without a connection it is dropped, which the next ``hello`` heals."""
        if self._unsent is None:
            return
        try:
            self._unsent.put_nowait(message)
        except asyncio.QueueFull:
            log.error("broker_too_slow", type=message.TYPE)
            self._overflow.set()

    async def flushed(self, timeout_s: float) -> None:
        """Wait until everything queued was written, at most ``timeout_s`` seconds."""
        if self._unsent is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(timeout_s):
                    await self._unsent.join()

    async def _connection(self) -> None:
        """Run one connection to its end."""
        proxy: Literal[True] | None = None if urlsplit(self._url).hostname in LOOPBACK else True
        async with connect(
            self._url,
            max_size=SOCKET_MESSAGE_MAX_BYTES,
            open_timeout=OPEN_TIMEOUT_S,
            ping_interval=PING_S,
            ping_timeout=PING_S * 2,
            close_timeout=1.0,
            compression=None,
            proxy=proxy,
        ) as socket:
            welcome = await self._greet(socket)
            if welcome is None:
                return
            self._attempt = 0
            unsent: asyncio.Queue[Message] = asyncio.Queue(UNSENT_MAX)
            self._unsent, self._overflow = unsent, asyncio.Event()
            self._sent.clear()
            try:
                self._callbacks.on_welcome(welcome)
                await self._serve(socket, unsent, welcome)
            finally:
                self._unsent = None
                self._callbacks.on_lost([*self._sent_lately(), *_drained(unsent)])

    async def _greet(self, socket: ClientConnection) -> NodeWelcome | None:
        await socket.send(encode(self._callbacks.hello()))
        async with asyncio.timeout(WELCOME_TIMEOUT_S):
            answer = decode(await socket.recv(), TO_NODE)
        if isinstance(answer, NodeWelcome):
            return answer
        if not isinstance(answer, NodeRefusal):
            raise WireError(Reason.MALFORMED, f"the broker answered hello with {answer.TYPE}")
        log.error("node_refused", reason=answer.reason, detail=answer.detail)
        self._callbacks.on_refused(answer)
        return None

    async def _serve(self, socket: ClientConnection, unsent: asyncio.Queue[Message], welcome: NodeWelcome) -> None:
        steps: list[Awaitable[None]] = [
            self._read(socket),
            self._write(socket, unsent),
            self._beat(min(max(welcome.heartbeat_s, HEARTBEAT_MIN_S), HEARTBEAT_MAX_S)),
            self._watch_overflow(),
        ]
        tasks = [asyncio.ensure_future(step) for step in steps]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            results = await asyncio.gather(*tasks, return_exceptions=True)
        failures = [result for result in results if isinstance(result, Exception)]
        if failures:
            raise failures[0]
        log.info("broker_closed", code=socket.close_code, finished=len(done))

    async def _read(self, socket: ClientConnection) -> None:
        async for text in socket:
            try:
                message = decode(text, TO_NODE)
            except WireError as error:
                log.error("broker_message_refused", reason=error.reason, detail=error.detail)
                continue
            if isinstance(message, NodeRefusal):
                log.error("message_refused_by_broker", reason=message.reason, detail=message.detail)
            else:
                self._callbacks.on_message(message)

    async def _write(self, socket: ClientConnection, unsent: asyncio.Queue[Message]) -> None:
        while True:
            message = await unsent.get()
            try:
                await socket.send(encode(message))
            except WebSocketException:
                with contextlib.suppress(asyncio.QueueFull):
                    unsent.put_nowait(message)
                raise
            self._sent.append((asyncio.get_running_loop().time(), message))
            unsent.task_done()

    def _sent_lately(self) -> list[Message]:
        since_s = asyncio.get_running_loop().time() - ARRIVED_S
        return [message for sent_s, message in self._sent if sent_s >= since_s]

    async def _beat(self, every_s: float) -> None:
        while True:
            self.send(self._callbacks.heartbeat())
            await asyncio.sleep(every_s)

    async def _watch_overflow(self) -> None:
        await self._overflow.wait()
        raise WireError(Reason.TOO_MANY, "the broker does not read")


def _drained(queue: asyncio.Queue[Message]) -> list[Message]:
    return [queue.get_nowait() for _ in range(queue.qsize())]
