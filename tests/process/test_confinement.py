"""What a process shuts itself into, seen by one that does: its own user, and folders that others may enter."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from render_node.agent.io.session_leftovers import SessionLeftovers
from render_node.session.core.group_limits import MIB, GroupLimits
from render_node.session.io import pod_sandbox
from render_node.session.io.control_group import ControlGroup, find_home
from render_node.title.confinement import Confinement
from wire.errors import WireError
from wire.sandbox import session_name

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(os.geteuid() != 0, reason="control groups and other users need root"),
]

OTHER = 61_235


def confined(confinement: Confinement, look: Callable[[], object]) -> object:
    """Apply walls in a child and return what it sees there."""
    read_fd, write_fd = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            confinement.apply()
            seen = look()
        except BaseException as error:
            seen = f"{type(error).__name__}: {error}"
        os.write(write_fd, json.dumps(seen).encode())
        os._exit(0)
    os.close(write_fd)
    os.waitpid(pid, 0)
    with os.fdopen(read_fd) as pipe:
        return json.loads(pipe.read())


def test_a_user_of_its_own_reaches_nothing_of_the_nodes(tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("secret")
    key.chmod(0o600)
    victim = subprocess.Popen(["sleep", "60"])
    kept = os.open(key, os.O_RDONLY)

    def look() -> object:
        seen: list[object] = [os.getresuid(), os.getgroups()]
        for step in (
            lambda: os.kill(victim.pid, signal.SIGURG),
            Path("/proc/1/environ").read_bytes,
            lambda: os.setuid(0),
        ):
            try:
                step()
                seen.append("worked")
            except OSError as error:
                seen.append(type(error).__name__)
        status = Path("/proc/self/status").read_text()
        seen.append([line.split()[1] for line in status.splitlines() if line.startswith(("CapEff", "CapBnd"))])
        return seen

    try:
        walls = Confinement((kept,), close_others=False, user_id=OTHER, drop_capabilities=True)
        none = "0000000000000000"
        assert confined(walls, look) == [[OTHER] * 3, [], *["PermissionError"] * 3, [none, none]]
    finally:
        victim.kill()
        victim.wait()
        os.close(kept)


@pytest.fixture
def entered_by_all() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def test_a_save_folder_is_handed_over_without_following_links(entered_by_all: Path) -> None:
    outside, saves = entered_by_all / "outside", entered_by_all / "player" / "saves"
    outside.write_text("the node's")
    (saves / "deep").mkdir(parents=True)
    (saves / "deep" / "save").write_text("1")
    (saves / "link").symlink_to(outside)
    saves.parent.chmod(0o700)
    with pytest.raises(WireError, match="may not enter"):
        pod_sandbox.hand_over(str(saves), OTHER)
    saves.parent.chmod(0o711)
    pod_sandbox.hand_over(str(saves), OTHER)
    owned = [saves, saves / "deep", saves / "deep" / "save", saves / "link"]
    assert {path.lstat().st_uid for path in owned} == {OTHER}
    assert outside.stat().st_uid == os.getuid()


def test_what_a_killed_worker_leaves_is_removed(tmp_path: Path) -> None:
    leftovers = SessionLeftovers(tmp_path / "run")
    name = session_name(os.getpid(), "ses_left")
    group = ControlGroup(find_home(), name)
    group.create(GroupLimits(64 * MIB, 16))
    (leftovers.run_dir / name / "tmp").mkdir(parents=True)
    dead = leftovers.run_dir / session_name(2**22 + 1, "ses_old")
    dead.mkdir()
    leftovers.remove("ses_left")
    leftovers.remove_of_the_dead()
    assert not list(leftovers.run_dir.iterdir())
    assert not any((Path(parent) / name).exists() for parent in find_home().folders.values())
