"""What the rest of the machine does while a stream is measured: a neighbour's work must not look like latency."""

from __future__ import annotations

import time

import psutil


class NeighbourMeter:
    """CPU of all but this process and what it started, from construction to `read`; the kernel's own included."""

    def __init__(self) -> None:
        self._started_s = time.perf_counter()
        self._before_s = _others_s()

    def read(self) -> float:
        """Return CPU seconds per second."""
        return (_others_s() - self._before_s) / (time.perf_counter() - self._started_s)


def _others_s() -> float:
    machine = psutil.cpu_times()
    busy_s = machine.user + machine.nice + machine.system + machine.irq + machine.softirq + machine.steal
    own = psutil.Process()
    return float(busy_s - sum(map(_tree_s, (own, *own.children(recursive=True)))))


def _tree_s(process: psutil.Process) -> float:
    """Return what a process used, and what its children used that have ended."""
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:
        return 0.0
    return float(times.user + times.system + times.children_user + times.children_system)
