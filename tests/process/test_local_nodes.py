"""What a broker starts on its machine for a pool: the command, its secret, its folder, its end."""

from __future__ import annotations

import signal
from pathlib import Path

import psutil
import pytest

from farplay.child_process import ChildProcess
from farplay.local_nodes import local_nodes
from render_node.agent.io.credential import Credential, save_credential
from session_broker.core.pools.records import NodeName
from session_broker.io.fleet.local import LocalWish
from tests.support.deadlines import patient, until

pytestmark = pytest.mark.process

WISH = LocalWish(NodeName("own-abc"), 3, "own", 2, "http://localhost:1", "one-time-secret")


def takes(pid: int, number: signal.Signals) -> bool:
    """Tell whether a process has a handler for a signal."""
    status = Path(f"/proc/{pid}/status").read_text()
    caught = next(int(line.split()[1], 16) for line in status.splitlines() if line.startswith("SigCgt"))
    return bool(caught >> (number - 1) & 1)


async def test_a_node_runs_with_the_brokers_titles_and_a_secret_that_nobody_can_list(tmp_path: Path) -> None:
    title = tmp_path / "game.py"
    title.write_text("")
    before = set(psutil.Process().children())
    process = await local_nodes(tmp_path, (title,), with_bundled=False)(WISH)
    (child,) = set(psutil.Process().children()) - before

    async def named() -> list[str] | None:
        # The kernel shows a command line a moment after the program began.
        return child.cmdline() or None

    command = await until(named, 5, "its command line")

    def option(name: str) -> str:
        return command[command.index(name) + 1]

    assert command[command.index("node") :][0] == "node"
    folder = tmp_path / "pools"
    assert [option(name) for name in ("--broker", "--data-dir", "--name", "--slots", "--title")] == [
        "http://localhost:1", str(folder / "own-3"), "own-abc", "2", str(title),
    ]  # fmt: skip
    assert "--no-bundled" in command
    assert "one-time-secret" not in " ".join(command)
    assert child.environ()["FARPLAY_ENROLMENT_TOKEN"] == "one-time-secret"
    log = folder / "logs" / "own-3.log"

    async def works() -> bool:
        # Before it takes signals, one would end it without order.
        return takes(child.pid, signal.SIGTERM) and (folder / "own-3").is_dir()

    await until(works, 20, "it has its folder, and ends in order")
    await process.stop(patient(8))
    assert await process.wait() == 0
    assert not child.is_running()
    assert log.stat().st_mode & 0o777 == 0o600


async def test_a_new_node_in_the_folder_of_a_former_one_has_its_saves_and_not_its_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, found = tmp_path / "pools" / "own-3", list[str]()
    own.mkdir(parents=True)
    save_credential(own, Credential("node_former", "key"))
    (own / "saves").mkdir()

    async def start(*_arguments: object, **_options: object) -> ChildProcess:
        found.extend(path.name for path in own.iterdir())
        raise OSError("no more processes")

    monkeypatch.setattr(ChildProcess, "start", start)
    with pytest.raises(OSError, match="no more"):
        await local_nodes(tmp_path, (), with_bundled=False)(WISH)
    assert found == ["saves"]
