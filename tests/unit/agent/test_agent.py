"""The agent's shell: what it does with workers and titles when things go wrong between its steps."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, cast

import pytest
from structlog.testing import capture_logs

from render_node.agent.core.capacity import Measurement, choose
from render_node.agent.io.agent_main import Agent
from render_node.agent.io.ice_probe import tell_ice_reach
from render_node.agent.io.node_findings import NodeFindings
from render_node.agent.io.session_leftovers import SessionLeftovers
from render_node.agent.io.worker_pool import WorkerPool
from render_node.config import NodeConfig
from wire.errors import Reason
from wire.node_control import PlacementNews, StartSession
from wire.sandbox import Profile, SandboxSpec, Wall
from wire.schema import Message
from wire.title_manifest import InstalledTitle, bare_manifest
from wire.title_release import Release
from wire.worker_control import IceMode, IceSpec


class SlowPool:
    """Gives no worker until ``free`` is set."""

    def __init__(self) -> None:
        self.free = asyncio.Event()
        self.taken = 0

    async def take(self) -> Any:
        await self.free.wait()
        self.taken += 1
        raise OSError("no worker here")


class Bench:
    """An agent without broker and workers; what it tells the broker lies in ``told``."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.pool = SlowPool()
        measured = Measurement(4, 8 << 30, ("libx264",), {"ultrafast": 4.0})
        self.agent = Agent(
            NodeConfig("http://127.0.0.1:9", folder, (InstalledTitle(bare_manifest("chess.py"), "/titles/chess"),)),
            NodeFindings(measured, choose(measured), SandboxSpec(Profile.USERNS, tuple(Wall))),
            cast(WorkerPool, self.pool),
            None,
            None,
            SessionLeftovers(folder / "run"),
            None,
            asyncio.Event(),
        )
        self.told: list[Message] = []
        monkeypatch.setattr(self.agent._link, "send", self.told.append)
        self.agent._apply(self.agent._sessions.handle_connected())

    def ends(self) -> list[tuple[Reason | None, str]]:
        return [(news.reason, news.detail) for news in self.told if isinstance(news, PlacementNews) and news.reason]

    def close(self) -> None:
        if self.agent._timer is not None:
            self.agent._timer.cancel()


async def test_a_session_that_is_killed_while_it_launches_gets_no_worker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = Bench(tmp_path, monkeypatch)
    bench.agent._on_broker_message(StartSession("ses_a", 1, "chess", "0.0.0", "plr_1"))
    (launch,) = bench.agent._workers._launches.values()
    await asyncio.sleep(0)
    bench.agent._apply(bench.agent._sessions.handle_violation("ses_a", "too late"))
    bench.pool.free.set()
    await asyncio.wait([launch])
    assert bench.pool.taken == 0
    assert bench.ends() == [(Reason.WORKER_LOST, "too late")]
    bench.close()


async def test_whatever_goes_wrong_with_a_fetch_ends_its_session(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(*_: object, **__: object) -> InstalledTitle:
        raise UnicodeDecodeError("utf-8", b"\xff", 0, 1, "invalid start byte")

    bench = Bench(tmp_path, monkeypatch)
    bench.agent._credential = cast(Any, type("Known", (), {"node_id": "node_a", "node_key": "key"}))
    monkeypatch.setattr(bench.agent._cache, "get", fail)
    release = Release("go", "1.0.0", "a" * 64, 10, "key", "signature")
    bench.agent._on_broker_message(StartSession("ses_a", 1, "go", "1.0.0", "plr_1", release))
    await asyncio.wait(bench.agent._fetches)
    ((reason, detail),) = bench.ends()
    assert reason is Reason.INTERNAL
    assert detail.startswith("UnicodeDecodeError")
    assert bench.agent._sessions.running() == ()
    bench.close()


async def test_servers_that_cannot_be_asked_are_a_warning() -> None:
    with capture_logs() as logs:
        await tell_ice_reach(IceSpec("192.0.2.77", 0, 0, ("192.0.2.77",), IceMode.FULL))
    (warning,) = logs
    assert (warning["event"], warning["log_level"]) == ("ice_not_probed", "warning")
    assert "192.0.2.77" in warning["detail"]
