"""``farplay admin`` against a real broker with a fake node."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from farplay.admin import upgrade as upgrading
from farplay.admin.commands import app
from farplay.admin.tables import print_nodes, print_pools, why
from farplay.admin.upgrade import words
from farplay.failures import CommandFailure
from tests.support.fake_node import FakeNode, hello
from tests.support.live_broker import ENROLMENT_TOKEN, FakeTab, broker_config, live_broker, signed_in
from wire.errors import Reason
from wire.session_control import Closing, SessionState, StateNews

pytestmark = pytest.mark.process


async def admin(url: str, data_dir: Path, *arguments: str, fails: bool = False) -> str:
    """Run a command beside the test's loop; returns what it printed, of a failing one what it said was wrong."""
    options = [*arguments, "--broker", url, "--data-dir", str(data_dir)]
    result = await asyncio.to_thread(CliRunner().invoke, app, options, env={"COLUMNS": "200"})
    assert (result.exit_code != 0) is fails, result.output
    return result.stderr if fails else result.stdout


async def test_an_operator_sees_drains_and_ends(tmp_path: Path) -> None:
    async with (
        live_broker(broker_config(tmp_path)) as ready,
        signed_in(ready) as client,
        FakeNode.dial(ready.url, hello(slots=1, token=ENROLMENT_TOKEN)) as node,
    ):
        first = (await client.post("/api/v1/sessions", json={"title_id": "testcard"})).json()["session_id"]
        second = (await client.post("/api/v1/sessions", json={"title_id": "duel"})).json()["session_id"]
        status = await admin(ready.url, tmp_path, "status")
        assert "1 of 1 used" in status
        assert "1 waiting" in status
        (row,) = json.loads(await admin(ready.url, tmp_path, "nodes", "--json"))
        assert (row["node_id"], row["slots_used"], row["drained"]) == (node.node_id, 1, False)
        assert second in await admin(ready.url, tmp_path, "queue", "--first", second)
        assert json.loads(await admin(ready.url, tmp_path, "pools", "--json")) == []
        assert f"node {node.node_id}" in await admin(ready.url, tmp_path, "why", first)
        assert "title missing" in await admin(ready.url, tmp_path, "sessions")
        async with FakeTab.open(client, first) as tab:
            drained = await admin(ready.url, tmp_path, "node", "drain", "fake", "--deadline", "0.5")
            assert "fake takes no more sessions. Sessions that it runs: 1; they end in" in drained
            refused = await admin(ready.url, tmp_path, "node", "upgrade", "fake", fails=True)
            assert "fake cannot start another beside itself" in refused
            assert "There is no node nowhere." in await admin(
                ready.url, tmp_path, "node", "drain", "nowhere", fails=True
            )
            assert (await tab.next(Closing)).in_ms in range(1, 501)
            while (news := await tab.next(StateNews)).state is not SessionState.ENDED:
                pass
            assert news.reason is Reason.NODE_SHUTDOWN
        entry = json.loads(await admin(ready.url, tmp_path, "ledger", "--since", "2020-01-01", "--json"))
        assert (entry["session_id"], entry["node_id"], entry["reason"]) == (first, node.node_id, "node_shutdown")
        assert "hours of play, lines: 1" in await admin(ready.url, tmp_path, "ledger")
        assert await admin(ready.url, tmp_path, "ledger", "--until", "2020-01-01") == "Nothing was played.\n"
        assert await admin(ready.url, tmp_path, "end", second) == "The session is ended.\n"
        token = (await admin(ready.url, tmp_path, "node", "enrol")).strip()
        async with FakeNode.dial(ready.url, hello(token=token)) as joined:
            assert joined.node_id != node.node_id
        again = await admin(ready.url, tmp_path, "node", "undrain", node.node_id)
        assert again == "fake takes sessions again.\n"
        devices = (await client.get("/api/v1/devices")).json()["devices"]
        assert [each["current"] for each in devices] == [True], "the commands signed out again"


async def test_what_cannot_be_reached_is_said_with_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    async with live_broker(broker_config(tmp_path / "one")) as ready, live_broker(broker_config(tmp_path / "two")):
        nobody = await admin("http://localhost:1", tmp_path / "one", "nodes", fails=True)
        assert "No broker answers at http://localhost:1" in nobody
        assert "--broker" in nobody
        no_database = await admin(ready.url, tmp_path / "empty", "nodes", fails=True)
        assert "database cannot be used" in no_database
        assert "--data-dir" in no_database
        assert "works on another database" in await admin(ready.url, tmp_path / "two", "nodes", fails=True)


async def test_the_command_itself_prints_json_alone(tmp_path: Path) -> None:
    async with live_broker(broker_config(tmp_path)) as ready:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "farplay", "admin", "status", "--json", "--data-dir", str(tmp_path),
            stdout=asyncio.subprocess.PIPE, env={**os.environ, "FARPLAY_BROKER": ready.url},
        )  # fmt: skip
        out, _ = await process.communicate()
        status = json.loads(out)
        assert (status["replicas"], status["replicas_silent"], status["queue"]["waiting_total"]) == (1, 0, 0)


def rendered(printer: Any, *answers: object) -> str:
    out = StringIO()
    printer(*answers, Console(file=out, width=200))
    return out.getvalue()


def test_what_nodes_call_themselves_is_neither_markup_nor_a_command_for_the_terminal() -> None:
    row = {
        "node_id": "node_a", "name": "[red]x[/] \x1b[2J", "state": "ready", "connected": True, "heard_s": 0,
        "drained": True, "slots": 2, "slots_used": 1, "cpu_percent": 3.0, "memory_bytes": None,
        "memory_used_bytes": 0, "encoders": None, "region": "", "region_known": False,
    }  # fmt: skip
    shown = rendered(print_nodes, [row])
    assert "[red]x[/] [2J" in shown
    assert "\x1b" not in shown
    assert "ready, drained" in shown
    assert "region" not in shown
    placed = [{**row, "region": name, "region_known": name == "eu"} for name in ("eu", "\x1b[2Jmars", "")]
    shown = rendered(print_nodes, placed)
    assert "region" in shown
    assert "[2Jmars (not named)" in shown
    assert "\x1b" not in shown
    assert "farplay node --broker" in rendered(print_nodes, [])


def test_a_decision_is_told_with_where_it_went_and_what_came_after_it() -> None:
    data = {
        "node_id": "node_a", "region": "eu", "round_trip_ms": 20.5, "refused": {"too_far": 40, "no_room": 2},
        "behind": {"farther": 12, "same_account": 1},
    }  # fmt: skip
    assert why({"reason": None, "data": data}) == (
        "node node_a; not: 2 for no room, 40 for too far; after it: 12 for farther, 1 for same account; "
        "region eu; round trip ms 20.5"
    )


def test_pools_are_shown_in_a_line_each_with_the_words_of_what_does_not_start() -> None:
    node = {"name": "l4-a", "trouble": "no_room", "words": "2 Insufficient nvidia.com/gpu.\x1b[2J"}
    pool = {
        "name": "l4", "adapter": "kubernetes", "states": {"ready": 3, "starting": 1}, "max_nodes": 20, "slots": 12,
        "slots_used": 7, "idle_wanted": 4, "cost_per_hour": 2.84, "trouble": "", "nodes": [node],
    }  # fmt: skip
    former = {**pool, "name": "old", "adapter": None, "states": {}, "trouble": "not in the file", "nodes": []}
    shown = rendered(print_pools, [pool, former])
    first, second, trouble, words = shown.splitlines()[1:]
    assert " ".join(first.split()) == "l4 3 ready, 1 starting 20 7 of 12 used 4 2.84 kubernetes"
    assert second.split()[:2] == ["old", "none"]
    assert trouble.split() == ["old", "not", "in", "the", "file"]
    assert words.rstrip() == "l4-a  no room: 2 Insufficient nvidia.com/gpu.[2J"
    assert "--pools FILE" in rendered(print_pools, [])


def test_how_far_an_upgrade_is_in_words() -> None:
    new = {"node_id": None, "name": "own-b", "ready": False, "trouble": None, "words": ""}
    row = {
        "name": "own-a", "pool": "own", "drained": True, "ended": False, "sessions": 2, "ends_in_ms": 61_000,
        "awaited": False, "successor": new,
    }  # fmt: skip
    runs = "own-a takes no more sessions. Sessions that it runs: 2; they end"
    assert words(row) == f"{runs} in 2 min at the latest. Its successor own-b is starting."
    full = {**new, "trouble": "no_room", "words": "1 Insufficient cpu.\x1b[2J"}
    assert words({**row, "ends_in_ms": None, "successor": full}) == (
        f"{runs} when their players end them. Its successor own-b does not start: no room: 1 Insufficient cpu.[2J."
    )
    waits = words({**row, "sessions": 0, "successor": None, "awaited": True})
    assert waits == (
        "own-a takes no more sessions and runs none. Its successor is made when its pool has room for it."
    )
    beside = {**row, "pool": None, "drained": False, "successor": {**new, "name": None}}
    assert words(beside) == "own-a takes sessions until its successor is there. Its successor is starting."
    done = words({**row, "ended": True, "successor": {**new, "ready": True}})
    assert done == "own-a has ended. Its successor own-b takes sessions."


class AnsweringApi:
    """Answers with these rows in turn."""

    def __init__(self, *rows: dict[str, Any]) -> None:
        self.rows = list(rows)

    def put(self, _path: str, _body: dict[str, Any]) -> dict[str, Any]:
        return self.rows.pop(0)

    def get(self, _path: str) -> dict[str, Any]:
        return self.rows.pop(0)


def test_an_upgrade_is_followed_to_its_end_and_every_change_told_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upgrading, "LOOK_S", 0.0)
    new = {"node_id": "node_b", "name": "own-b", "ready": True, "trouble": None, "words": ""}
    row = {
        "name": "own-a", "pool": "own", "drained": True, "ended": False, "sessions": 1, "ends_in_ms": None,
        "awaited": True, "successor": None,
    }  # fmt: skip
    come = {**row, "awaited": False, "successor": new}
    idle = {**come, "ended": True, "successor": {**new, "ready": False}}
    said: list[str] = []
    api: Any = AnsweringApi(row, row, come, come, idle)
    upgrading.upgrade(api, {"node_id": "node_a"}, None, said.append, as_json=True)
    assert [json.loads(line) for line in said] == [row, come, idle]
    assert not api.rows


def test_a_successor_that_does_not_come_is_said_and_the_old_node_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upgrading, "BESIDE_S", 0.0)
    row = {
        "name": "attic", "pool": None, "drained": False, "ended": False, "sessions": 0, "ends_in_ms": None,
        "awaited": False, "successor": None,
    }  # fmt: skip
    api: Any = AnsweringApi(row)
    with pytest.raises(CommandFailure, match="it goes on as before"):
        upgrading.upgrade(api, {"node_id": "node_a"}, None, lambda _line: None, as_json=False)
