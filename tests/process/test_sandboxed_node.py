"""A real agent with real workers under either profile: how a hostile title's end is reported, and what stays."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from render_node.config import WORKER_ENTRY
from render_node.session.io.control_group import find_home
from tests.support.agent_process import AgentProcess
from tests.support.attacks.scenarios import WORKER
from tests.support.deadlines import until
from tests.support.fake_broker import FakeBroker
from wire.errors import Reason
from wire.node_control import PlacementNews, StartSession
from wire.sandbox import Profile
from wire.worker_control import PlacementState

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(os.geteuid() != 0, reason="a node that may not make control groups refuses untrusted titles"),
]

MISBEHAVES_LATER = (
    "import pygame\n"
    + WORKER
    + """
if os.path.exists(os.path.expanduser("~/misbehave")):
    for _ in range(20):
        worker.send(bytes([255]))
open(os.path.expanduser("~/misbehave"), "w").close()
while True: pygame.event.wait()
"""
)
"""Its first session stands still, the next ones send what they must not."""


@pytest.fixture
async def broker() -> AsyncIterator[FakeBroker]:
    opened = FakeBroker()
    await opened.open()
    yield opened
    await opened.close()


async def news(broker: FakeBroker, state: PlacementState) -> PlacementNews:
    return await broker.next(PlacementNews, lambda told: told.state is state)


@pytest.mark.parametrize("profile", Profile)
async def test_ends_are_reported_and_nothing_stays(broker: FakeBroker, tmp_path: Path, profile: Profile) -> None:
    program = tmp_path / "game" / "main.py"
    program.parent.mkdir()
    program.write_text(MISBEHAVES_LATER)
    data_dir = tmp_path / "node"
    agent = AgentProcess(broker.url, data_dir, entry=WORKER_ENTRY, sandbox=profile, title=program)
    try:
        hello = await broker.node()
        assert hello.capacity.sandbox == profile
        await broker.send(StartSession("ses_a", 1, "real", "1.0.0", "plr_a"))
        await news(broker, PlacementState.SERVING)
        (worker,) = [each for each in agent.children() if _runs_a_title(each)]
        worker.kill()
        assert (await news(broker, PlacementState.RELEASED)).reason is Reason.WORKER_LOST

        await until(lambda: _cleared(data_dir, agent), 5.0, "nothing is left of the killed worker's session")

        await broker.send(StartSession("ses_b", 1, "real", "1.0.0", "plr_a"))
        end = await news(broker, PlacementState.RELEASED)
        assert (end.reason, end.violations > 0) == (Reason.TITLE_VIOLATION, True), end
        await until(lambda: _cleared(data_dir, agent), 5.0, "nothing is left of the hostile title's session")
    finally:
        await agent.end()
    assert await agent.left_behind() == []


def _runs_a_title(process: psutil.Process) -> bool:
    """Tell whether a process is a worker: its children, not it, were started by a command that names the launcher."""
    with suppress(psutil.NoSuchProcess):
        return any(map(_is_launcher, process.children())) and not _is_launcher(process)
    return False


def _is_launcher(process: psutil.Process) -> bool:
    return "render_node/title/__main__.py" in " ".join(process.cmdline())


async def _cleared(data_dir: Path, agent: AgentProcess) -> bool:
    return not _left(data_dir, agent)


def _left(data_dir: Path, agent: AgentProcess) -> list[object]:
    mark = f"farplay-{agent.process.pid}-"
    groups = [path for parent in find_home().folders.values() for path in Path(parent).glob(f"{mark}*")]
    folders = list(data_dir.glob(f"run/{mark}*"))
    return [*groups, *folders, *(each for each in agent.children() if _runs_a_title(each))]
