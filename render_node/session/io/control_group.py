"""A session's control group: made before its title starts, joined by the title itself, removed when it is gone."""

from __future__ import annotations

import functools
import os
import re
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import structlog

from render_node.session.core.group_limits import (
    CONTROLLERS,
    MIB,
    GroupLimits,
    Home,
    kill_counter,
    killed_for_memory,
    own_home,
    settings,
)
from wire.sandbox import SESSION_PREFIX, session_name

REMOVE_WITHIN_S = 2.0
"""How long the kernel may take to let go of a group whose processes have ended."""

_REMOVE_STEP_S = 0.01
_NAME = re.compile(SESSION_PREFIX + r"(\d+)-[A-Za-z0-9_-]{1,100}")

log = structlog.get_logger()


class ControlGroup:
    """Owns the folders of one group until ``remove``."""

    def __init__(self, home: Home, name: str) -> None:
        self._version = home.version
        self._folders = {controller: Path(parent) / name for controller, parent in home.folders.items()}

    def create(self, limits: GroupLimits) -> None:
        """Make the group.

        Raises:
            OSError: it cannot be made or bounded here; nothing is left of it.
        """
        try:
            for folder in set(self._folders.values()):
                folder.mkdir(mode=0o755)
            for setting in settings(limits, self._version):
                self._write(setting.controller, setting.file, setting.text, needed=setting.needed)
        except OSError:
            self.remove()
            raise

    def open_for_joining(self) -> list[int]:
        """Return a descriptor for each hierarchy, which the caller closes; whoever writes ``0`` to all is in."""
        folders = sorted(set(self._folders.values()))
        return [os.open(folder / "cgroup.procs", os.O_WRONLY | os.O_CLOEXEC) for folder in folders]

    def killed_for_memory(self) -> int:
        """Return how many of its processes the kernel has killed because the memory was used up."""
        controller, file = kill_counter(self._version)
        try:
            return killed_for_memory((self._folders[controller] / file).read_text())
        except OSError:
            return 0

    def kill(self) -> None:
        """Kill every process in it; from now on none of them can start another."""
        with suppress(OSError):
            self._write("pids", "pids.max", "0")
        if self._version == 2:
            with suppress(OSError):
                self._write("memory", "cgroup.kill", "1")
                return
        for pid in self._members():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def remove(self) -> bool:
        """Kill what is in it and remove it; return whether it is gone. May block for two seconds."""
        self.kill()
        deadline_s = time.monotonic() + REMOVE_WITHIN_S
        remaining = set(self._folders.values())
        while remaining:
            remaining = {folder for folder in remaining if not _removed(folder)}
            if remaining and time.monotonic() > deadline_s:
                log.warning("control_group_left", folders=sorted(map(str, remaining)))
                return False
            if remaining:
                time.sleep(_REMOVE_STEP_S)
        return True

    def _members(self) -> Iterator[int]:
        with suppress(OSError):
            yield from map(int, (self._folders["pids"] / "cgroup.procs").read_text().split())

    def _write(self, controller: str, file: str, text: str, *, needed: bool = True) -> None:
        try:
            (self._folders[controller] / file).write_text(text)
        except (OSError, KeyError):
            if needed:
                raise


def _removed(folder: Path) -> bool:
    try:
        folder.rmdir()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return True


@functools.cache
def find_home() -> Home:
    """Return where this process may make groups; remembered.

    Raises:
        OSError: nowhere; the words say why.
    """
    home = own_home(Path("/proc/self/cgroup").read_text(), Path("/proc/self/mountinfo").read_text())
    if home is None:
        raise OSError("the kernel shows no control groups for memory and processes here")
    return home


def try_home() -> None:
    """Make a group and remove it.

    Raises:
        OSError: it cannot be made or bounded; the words say why.
    """
    home = find_home()
    if home.version == 2:
        _pass_on(Path(home.folders["memory"]))
    group = ControlGroup(home, session_name(os.getpid(), f"probe-{threading.get_ident()}"))
    group.create(GroupLimits(64 * MIB, 16))
    group.remove()


def _pass_on(folder: Path) -> None:
    """Let the groups below have the controllers (version 2)."""
    present = (folder / "cgroup.subtree_control").read_text().split()
    if not {"memory", "pids"} <= set(present):
        wanted = [name for name in CONTROLLERS if name in (folder / "cgroup.controllers").read_text().split()]
        (folder / "cgroup.subtree_control").write_text(" ".join(f"+{name}" for name in wanted))


def remove_left_behind(home: Home) -> None:
    """Remove the groups whose owner lives no more; their titles died with it, so that they are empty."""
    for parent in set(home.folders.values()):
        for folder in Path(parent).glob(f"{SESSION_PREFIX}*"):
            match = _NAME.fullmatch(folder.name)
            if match and not os.path.exists(f"/proc/{match[1]}"):
                _removed(folder)
