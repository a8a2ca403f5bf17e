"""What PostgreSQL alone asks for: texts that it refuses, and a schema that migrations make as the tables say."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import select

from session_broker.io import tables
from session_broker.io.database import open_database
from session_broker.io.title_reports import read_reports
from session_broker.io.violations import count_violations
from tests.support.fake_node import FakeNode, hello
from tests.support.live_broker import ENROLMENT_TOKEN, FakeTab, broker_config, live_broker, signed_in
from wire.errors import Reason
from wire.ids import TenantId
from wire.node_control import PlacementNews
from wire.session_control import SessionState, StateNews, Welcome
from wire.worker_control import PlacementState

pytestmark = pytest.mark.process


async def come_by_link(host: httpx.AsyncClient, session_id: str) -> str:
    """Redeem an invitation to watch as a guest; returns the cookie of the guest's browser."""
    made = await host.post(f"/api/v1/sessions/{session_id}/invitations", json={"kind": "watch"})
    link = made.json()["path"].replace("/join/", "/api/v1/invitations/")
    async with httpx.AsyncClient(base_url=host.base_url) as guest:
        assert (await guest.post(f"{link}/redemption", json={})).json()["role"] == "spectator"
        ((name, token),) = guest.cookies.items()
        return f"{name}={token}"


async def test_the_broker_lives_on_postgresql(postgres_url: str, tmp_path: Path) -> None:
    config = broker_config(tmp_path, database_url=postgres_url)
    async with live_broker(config) as ready, signed_in(ready) as client:
        again = await client.post("/api/v1/sign-in/link", json={"token": ready.owner_token})
        assert again.json()["reason"] == "link_used"
        async with FakeNode.dial(ready.url, hello(token=ENROLMENT_TOKEN)) as node:
            session_id = (await client.post("/api/v1/sessions", json={"title_id": "testcard"})).json()["session_id"]
            async with FakeTab.open(client, session_id) as tab:
                while (await tab.next(StateNews)).state is not SessionState.RUNNING:
                    pass
            guest = await come_by_link(client, session_id)
    async with live_broker(config) as ready, signed_in(ready) as client:
        back = hello(node_id=node.node_id, key=node.key, sessions=tuple(node.running.values()))
        async with FakeNode.dial(ready.url, back) as node, FakeTab.open(client, session_id) as tab:
            await tab.next(Welcome)
            async with httpx.AsyncClient(base_url=ready.url, headers={"Cookie": guest}) as watcher:
                assert (await watcher.get(f"/api/v1/sessions/{session_id}")).status_code == 200
            crash = PlacementNews(session_id, 1, PlacementState.RELEASED, Reason.TITLE_CRASHED, "NUL \x00 is refused")
            await node.send(crash)
            while (await tab.next(StateNews)).state is not SessionState.ENDED:
                pass
        seen = (await client.get(f"/api/v1/sessions/{session_id}")).json()
        assert (seen["state"], seen["reason"]) == ("ended", "title_crashed")
        overview = (await client.get("/api/v1/operator/overview")).json()
        assert [each["reason"] for each in overview["ended"]] == ["title_crashed"]
        story = (await client.get(f"/api/v1/operator/sessions/{session_id}")).json()
        happened = [each["event"] for each in story["events"]]
        assert [event for event in happened if event in ("created", "placement", "starting", "running", "ended")] == [
            "created", "placement", "starting", "running", "ended",
        ]  # fmt: skip
        assert (happened.count("invited"), happened.count("joined")) == (1, 1), "a guest came by a link"
        assert [(each["node_name"], each["state"]) for each in story["placements"]] == [("fake", "released")]
        again = await client.post("/api/v1/sessions", json={"title_id": "testcard"})
        assert again.status_code == 201
    engine = await open_database(postgres_url)
    async with engine.connect() as connection:
        tenant_id = TenantId(str(await connection.scalar(select(tables.tenant.c.id))))
        assert await count_violations(connection, tenant_id) == {}
        difference = await connection.run_sync(
            lambda sync: compare_metadata(MigrationContext.configure(sync), tables.metadata)
        )
    reports = await read_reports(engine, tenant_id, "testcard")
    await engine.dispose()
    assert difference == []
    assert [(each.sessions, each.ends) for each in reports.versions] == [(1, {"title_crashed": 1})]
    assert [each.session_id for each in reports.crashes] == [session_id]
