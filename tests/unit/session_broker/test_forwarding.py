"""Requests about what another replica owns, at the replica that was asked."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import httpx
import pytest
from sqlalchemy.exc import OperationalError

from session_broker.core.effects import ReplicaId
from session_broker.io.app import create_app
from session_broker.io.broker import open_broker
from session_broker.io.distant_rows import Whereabouts
from tests.support.broker_api import ORIGIN, reason_of
from tests.support.live_broker import broker_config
from wire.limits import CONTROL_MESSAGE_MAX_BYTES

OTHER = ReplicaId("rep_other")
ELSEWHERE = f"/api/v1/sessions/ses_{'a' * 24}/invitations"


@contextlib.asynccontextmanager
async def among_others(
    tmp_path: Path, where: Callable[[str], Awaitable[Whereabouts | None]]
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of a broker that believes in another replica, and asks ``where`` about sessions."""
    async with open_broker(broker_config(tmp_path), 0) as broker:
        broker.replicas.alone = False
        broker.replicas.members = frozenset({broker.replicas.me, OTHER})
        broker.rows.whereabouts = where  # type: ignore[method-assign, assignment]
        transport = httpx.ASGITransport(create_app(broker), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=ORIGIN) as client:
            yield client


@pytest.mark.parametrize("error", [OperationalError("SELECT", {}, Exception()), ConnectionError()])
async def test_a_database_that_does_not_answer_is_a_problem_that_says_so(tmp_path: Path, error: Exception) -> None:
    async def down(_session_id: str) -> Whereabouts:
        raise error

    async with among_others(tmp_path, down) as client:
        assert reason_of(await client.post(ELSEWHERE, json={})) == (503, "internal")


async def test_a_body_that_is_too_long_is_a_problem_that_says_so(tmp_path: Path) -> None:
    async def there(_session_id: str) -> Whereabouts:
        return Whereabouts(OTHER, ended=False)

    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(CONTROL_MESSAGE_MAX_BYTES // 1024 + 2):
            yield bytes(1024)

    async with among_others(tmp_path, there) as client:
        assert reason_of(await client.post(ELSEWHERE, content=pieces())) == (413, "too_large")
