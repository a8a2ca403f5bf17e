"""What the kernel says of this machine: cores and memory that we may use, and how busy it is."""

from __future__ import annotations

import contextlib
import os
import resource
from pathlib import Path

CGROUP_V2 = Path("/sys/fs/cgroup")
CGROUP_V1_CPU = CGROUP_V2 / "cpu"
CGROUP_V1_MEMORY = CGROUP_V2 / "memory"


def _read(path: Path) -> str | None:
    try:
        return path.read_text()
    except OSError:
        return None


def usable_cores() -> int:
    """Return the cores that this process may use: affinity and cgroup quota, at least 1."""
    cores = float(len(os.sched_getaffinity(0)))
    quota = _read(CGROUP_V2 / "cpu.max")
    if quota is not None:
        limit, _, period = quota.strip().partition(" ")
        if limit != "max" and period:
            cores = min(cores, int(limit) / int(period))
    limit_v1, period_v1 = _read(CGROUP_V1_CPU / "cpu.cfs_quota_us"), _read(CGROUP_V1_CPU / "cpu.cfs_period_us")
    if limit_v1 is not None and period_v1 is not None and int(limit_v1) > 0:
        cores = min(cores, int(limit_v1) / int(period_v1))
    return max(1, int(cores))


def usable_memory_bytes() -> int:
    """Return the memory that this process tree may use."""
    limits = [_meminfo().get("MemTotal", 0)]
    for path in (CGROUP_V2 / "memory.max", CGROUP_V1_MEMORY / "memory.limit_in_bytes"):
        text = (_read(path) or "").strip()
        if text.isdigit():
            limits.append(int(text))
    return min(limits)


def used_memory_bytes() -> int:
    """Return the memory of the whole machine that is in use."""
    info = _meminfo()
    return max(0, info.get("MemTotal", 0) - info.get("MemAvailable", 0))


def _meminfo() -> dict[str, int]:
    lines = (_read(Path("/proc/meminfo")) or "").splitlines()
    return {name: int(rest.split()[0]) * 1024 for name, _, rest in (line.partition(":") for line in lines) if rest}


def cpu_model() -> str:
    """Return the processor's name, or the architecture where the kernel gives none."""
    for line in (_read(Path("/proc/cpuinfo")) or "").splitlines():
        name, _, value = line.partition(":")
        if name.strip() == "model name":
            return value.strip()
    return os.uname().machine


class CpuLoad:
    """Busy share of all cores between two looks."""

    def __init__(self) -> None:
        self._last = self._times()

    def percent(self) -> float:
        """Return the busy percentage since the last call, 0-100."""
        now, last = self._times(), self._last
        self._last = now
        total = now[1] - last[1]
        return round(100.0 * (now[0] - last[0]) / total, 1) if total > 0 else 0.0

    @staticmethod
    def _times() -> tuple[int, int]:
        fields = [int(value) for value in (_read(Path("/proc/stat")) or "cpu 0 0 0 0 0").splitlines()[0].split()[1:9]]
        idle = fields[3] + (fields[4] if len(fields) > 4 else 0)
        return sum(fields) - idle, sum(fields)


def raise_descriptor_limit() -> None:
    """Use all the descriptors that this process may have: each session takes several."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with contextlib.suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
