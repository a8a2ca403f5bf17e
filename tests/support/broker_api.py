"""The broker's HTTP API without a server, as its unit tests use it."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import httpx

from session_broker.config import BrokerConfig
from session_broker.io.app import create_app
from session_broker.io.broker import Broker, open_broker

ORIGIN = "http://localhost:8080"


@contextlib.asynccontextmanager
async def api(config: BrokerConfig, **headers: str) -> AsyncIterator[tuple[Broker, httpx.AsyncClient]]:
    """Open a broker and give a client that is not signed in."""
    async with open_broker(config, 8080) as broker:
        transport = httpx.ASGITransport(create_app(broker), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=ORIGIN, headers=headers) as client:
            yield broker, client


async def sign_in(broker: Broker, client: httpx.AsyncClient) -> httpx.Response:
    """Redeem the link of the owner."""
    return await client.post("/api/v1/sign-in/link", json={"token": broker.owner_token})


def reason_of(answer: httpx.Response) -> tuple[int, str]:
    """Check that an answer is a problem document; return its status and reason."""
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert set(body) == {"type", "title", "status", "detail", "reason"}
    assert body["status"] == answer.status_code
    return answer.status_code, body["reason"]


def database_bytes(folder: Path) -> bytes:
    """Return all that lies in the SQLite files of a folder."""
    return b"".join(path.read_bytes() for path in folder.glob("broker.sqlite3*"))
