"""A game from its first line to a session on a node that fetched it: every command as a developer types it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sqlite3
from pathlib import Path
from typing import Any

import httpx
import pytest
from typer.testing import CliRunner

from farplay.cli import app
from farplay.failures import ExitStatus
from farplay.runtimes.local_runtimes import pin_table
from tests.support.deadlines import patient, until
from tests.support.farplay_process import FarplayProcess
from tests.support.small_wheel import RAYS, as_the_index, wheel
from wire.runtime_manifest import RuntimePin

pytestmark = pytest.mark.process


class Developer:
    """Types commands in a folder, with a data folder of their own."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(folder)
        monkeypatch.setenv("XDG_DATA_HOME", str(folder / "developer"))
        self.sign_ins = folder / "developer" / "farplay" / "publisher" / "sign-ins.json"

    def types(self, *words: str | Path) -> tuple[int, str]:
        done = CliRunner().invoke(app, [*map(str, words)])
        return done.exit_code, done.output

    def told(self, *words: str | Path) -> dict[str, Any]:
        status, output = self.types(*words, "--json")
        assert status == ExitStatus.OK, output
        return dict(json.loads(output.splitlines()[-1]))


@pytest.mark.timeout(120)
async def test_a_game_is_made_published_played_and_blocked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    up = await asyncio.to_thread(
        FarplayProcess, ["up", "--port", "0", "--no-bundled", "--data-dir", str(tmp_path / "data"), "--json"],
        tmp_path / "log",
    )  # fmt: skip
    try:
        developer = Developer(tmp_path, monkeypatch)
        wheel(as_the_index(tmp_path / "index", monkeypatch), "rays", "1.4.0", RAYS)
        _publish(developer, up)
        await _play(developer, up, tmp_path / "data" / "broker.sqlite3")
    finally:
        assert await asyncio.to_thread(up.stop) == ExitStatus.OK, up.log_tail()
    assert up.left_behind() == []
    for kept in ("*/main.py", "*/site-packages/rays/colours.py"):
        assert list((tmp_path / "data" / "titles").glob(kept)), "the node keeps what it fetched"


def _use_runtime(developer: Developer) -> None:
    """Let the game run on a runtime, from which it imports before it shows anything."""
    Path("lamps").mkdir()
    Path("lamps", "runtime.toml").write_text(
        'runtime = 1\nname = "lamps"\nversion = "1.0.0"\n[python]\nrequires = ["rays"]\n'
    )
    told = developer.told("runtime", "build", "lamps")
    pin = RuntimePin(told["name"], told["version"], told["sha256"], told["archive_bytes"])
    with open("game/title.toml", "a") as manifest:
        manifest.write(f"\n{pin_table(pin)}\n")
    program = Path("game", "main.py")
    program.write_text(f"import rays.colours\n{program.read_text()}")


def _publish(developer: Developer, up: FarplayProcess) -> None:
    broker = ("--broker", up.url)
    developer.told("title", "init", "game")
    _use_runtime(developer)
    archive = Path(developer.told("title", "pack", "game")["path"])
    assert archive.name == "game-0.1.0.farplay"
    status, output = developer.types("title", "publish", archive, *broker)
    assert (status, "is not signed" in output) == (ExitStatus.BAD_TITLE, True), output
    developer.told("title", "key", "new")
    developer.told("title", "sign", archive)
    status, output = developer.types("title", "publish", archive, *broker)
    assert (status, "add a device" in output) == (ExitStatus.FAILED, True), output
    published = developer.told("title", "publish", archive, "--link", up.ready["owner_url"])
    assert (published["title_id"], published["channels"]) == ("game", ["stable"])
    listed = developer.told("title", "list", *broker)["releases"]
    assert [row["version"] for row in listed] == ["0.1.0"]
    assert "stable" in developer.types("title", "show", "game", *broker)[1]


async def _play(developer: Developer, up: FarplayProcess, database: Path) -> None:
    [cookie] = json.loads(developer.sign_ins.read_text()).values()
    async with httpx.AsyncClient(base_url=up.url, headers={"Cookie": cookie}, timeout=patient(5.0)) as client:
        made = await client.post("/api/v1/sessions", json={"title_id": "game"})
        session = f"/api/v1/sessions/{made.json()['session_id']}"

        async def state() -> str:
            return str((await client.get(session)).json()["state"])

        async def runs() -> bool:
            assert await state() != "ended", (await client.get(session)).text
            return await state() == "running"

        await until(runs, 20.0, "the published game to run")
        release = (await client.get("/api/v1/releases")).json()["releases"][0]
        digest = release["archive_sha256"]
        story = (await client.get(f"/api/v1/operator{session.removeprefix('/api/v1')}")).json()
        decided = [event["data"] for event in story["events"] if event["event"] == "placement"]
        (runtime,) = developer.told("runtime", "list")["runtimes"]
        to_fetch = release["archive_bytes"] + runtime["archive_bytes"]
        assert decided[-1]["bytes_to_fetch"] == to_fetch, "its node has to fetch it"

        async def is_held() -> bool:
            """Look whether the node has told that the archive lies there now."""
            with contextlib.closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
                return digest in str(connection.execute("SELECT offer FROM node").fetchall())

        await until(is_held, 8.0, "the node to tell that it has the archive")
        broker = ("--broker", up.url)
        assert developer.told("admin", "title", "block", digest, *broker) == {"blocked": digest}

        async def is_blocked() -> bool:
            return bool((await client.get(session)).json()["reason"] == "title_blocked")

        await until(is_blocked, 10.0, "the blocked game's session to end")
        assert (await client.get("/api/v1/titles")).json()["titles"] == []
        status, output = developer.types("title", "withdraw", "game", "9.9.9", *broker)
        assert (status, "was never published here" in output) == (ExitStatus.FAILED, True)
