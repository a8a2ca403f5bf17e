"""One WebSocket from accept to close: a reader, a writer, strikes for bad messages. Used for tabs and nodes alike."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

import structlog
from starlette.websockets import WebSocket, WebSocketDisconnect

from session_broker.core.effects import CLOSE_REFUSED
from session_broker.core.rate_limit import Strikes
from session_broker.io.metrics import Metrics
from session_broker.io.outbox import Outbox
from session_broker.io.runner import MovedOn, StoreUnavailable
from wire.errors import Reason, WireError
from wire.limits import CONTROL_MESSAGE_MAX_BYTES
from wire.schema import Message, decode

M = TypeVar("M", bound=Message)

_FLUSH_S = 5.0
_log = structlog.get_logger()


class Conversation:
    """Reads, answers and closes one accepted socket."""

    def __init__(
        self,
        websocket: WebSocket,
        outbox: Outbox,
        refusal: Callable[[Reason, str], Message],
        side: str,
        metrics: Metrics,
        *,
        max_bytes: int = CONTROL_MESSAGE_MAX_BYTES,
    ) -> None:
        self.outbox = outbox
        self._websocket = websocket
        self._refusal = refusal
        self._side = side
        self._max_bytes = max_bytes
        self._metrics = metrics

    async def hold(self, read: Callable[[], Awaitable[None]]) -> None:
        """Run ``read`` beside the writer until either ends; what was queued before a close still goes out.

        ``read`` returns after it asked the outbox to close, or raises ``WebSocketDisconnect`` when the other side is
        gone. Any fault of our own closes this socket only.
        """
        writer = asyncio.create_task(self.outbox.run(self._websocket), name=f"{self._side} writer")
        reader = asyncio.create_task(self._guard(read), name=f"{self._side} reader")
        try:
            await asyncio.wait({writer, reader}, return_when=asyncio.FIRST_COMPLETED)
            if not writer.done() and self.outbox.closing:
                await asyncio.wait({writer}, timeout=_FLUSH_S)
        finally:
            for task in (reader, writer):
                task.cancel()
            await asyncio.gather(reader, writer, return_exceptions=True)

    async def _guard(self, read: Callable[[], Awaitable[None]]) -> None:
        try:
            await read()
        except WebSocketDisconnect:
            return
        except Exception:
            self._metrics.handler_errors.labels(self._side).inc()
            _log.exception("socket_handler_failed", side=self._side)
            self.refuse(WireError(Reason.INTERNAL, "the broker failed; its log says why"), close=True)

    async def receive(self, messages: Mapping[str, type[M]]) -> M:
        """Return the next message.

        Raises:
            WebSocketDisconnect: the other side is gone.
            WireError: it is not a message of this family.
        """
        event = await self._websocket.receive()
        if event["type"] == "websocket.disconnect":
            raise WebSocketDisconnect(event.get("code", 1005))
        text = event.get("text")
        if text is None:
            raise WireError(Reason.MALFORMED, "control messages are text")
        return decode(text, messages, max_bytes=self._max_bytes)

    async def first(self, messages: Mapping[str, type[M]], timeout_s: float) -> M:
        """Return the first message, which must come within ``timeout_s``.

        Raises:
            WebSocketDisconnect: the other side is gone.
            WireError: nothing came, or not a message.
        """
        try:
            async with asyncio.timeout(timeout_s):
                return await self.receive(messages)
        except TimeoutError:
            raise WireError(Reason.MALFORMED, "no hello came") from None

    async def listen(
        self,
        messages: Mapping[str, type[M]],
        admit: Callable[[], Awaitable[None]],
        handle: Callable[[M], Awaitable[None]],
    ) -> None:
        """Take messages until the other side is gone, or has sent too many bad ones in a row."""
        strikes = Strikes()
        while not self.outbox.closing:
            try:
                message = await self.receive(messages)
                await admit()
                await handle(message)
                strikes.good()
            except (StoreUnavailable, MovedOn):
                continue  # Not the sender's fault: what was asked for follows, or its session goes on elsewhere.
            except WireError as error:
                self.refuse(error, close=strikes.bad())

    def refuse(self, error: WireError, *, close: bool) -> None:
        """Say what was wrong, count it, and close the socket if wanted."""
        self._metrics.refused.labels(self._side, error.reason).inc()
        self.outbox.send(self._refusal(error.reason, error.detail[:4096]))
        if close:
            self.outbox.close(CLOSE_REFUSED)
