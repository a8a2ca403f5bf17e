"""Memory and processor time of a title, and its waits for a processor: its process and all below it, from /proc."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_PROC = Path("/proc")


@dataclass(frozen=True, slots=True)
class Use:
    """What a tree of processes uses now."""

    memory_bytes: int
    """Proportional set size: what is shared with others counts by its share."""
    cpu_s: float
    """Processor time since their start, children that have ended included."""


def use_of(root: int) -> Use:
    """Return what a process and all below it use; those that end meanwhile are left out."""
    memory, ticks = 0, 0
    for pid in _tree(root):
        with suppress(OSError, ValueError, IndexError):
            ticks += sum(int(field) for field in _stat(pid)[11:15])
            memory += _pss_bytes(pid)
    return Use(memory, ticks / _TICKS_PER_S)


def waited_s(root: int) -> dict[int, float]:
    """Return how long each thread of a process and all below it was ready to run and had no processor, in seconds."""
    waited = {}
    for pid in _tree(root):
        with suppress(OSError):
            for thread in os.listdir(_PROC / str(pid) / "task"):
                with suppress(OSError, ValueError, IndexError):
                    schedstat = (_PROC / str(pid) / "task" / thread / "schedstat").read_text()
                    waited[int(thread)] = int(schedstat.split()[1]) / 1e9
    return waited


def longest_wait_s(before: Mapping[int, float], after: Mapping[int, float]) -> float:
    """Return for how long the thread that waited most did so between two looks at ``waited_s``."""
    return max((waited - before.get(thread, 0.0) for thread, waited in after.items()), default=0.0)


def _tree(root: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for name in os.listdir(_PROC):
        if name.isdigit():
            with suppress(OSError, ValueError, IndexError):
                children.setdefault(int(_stat(int(name))[1]), []).append(int(name))
    found = [root]
    for pid in found:
        found += children.get(pid, [])
    return found


def _stat(pid: int) -> list[str]:
    """Return the fields of ``stat`` from the state on; the name before them may hold spaces and brackets."""
    return (_PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()


def _pss_bytes(pid: int) -> int:
    for line in (_PROC / str(pid) / "smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    return 0
