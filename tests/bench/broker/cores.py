"""Processor time of named groups of processes, some of which come and go."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Mapping, Sequence

import psutil


class CoreMeter:
    """Reads from construction to `read`.

    Args:
        groups: Processes by name; what their children take does not count.
        trees: Processes by name, with children of theirs, also such as have ended.
    """

    def __init__(self, groups: Mapping[str, Sequence[psutil.Process]], trees: Mapping[str, psutil.Process]) -> None:
        self._groups, self._trees = groups, trees
        self._began_s = time.perf_counter()
        self._before = self._taken_s()

    def read(self) -> dict[str, float]:
        """Return the cores that each has used on average."""
        lasted_s = time.perf_counter() - self._began_s
        return {name: (taken_s - self._before[name]) / lasted_s for name, taken_s in self._taken_s().items()}

    def _taken_s(self) -> dict[str, float]:
        taken = {name: sum(map(_own_s, processes)) for name, processes in self._groups.items()}
        return taken | {name: _tree_s(root) for name, root in self._trees.items()}


def _own_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def _tree_s(root: psutil.Process) -> float:
    times = root.cpu_times()
    taken_s = float(times.user + times.system + times.children_user + times.children_system)
    for child in root.children():
        with contextlib.suppress(psutil.NoSuchProcess):
            taken_s += _own_s(child)
    return taken_s
