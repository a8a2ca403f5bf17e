"""``farplay node --upgrades``: another node comes beside, and the old one ends with its last session."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import psutil
import pytest

from farplay.title_folders import installed_titles
from render_node.agent.io.capacity_probe import store_measurement
from render_node.agent.io.credential import load_credential
from tests.support.agent_process import MEASURED
from tests.support.deadlines import until
from tests.support.live_broker import ENROLMENT_TOKEN, broker_config, live_broker, signed_in

pytestmark = pytest.mark.process

SESSION_S = 30


@contextlib.asynccontextmanager
async def kept_node(url: str, data_dir: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "farplay", "node", "--broker", url, "--data-dir", str(data_dir), "--upgrades"),
        *("--media-host", "127.0.0.1", "--json"),
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "FARPLAY_ENROLMENT_TOKEN": ENROLMENT_TOKEN},
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


@pytest.fixture
def node_dir(tmp_path: Path) -> Path:
    folder = tmp_path / "node"
    folder.mkdir()
    store_measurement(folder, MEASURED)
    return folder


async def test_another_node_takes_over_on_the_same_folder_and_the_old_one_ends_with_its_last_session(
    tmp_path: Path, node_dir: Path
) -> None:
    config = broker_config(tmp_path / "broker", titles=installed_titles((), with_bundled=True))
    async with (
        live_broker(config) as ready,
        signed_in(ready) as client,
        kept_node(ready.url, node_dir) as process,
    ):
        assert process.stdout is not None
        old = json.loads(await process.stdout.readline())["node_id"]
        made = await client.post("/api/v1/sessions", json={"title_id": "testcard"})
        session_id = made.json()["session_id"]
        await until(lambda: is_running(client, session_id), SESSION_S, "it plays")
        path = f"/api/v1/operator/nodes/{old}/upgrade"
        asked = (await client.put(path, json={})).json()
        assert (asked["drained"], asked["successor"]["ready"]) == (False, False)
        new = json.loads(await process.stdout.readline())["node_id"]
        assert new != old

        async def taken_over() -> bool:
            row = (await client.get(path)).json()
            successor = row["successor"]
            assert successor["node_id"] in (None, new)
            return bool(row["drained"] and row["sessions"] == 1 and not row["ended"] and successor["ready"])

        await until(taken_over, 10, "the new one takes sessions, and the old one none")
        assert await is_running(client, session_id), "it plays on, on the old one"
        await client.delete(f"/api/v1/sessions/{session_id}")

        async def ended() -> bool:
            return bool((await client.get(path)).json()["ended"])

        await until(ended, 15, "the old one has ended")

        async def alone() -> bool:
            overview = (await client.get("/api/v1/operator/overview")).json()
            listed = [node["node_id"] for node in overview["nodes"]]
            return listed == [new] and len(psutil.Process(process.pid).children()) == 1

        await until(alone, 10, "its row and its process are gone")
        credential = load_credential(node_dir)
        assert credential is not None
        assert credential.node_id == new, "what starts on this folder next is the new one"


async def is_running(client: httpx.AsyncClient, session_id: str) -> bool:
    return bool((await client.get(f"/api/v1/sessions/{session_id}")).json()["state"] == "running")
