"""The broker process's main coroutine: bind, open, serve until cancelled."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.types import ASGIApp

from session_broker.config import BrokerConfig, TlsConfig
from session_broker.core.reach import Reach
from session_broker.io.app import create_app, create_trust_app
from session_broker.io.broker import Broker, open_broker
from session_broker.io.certificate_watch import follow_certificate
from session_broker.io.fleet.local import StartLocal
from session_broker.io.listen import Listeners, port_of, url_of
from wire.limits import SOCKET_MESSAGE_MAX_BYTES
from wire.tracing import SpanSink

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
    reach: Reach | None = None
    """Where other devices find it."""
    device_token: str = field(default="", repr=False)
    """Token of a second link, for the owner's first other device; empty without ``reach``."""


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


async def serve(
    config: BrokerConfig,
    *,
    on_ready: Callable[[BrokerReady], None],
    start_local: StartLocal | None = None,
    on_span: SpanSink | None = None,
) -> None:
    """Run the broker until this coroutine is cancelled; then close its sockets and the database.

    Args:
        config: The broker's configuration.
        on_ready: Called once, when requests are answered.
        start_local: Starts nodes on this machine, for pools of it.
        on_span: Takes spans of the starts of sessions; None traces nothing.

    Raises:
        OSError: the address or port cannot be had.
        sqlalchemy.exc.SQLAlchemyError: the database cannot be opened.
        RuntimeError: the database did not answer for so long that news can be held back no more, or the other
            replicas have taken this one for dead.
    """
    with contextlib.closing(Listeners.open(config)) as listeners:
        port, reach = port_of(listeners.plain), _reach(config, listeners)
        async with open_broker(config, port, reach, start_local, on_span) as broker:
            app = create_app(broker)
            servers = [(_server(app), listeners.plain)]
            following: list[Coroutine[Any, Any, None]] = []
            if config.tls is not None:
                over_tls = _server(app, config.tls)
                servers.append((over_tls, listeners.tls))
                assert over_tls.config.ssl is not None
                following.append(follow_certificate(over_tls.config.ssl, config.tls))
            if listeners.trust:
                servers.append((_server(create_trust_app(broker)), listeners.trust))
            ready = BrokerReady(url_of(config.host, port), broker.owner_token, reach, broker.device_token)
            await _serve_all(servers, following, broker, lambda: on_ready(ready))


async def _serve_all(
    servers: list[tuple[_Server, list[socket.socket]]],
    beside: list[Coroutine[Any, Any, None]],
    broker: Broker,
    on_ready: Callable[[], None],
) -> None:
    """Serve until one of the servers ends, which none does by itself; ``beside`` runs as long."""
    serving = {asyncio.create_task(each.serve(sockets=sockets), name="broker http") for each, sockets in servers}
    drowning = asyncio.create_task(broker.runner.overflowed.wait(), name="broker store watch")
    buried = asyncio.create_task(broker.replicas.buried.wait(), name="broker lease watch")
    answering = asyncio.gather(*(each.answering.wait() for each, _ in servers))
    helpers: list[asyncio.Future[Any]] = [drowning, buried, answering, *map(asyncio.create_task, beside)]
    try:
        either: set[asyncio.Future[Any]] = {*serving, answering}
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if answering.done():
            on_ready()
        done, _ = await asyncio.wait({*serving, drowning, buried}, return_when=asyncio.FIRST_COMPLETED)
        if drowning in done:
            raise RuntimeError("the database does not answer and too much waits for it")
        if buried in done:
            raise RuntimeError("this broker was not heard of for so long that the others took over; start it again")
        for task in done:
            task.result()
    finally:
        for each, _ in servers:
            each.should_exit = True
        for helper in helpers:
            helper.cancel()
        await asyncio.gather(*serving, *helpers, return_exceptions=True)


def _reach(config: BrokerConfig, listeners: Listeners) -> Reach | None:
    if config.tls is None:
        return None
    host = config.tls.link_host
    trust_url = f"{url_of(host, port_of(listeners.trust))}/trust" if listeners.trust else None
    return Reach(url_of(host, port_of(listeners.tls), scheme="https"), trust_url)


def _server(app: ASGIApp, tls: TlsConfig | None = None) -> _Server:
    config = uvicorn.Config(
        app,
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
        ssl_certfile=None if tls is None else str(tls.certificate_file),
        ssl_keyfile=None if tls is None else str(tls.key_file),
    )
    config.load()
    return _Server(config)
