"""A session's control group in numbers: what is written into which file, and what the kernel's counters say.

Source: Linux, ``Documentation/admin-guide/cgroup-v1`` and ``cgroup-v2.rst``.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

CONTROLLERS = ("memory", "pids", "cpu")
MIB = 1 << 20
MEMORY_LEAST_MIB = 512
"""What every title may use, whatever it says that it needs: an interpreter, pygame and a few pictures take 100."""

CPU_CORES = 2.0
"""Processor time of all of a title's processes together, in cores."""

_PERIOD_US = 100_000


@dataclass(frozen=True, slots=True)
class GroupLimits:
    """Bounds of everything in a session's sandbox together."""

    memory_bytes: int
    processes: int
    """Processes and threads."""
    cpu_cores: float = CPU_CORES


def memory_bound_bytes(needed_mib: int) -> int:
    """Return the memory that a title may use: half as much again as it says that it needs, at least 512 MiB."""
    return max(MEMORY_LEAST_MIB, needed_mib * 3 // 2) * MIB


@dataclass(frozen=True, slots=True)
class Setting:
    """One line for one file of a controller's group."""

    controller: str
    file: str
    text: str
    needed: bool = True
    """Whether the bound holds without it; files of later kernels and of swap accounting may be absent."""


def settings(limits: GroupLimits, version: int) -> Sequence[Setting]:
    """Return what bounds a group, in the order in which it is written.

    Args:
        limits: The bounds.
        version: Of the control group interface, 1 or 2.
    """
    memory, processes = str(limits.memory_bytes), str(limits.processes)
    quota_us = str(int(limits.cpu_cores * _PERIOD_US))
    if version == 2:
        return (
            Setting("memory", "memory.max", memory),
            Setting("memory", "memory.swap.max", "0", needed=False),
            Setting("memory", "memory.oom.group", "1", needed=False),
            Setting("pids", "pids.max", processes),
            Setting("cpu", "cpu.max", f"{quota_us} {_PERIOD_US}", needed=False),
        )
    return (
        Setting("memory", "memory.limit_in_bytes", memory),
        Setting("memory", "memory.memsw.limit_in_bytes", memory, needed=False),
        Setting("pids", "pids.max", processes),
        Setting("cpu", "cpu.cfs_period_us", str(_PERIOD_US), needed=False),
        Setting("cpu", "cpu.cfs_quota_us", quota_us, needed=False),
    )


def kill_counter(version: int) -> tuple[str, str]:
    """Return the controller and file that count the processes that were killed for memory."""
    return ("memory", "memory.events" if version == 2 else "memory.oom_control")


def killed_for_memory(text: str) -> int:
    """Return the count in that file's text."""
    match = re.search(r"^oom_kill (\d+)$", text, re.M)
    return int(match[1]) if match else 0


@dataclass(frozen=True, slots=True)
class Home:
    """Where this process may make groups: a folder for each controller, the same one for all in version 2."""

    version: int
    folders: Mapping[str, str]


def own_home(cgroups: str, mounts: str) -> Home | None:
    """Return where this process's own groups lie, None where memory or processes cannot be bounded.

    Args:
        cgroups: Text of ``/proc/self/cgroup``.
        mounts: Text of ``/proc/self/mountinfo``.
    """
    groups = {name: path for line in cgroups.splitlines() for name, path in _memberships(line)}
    version_1: dict[str, str] = {}
    unified: str | None = None
    for line in mounts.splitlines():
        before, _, after = line.partition(" - ")
        fields, (kind, _, options) = before.split(), [*after.split(), "", "", ""][:3]
        if kind == "cgroup2" and "" in groups:
            unified = _below(fields[4], fields[3], groups[""])
        if kind == "cgroup":
            for name in set(options.split(",")) & set(CONTROLLERS) & set(groups):
                version_1[name] = _below(fields[4], fields[3], groups[name])
    if {"memory", "pids"} <= set(version_1):
        return Home(1, version_1)
    return None if unified is None or version_1 else Home(2, dict.fromkeys(CONTROLLERS, unified))


def _memberships(line: str) -> list[tuple[str, str]]:
    _, _, rest = line.partition(":")
    names, _, path = rest.partition(":")
    return [(name, path) for name in names.split(",")]


def _below(mount_point: str, root: str, group: str) -> str:
    """Return the folder of a group; a mount may show only what lies below ``root``."""
    path = PurePosixPath(group)
    inside = path.relative_to(root) if path.is_relative_to(root) else path.relative_to("/")
    return str(PurePosixPath(mount_point) / inside)
