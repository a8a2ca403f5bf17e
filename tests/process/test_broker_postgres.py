"""The same schema and store on a real PostgreSQL, where the machine has one."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from session_broker.io import tables
from session_broker.io.database import open_database
from tests.support.fake_node import FakeNode, hello
from tests.support.live_broker import ENROLMENT_TOKEN, FakeTab, broker_config, live_broker, signed_in
from wire.errors import Reason
from wire.node_control import PlacementNews
from wire.session_control import SessionState, StateNews, Welcome
from wire.worker_control import PlacementState

pytestmark = pytest.mark.process


def find_server() -> Path | None:
    """Return the folder of initdb and pg_ctl."""
    found = shutil.which("initdb")
    if found is not None:
        return Path(found).parent
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    return installed[-1] if installed else None


def run(*command: str | Path) -> None:
    """Run a PostgreSQL program, which refuses to be root."""
    user = "nobody" if os.geteuid() == 0 else None
    subprocess.run(command, check=True, user=user, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60)


@pytest.fixture
def postgres_url() -> Iterator[str]:
    programs = find_server()
    if programs is None:
        pytest.skip("no PostgreSQL server on this machine")
    # Not under tmp_path, whose parents other users may not enter.
    with tempfile.TemporaryDirectory(prefix="farplay-pg-") as name:
        folder = Path(name)
        data = folder / "data"
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        run(programs / "initdb", "-D", data, "-U", "farplay", "-A", "trust", "--no-sync", "-E", "UTF8")
        options = f"-k {folder} -c listen_addresses='' -c fsync=off"
        run(programs / "pg_ctl", "-D", data, "-w", "-o", options, "-l", folder / "log", "start")
        try:
            yield f"postgresql+asyncpg://farplay@/postgres?host={folder}"
        finally:
            run(programs / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")


async def come_by_link(host: httpx.AsyncClient, session_id: str) -> str:
    """Redeem an invitation to watch as a guest; returns the token of the guest's browser."""
    made = await host.post(f"/api/v1/sessions/{session_id}/invitations", json={"kind": "watch"})
    link = made.json()["path"].replace("/join/", "/api/v1/invitations/")
    async with httpx.AsyncClient(base_url=host.base_url) as guest:
        assert (await guest.post(f"{link}/redemption", json={})).json()["role"] == "spectator"
        (token,) = guest.cookies.values()
        return token


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
            cookie = {"Cookie": f"farplay_{ready.url.rsplit(':', 1)[1]}={guest}"}
            async with httpx.AsyncClient(base_url=ready.url, headers=cookie) as watcher:
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
        assert [each["event"] for each in story["events"]] == ["created", "placement", "starting", "running", "ended"]
        assert [(each["node_name"], each["state"]) for each in story["placements"]] == [("fake", "released")]
        again = await client.post("/api/v1/sessions", json={"title_id": "testcard"})
        assert again.status_code == 201
    engine = await open_database(postgres_url)
    async with engine.connect() as connection:
        difference = await connection.run_sync(
            lambda sync: compare_metadata(MigrationContext.configure(sync), tables.metadata)
        )
    await engine.dispose()
    assert difference == []
