"""The worker's end of the control stream to its agent."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import cast

import structlog

from wire.errors import WireError
from wire.framing import Deframer, frame
from wire.schema import Message, decode, encode
from wire.worker_control import TO_WORKER

SEND_BUFFER_MAX_BYTES = 1024 * 1024
"""Unsent control bytes beyond which the agent counts as stuck and messages are dropped."""

log = structlog.get_logger()


class AgentLink(asyncio.Protocol):
    """Decodes the agent's messages and sends the worker's; owns the transport until ``close``.

    Args:
        on_message: Called with every well-formed message. An exception from it is logged, never fatal.
        on_closed: Called once when the agent is gone or spoke nonsense.
    """

    def __init__(self, on_message: Callable[[Message], None], on_closed: Callable[[], None]) -> None:
        self._on_message = on_message
        self._on_closed = on_closed
        self._deframer = Deframer()
        self._transport: asyncio.WriteTransport | None = None

    @classmethod
    async def open(
        cls, control: socket.socket, on_message: Callable[[Message], None], on_closed: Callable[[], None]
    ) -> AgentLink:
        """Take over the connected socket and start reading."""
        control.setblocking(False)
        loop = asyncio.get_running_loop()
        _, link = await loop.create_connection(lambda: cls(on_message, on_closed), sock=control)
        return link

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport for sending."""
        self._transport = cast(asyncio.WriteTransport, transport)

    def data_received(self, data: bytes) -> None:
        """Decode and hand on; a stream that cannot be read any further is closed."""
        try:
            for raw in self._deframer.feed(data):
                self._hand_on(raw)
        except WireError as error:
            log.error("agent_stream_unreadable", reason=error.reason, detail=error.detail)
            self.close()

    def _hand_on(self, raw: bytes) -> None:
        try:
            message = decode(raw, TO_WORKER)
        except WireError as error:
            log.error("agent_message_refused", reason=error.reason, detail=error.detail)
            return
        try:
            self._on_message(message)
        except Exception:
            log.exception("agent_message_failed", type=message.TYPE)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the owner that the agent is gone."""
        self._transport = None
        self._on_closed()

    def send(self, message: Message) -> bool:
        """Send one message; return False if the agent is gone or stuck."""
        transport = self._transport
        if transport is None or transport.get_write_buffer_size() > SEND_BUFFER_MAX_BYTES:
            return False
        transport.write(frame(encode(message)))
        return True

    def close(self) -> None:
        """Close after what was sent is written."""
        if self._transport is not None:
            self._transport.close()
