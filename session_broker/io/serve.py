"""The broker process's main coroutine: bind, open, serve until cancelled."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import uvicorn

from session_broker.config import BrokerConfig
from session_broker.io.app import create_app
from session_broker.io.broker import Broker, open_broker
from session_broker.io.listen import bind, url_of
from wire.limits import SOCKET_MESSAGE_MAX_BYTES

_WS_PING_S = 5.0
"""A tab that vanished without a word is noticed within two of these."""

_SHUTDOWN_S = 2


@dataclass(frozen=True, slots=True)
class BrokerReady:
    """The broker answers."""

    url: str
    """Base URL, without a slash at the end."""
    owner_token: str = field(repr=False)
    """Token of a sign-in link for the owner: ``{url}/#owner={owner_token}``."""


class _Server(uvicorn.Server):
    """Uvicorn without its signal handlers, which says when it answers."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.answering = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave signals to the process's own main."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to answer."""
        await super().startup(sockets)
        self.answering.set()


async def serve(config: BrokerConfig, *, on_ready: Callable[[BrokerReady], None]) -> None:
    """Run the broker until this coroutine is cancelled; then close its sockets and the database.

    Args:
        config: The broker's configuration.
        on_ready: Called once, when requests are answered.

    Raises:
        OSError: the address or port cannot be had.
        sqlalchemy.exc.SQLAlchemyError: the database cannot be opened.
        RuntimeError: the database did not answer for so long that news can be held back no more.
    """
    sockets = bind(config.host, config.port)
    try:
        port: int = sockets[0].getsockname()[1]
        async with open_broker(config, port) as broker:
            server = _server(broker)
            serving = asyncio.create_task(server.serve(sockets=sockets), name="broker http")
            drowning = asyncio.create_task(broker.runner.overflowed.wait(), name="broker store watch")
            answering = asyncio.create_task(server.answering.wait(), name="broker start")
            helpers = (drowning, answering)
            try:
                await asyncio.wait({serving, answering}, return_when=asyncio.FIRST_COMPLETED)
                if not serving.done():
                    on_ready(BrokerReady(url_of(config.host, port), broker.owner_token))
                await asyncio.wait({serving, drowning}, return_when=asyncio.FIRST_COMPLETED)
                if drowning.done():
                    raise RuntimeError("the database does not answer and too much waits for it")
                await serving
            finally:
                server.should_exit = True
                for task in helpers:
                    task.cancel()
                await asyncio.gather(serving, *helpers, return_exceptions=True)
    finally:
        for listener in sockets:
            listener.close()


def _server(broker: Broker) -> _Server:
    return _Server(
        uvicorn.Config(
            create_app(broker),
            loop="none",
            ws="websockets-sansio",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            ws_max_size=SOCKET_MESSAGE_MAX_BYTES,
            ws_ping_interval=_WS_PING_S,
            ws_ping_timeout=_WS_PING_S,
            ws_per_message_deflate=False,
            timeout_keep_alive=30,
            timeout_graceful_shutdown=_SHUTDOWN_S,
        )
    )
