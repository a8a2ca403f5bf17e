"""A broker with one node that checks titles, and a publisher's browser; what the node does is the test's."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import update

from session_broker.core.effects import LinkKey
from session_broker.io import tables
from session_broker.io.broker import Broker
from session_broker.io.database import open_database
from tests.support.broker_api import api, sign_in
from tests.support.fake_node import hello
from tests.support.live_broker import ENROLMENT_TOKEN, broker_config
from tests.support.published_title import archive, release_of
from wire.ids import NodeId
from wire.node_control import Heartbeat
from wire.schema import encode
from wire.title_check import CheckReport, Finding, Outcome
from wire.title_release import Release
from wire.version import PROTOCOL_MAX

DATA = archive()
PNG = b"\x89PNG\r\n\x1a\n and so on"
REPORT = encode(CheckReport("chess", (Finding("start", Outcome.PASSED, "first picture"),), 12.5))
LINK = LinkKey(7001)


@dataclass
class Stand:
    """A broker with one node that checks titles, and a publisher's browser."""

    broker: Broker
    client: httpx.AsyncClient
    node_id: NodeId
    key: dict[str, str]

    async def ask(self, data: bytes = DATA, release: Release | None = None) -> httpx.Response:
        release = release or release_of(data)
        await self.client.put(f"/api/v1/archives/{release.archive_sha256}", content=data)
        return await self.client.post("/api/v1/title-checks", json={"release": encode(release)})

    async def asked(self) -> str:
        answer = await self.ask()
        assert answer.status_code == 201, answer.text
        return f"/api/v1/title-checks/{answer.json()['check_id']}"

    async def see(self, where: str) -> dict[str, Any]:
        answer = await self.client.get(where)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def look(self) -> None:
        await self.broker.title_checks.look()

    async def bring(self, where: str, content: bytes | str, **headers: str) -> httpx.Response:
        return await self.client.put(where, content=content, headers={**self.key, **headers})

    async def beat(self, *checks: str) -> None:
        runner = self.broker.runner
        await runner.run(lambda now: runner.coordinator.node_said(LINK, Heartbeat((), checks=checks), now))

    async def change(self, where: str, **values: object) -> None:
        engine = await open_database(self.broker.config.url_of_database())
        async with engine.begin() as connection:
            mine = tables.title_check.c.id == where.rpartition("/")[2]
            await connection.execute(update(tables.title_check).where(mine).values(values))
        await engine.dispose()


@contextlib.asynccontextmanager
async def stand(tmp_path: Path, *, slots: int = 2, most: int = 1, **changes: Any) -> AsyncIterator[Stand]:
    config = broker_config(tmp_path, title_checks_max=most, **changes)
    async with api(config) as (broker, client):
        await sign_in(broker, client)
        enrolled = await broker.accounts.enrol_node(ENROLMENT_TOKEN, "attic")
        first = hello(slots=slots)
        first = replace(first, capacity=replace(first.capacity, checks=("approved",), fetches_titles=True))
        await broker.replicas.bring_home(enrolled.node_id)
        coordinator, node_id, key = broker.runner.coordinator, enrolled.node_id, enrolled.new_key
        await broker.runner.run(
            lambda now: coordinator.node_joined(LINK, node_id, first, protocol=PROTOCOL_MAX, key=key, now=now)
        )
        yield Stand(broker, client, node_id, {"Authorization": f"Bearer {node_id}:{key}"})
