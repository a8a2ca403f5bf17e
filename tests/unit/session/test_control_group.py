"""Control groups of both interfaces, in folders that stand for the kernel's."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from render_node.session.core.group_limits import (
    CONTROLLERS,
    MIB,
    GroupLimits,
    Home,
    killed_for_memory,
    memory_bound_bytes,
    own_home,
    settings,
)
from render_node.session.io.control_group import ControlGroup, remove_left_behind

LIMITS = GroupLimits(300 * MIB, 100, 1.5)
MOUNTS_V1 = """
30 23 0:26 / /sys/fs/cgroup ro,nosuid - tmpfs tmpfs ro,mode=755
31 30 0:27 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid - cgroup cgroup rw,cpu,cpuacct
32 30 0:28 / /sys/fs/cgroup/pids rw,nosuid - cgroup cgroup rw,pids
33 30 0:29 /docker/abc /sys/fs/cgroup/memory rw,nosuid - cgroup cgroup rw,memory
34 30 0:30 / /sys/fs/cgroup/unified rw,nosuid shared:9 - cgroup2 cgroup2 rw
"""
MOUNTS_V2 = "34 30 0:30 / /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n"


@pytest.mark.parametrize(
    ("cgroups", "mounts", "home"),
    [
        (
            "4:memory:/docker/abc/node\n3:pids:/\n2:cpu,cpuacct:/user\n0::/\n",
            MOUNTS_V1,
            Home(
                1,
                {
                    "memory": "/sys/fs/cgroup/memory/node",
                    "pids": "/sys/fs/cgroup/pids",
                    "cpu": "/sys/fs/cgroup/cpu,cpuacct/user",
                },
            ),
        ),
        (
            "0::/user.slice/app.scope\n",
            MOUNTS_V2,
            Home(2, dict.fromkeys(CONTROLLERS, "/sys/fs/cgroup/user.slice/app.scope")),
        ),
        ("2:cpu:/\n0::/\n", MOUNTS_V1, None),
        ("", "", None),
        ("nonsense\n", "34 30 0:30 / /x\n", None),
    ],
)
def test_where_groups_may_be_made(cgroups: str, mounts: str, home: Home | None) -> None:
    assert own_home(cgroups, mounts) == home


def test_a_title_gets_what_it_needs_and_half_as_much_again() -> None:
    assert memory_bound_bytes(1) == 512 * MIB
    assert memory_bound_bytes(1000) == 1500 * MIB


def test_kills_are_read_from_both_counters() -> None:
    assert killed_for_memory("oom_kill_disable 0\nunder_oom 0\noom_kill 3\n") == 3
    assert killed_for_memory("low 0\nhigh 0\nmax 12\noom 1\noom_kill 2\noom_group_kill 1\n") == 2
    assert killed_for_memory("") == 0


def lay_out(root: Path, version: int) -> Home:
    """Make folders as a kernel has them; ours are ordinary ones, so files appear when they are written."""
    names = {controller: str(root / (controller if version == 1 else "all")) for controller in CONTROLLERS}
    for path in set(names.values()):
        Path(path).mkdir()
    return Home(version, names)


def written(home: Home, name: str) -> Mapping[str, str]:
    folders = {Path(parent) / name for parent in home.folders.values()}
    return {file.name: file.read_text() for folder in folders for file in folder.iterdir()}


@pytest.mark.parametrize(
    ("version", "files"),
    [
        (
            1,
            {
                "memory.limit_in_bytes": str(300 * MIB),
                "memory.memsw.limit_in_bytes": str(300 * MIB),
                "pids.max": "100",
                "cpu.cfs_period_us": "100000",
                "cpu.cfs_quota_us": "150000",
            },
        ),
        (
            2,
            {
                "memory.max": str(300 * MIB),
                "memory.swap.max": "0",
                "memory.oom.group": "1",
                "pids.max": "100",
                "cpu.max": "150000 100000",
            },
        ),
    ],
)
def test_a_group_is_bounded_counted_and_killed(tmp_path: Path, version: int, files: dict[str, str]) -> None:
    home = lay_out(tmp_path, version)
    group = ControlGroup(home, "farplay-1-ses")
    group.create(LIMITS)
    assert written(home, "farplay-1-ses") == files
    assert [setting.file for setting in settings(LIMITS, version)] == list(files)
    folder = Path(home.folders["memory"]) / "farplay-1-ses"
    assert group.killed_for_memory() == 0
    (folder / ("memory.events" if version == 2 else "memory.oom_control")).write_text("oom_kill 1\n")
    assert group.killed_for_memory() == 1
    group.kill()
    assert written(home, "farplay-1-ses")["pids.max"] == "0", "nobody starts another process while all are killed"
    if version == 2:
        assert (folder / "cgroup.kill").read_text() == "1"


def test_a_group_that_cannot_be_bounded_is_not_left(tmp_path: Path) -> None:
    home = lay_out(tmp_path, 1)
    Path(home.folders["pids"]).rmdir()
    with pytest.raises(OSError, match="pids"):
        ControlGroup(home, "farplay-1-ses").create(LIMITS)
    assert not list(Path(home.folders["cpu"]).iterdir())


def test_only_empty_groups_of_dead_owners_are_removed(tmp_path: Path) -> None:
    home = lay_out(tmp_path, 2)
    parent = Path(home.folders["memory"])
    dead, alive, strange = parent / "farplay-4194999-ses", parent / "farplay-1-ses", parent / "farplay-x"
    full = parent / "farplay-4194998-ses"
    for folder in (dead, alive, strange, full):
        folder.mkdir()
    (full / "busy").write_text("")
    remove_left_behind(home)
    assert sorted(folder.name for folder in parent.iterdir()) == sorted(
        folder.name for folder in (alive, strange, full)
    )
