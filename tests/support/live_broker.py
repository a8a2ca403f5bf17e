"""A real broker on an ephemeral port inside the test's loop, and small clients for its HTTP API and tab sockets."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import httpx
from sqlalchemy import create_engine
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from session_broker.config import BrokerConfig
from session_broker.io.database import migrate
from session_broker.io.fleet.local import StartLocal
from session_broker.io.serve import BrokerReady, serve
from tests.support.deadlines import patient
from wire.schema import Message, decode, encode
from wire.session_control import TO_TAB, TabHello
from wire.title_manifest import InstalledTitle, TitleManifest
from wire.version import ProtocolRange

M = TypeVar("M", bound=Message)

TITLES = (
    InstalledTitle(TitleManifest("testcard", "1.0.0", "pygame", "main.py", {"en": "Test card"}), "/nowhere"),
    InstalledTitle(TitleManifest("duel", "2.1.0", "pygame", "main.py", {"en": "Duel"}, players_max=2), "/nowhere"),
)
ENROLMENT_TOKEN = "enrolment-token-of-the-tests"


@functools.cache
def _migrated() -> bytes:
    """Return an SQLite file with an up-to-date schema and nothing in it: migrating takes longer than most tests."""
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        migrate(connection)
    with engine.connect() as connection:
        driver = connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        content = driver.serialize()
    engine.dispose()
    return content


def broker_config(data_dir: Path, **changes: Any) -> BrokerConfig:
    """Return a configuration for tests: a free port, two titles, a web client of three small files.

    A new folder gets a migrated database.
    """
    static = data_dir / "static"
    static.mkdir(parents=True, exist_ok=True)
    for name in ("index.html", "play.html", "app.js"):
        (static / name).write_text(f"<!-- {name} -->")
    config = BrokerConfig(
        data_dir, port=0, titles=TITLES, node_enrolment_token=ENROLMENT_TOKEN, static_dir=static, metrics_token="m"
    )
    config = replace(config, **changes)
    database = data_dir / "broker.sqlite3"
    if config.database_url is None and not database.exists():
        database.touch(0o600)
        database.write_bytes(_migrated())
    return config


@contextlib.asynccontextmanager
async def live_broker(config: BrokerConfig, start_local: StartLocal | None = None) -> AsyncIterator[BrokerReady]:
    """Serve until the block ends; ``start_local`` starts nodes of its pools."""
    ready: asyncio.Future[BrokerReady] = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(serve(config, on_ready=ready.set_result, start_local=start_local))
    either: set[asyncio.Future[Any]] = {task, ready}
    try:
        await asyncio.wait(either, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            task.result()
        yield ready.result()
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@contextlib.asynccontextmanager
async def signed_in(ready: BrokerReady) -> AsyncIterator[httpx.AsyncClient]:
    """Give an HTTP client of the owner."""
    async with sign_in(ready.url, ready.owner_token) as client:
        yield client


@contextlib.asynccontextmanager
async def sign_in(url: str, owner_token: str) -> AsyncIterator[httpx.AsyncClient]:
    """Give an HTTP client of the owner of any broker."""
    async with httpx.AsyncClient(base_url=url, timeout=patient(5.0)) as client:
        answer = await client.post("/api/v1/sign-in/link", json={"token": owner_token})
        assert answer.status_code == 204, answer.text
        yield client


def cookie_header(client: httpx.AsyncClient) -> dict[str, str]:
    """Return the client's cookies as a header for a WebSocket."""
    return {"Cookie": "; ".join(f"{name}={value}" for name, value in client.cookies.items())}


class FakeTab:
    """A tab's session socket."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    @classmethod
    @contextlib.asynccontextmanager
    async def open(
        cls, client: httpx.AsyncClient, session_id: str, *, role: str = "player", say_hello: bool = True
    ) -> AsyncIterator[FakeTab]:
        """Connect, and say hello unless told otherwise."""
        url = str(client.base_url).replace("http", "ws", 1).rstrip("/")
        url = f"{url}/api/v1/sessions/{session_id}/socket?role={role}"
        async with connect(url, additional_headers=cookie_header(client), ping_interval=None) as socket:
            tab = cls(socket)
            if say_hello:
                await tab.send(TabHello(ProtocolRange()))
            yield tab

    async def send(self, message: Message) -> None:
        """Send a message of the contract."""
        await self.socket.send(encode(message))

    async def next(self, kind: type[M], *, timeout_s: float = 5.0) -> M:
        """Return the next message of a kind; others before it are dropped."""
        async with asyncio.timeout(patient(timeout_s)):
            while True:
                message = decode(await self.socket.recv(), TO_TAB)
                if isinstance(message, kind):
                    return message

    async def close_code(self, *, timeout_s: float = 5.0) -> int | None:
        """Wait until the broker closes the socket and return its code."""
        async with asyncio.timeout(patient(timeout_s)):
            with contextlib.suppress(ConnectionClosed):
                while True:
                    await self.socket.recv()
        return self.socket.close_code
