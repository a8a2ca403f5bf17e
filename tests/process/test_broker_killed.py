"""A broker that is killed with SIGKILL and started again: sign-in, sessions and nodes go on."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from session_broker.io.database import open_database
from session_broker.io.serve import BrokerReady
from tests.support.deadlines import patient
from tests.support.fake_node import FakeNode, hello
from tests.support.free_port import free_port
from tests.support.live_broker import ENROLMENT_TOKEN, FakeTab
from wire.node_control import OpenNodePeer, StartSession
from wire.session_control import Offer, OpenPeer, SessionState, StateNews, Welcome

pytestmark = pytest.mark.process

PROGRAM = """
import asyncio, json, sys
from pathlib import Path
from session_broker.io.serve import serve
from tests.support.live_broker import broker_config

def ready(broker):
    print(json.dumps([broker.url, broker.owner_token]), flush=True)

config = broker_config(Path(sys.argv[1]), port=int(sys.argv[2]), database_url=sys.argv[3] or None)
asyncio.run(serve(config, on_ready=ready))
"""


@contextlib.asynccontextmanager
async def broker_process(data_dir: Path, port: int, database_url: str | None) -> AsyncIterator[BrokerReady]:
    """Run a broker in a process of its own and kill it at the end of the block."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PROGRAM, str(data_dir), str(port), database_url or "", stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(patient(15.0)):
            while True:
                line = await process.stdout.readline()
                assert line, "the broker ended before it was ready"
                if line.startswith(b"["):
                    break
        yield BrokerReady(*json.loads(line))
    finally:
        process.kill()
        await process.communicate()


MIGRATION_CUT_SHORT = """
import asyncio, itertools, os, sys
from sqlalchemy import event
from sqlalchemy.engine import Engine
from session_broker.io.database import open_database

tables = itertools.count(1)

@event.listens_for(Engine, "before_cursor_execute")
def die_half_way(connection, cursor, statement, *rest):
    if statement.strip().upper().startswith("CREATE TABLE") and next(tables) == 6:
        os.kill(os.getpid(), 9)

asyncio.run(open_database(sys.argv[1]))
"""


async def test_a_first_start_that_is_killed_half_way_does_not_spoil_the_data(tmp_path: Path) -> None:
    url = f"sqlite+aiosqlite:///{tmp_path / 'broker.sqlite3'}"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", MIGRATION_CUT_SHORT, url)
    assert await process.wait() == -9
    engine = await open_database(url)
    await engine.dispose()


async def test_a_killed_broker_forgets_nothing_that_it_told_anybody(tmp_path: Path, database_url: str | None) -> None:
    port = free_port()
    first_life, others = contextlib.AsyncExitStack(), contextlib.AsyncExitStack()
    async with httpx.AsyncClient(timeout=patient(5.0)) as client, others, first_life:
        ready = await first_life.enter_async_context(broker_process(tmp_path, port, database_url))
        client.base_url = ready.url
        await client.post("/api/v1/sign-in/link", json={"token": ready.owner_token})
        node = await others.enter_async_context(FakeNode.dial(ready.url, hello(token=ENROLMENT_TOKEN)))
        session_id = (await client.post("/api/v1/sessions", json={"title_id": "testcard"})).json()["session_id"]
        await node.heard_a(StartSession)
        tab = await others.enter_async_context(FakeTab.open(client, session_id))
        seat = await tab.next(Welcome)
        while (await tab.next(StateNews)).state is not SessionState.RUNNING:
            pass
        waiting = (await client.post("/api/v1/sessions", json={"title_id": "duel"})).json()["session_id"]
        await first_life.aclose()
        await others.aclose()

        running = hello(node_id=node.node_id, key=node.key, sessions=tuple(node.running.values()))
        async with broker_process(tmp_path, port, database_url) as again:
            assert again.url == ready.url
            assert (await client.get(f"/api/v1/sessions/{waiting}")).json()["state"] == "queued"
            async with FakeNode.dial(again.url, running) as back, FakeTab.open(client, session_id) as tab:
                assert (await tab.next(Welcome)).participant_id == seat.participant_id
                assert (await tab.next(StateNews)).state is SessionState.RUNNING
                await tab.send(OpenPeer(("H264",)))
                await tab.next(Offer)
                await back.heard_a(OpenNodePeer)
