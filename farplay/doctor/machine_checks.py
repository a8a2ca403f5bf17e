"""System, processor, memory, disk, interpreter, libraries, fonts."""

from __future__ import annotations

import importlib.metadata
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from farplay.doctor.findings import Finding, Group, Level, ok
from farplay.doctor.requirements import Requirement, read_requirement

PYTHON_MIN = (3, 11)
MACHINES = ("x86_64", "aarch64")

DISK_NEEDED_BYTES = 100 * 1024**2
DISK_WANTED_BYTES = 1024**3
MEMORY_WANTED_BYTES = 1024**3
"""Broker, node and one session use about half of this."""

FONT_TIMEOUT_S = 10.0
_CJK_FILES = ("cjk", "wqy", "droidsansfallback", "notosanssc", "sourcehan", "arphic", "uming", "ukai")
_CJK_ADVICE = "Install one, such as: sudo apt install fonts-noto-cjk (or the smaller fonts-wqy-microhei)"


def judge_system(system: str, machine: str, release: str) -> Finding:
    """Linux on a processor for which wheels exist."""
    words = f"{system} {release} on {machine}"
    if system == "Linux" and machine in MACHINES:
        return ok(Group.MACHINE, "System", words + (" (WSL2)" if "microsoft" in release.lower() else ""))
    advice = "Run the server on Linux, or on Windows in WSL2, on x86-64 or arm64; players may use anything."
    return Finding(Group.MACHINE, "System", Level.FAILS, words, advice)


def judge_disk(free_bytes: int, place: str) -> Finding:
    """Room for database, saves and logs."""
    words = f"{free_bytes / 1024**3:.1f} GiB free at {place}"
    if free_bytes >= DISK_WANTED_BYTES:
        return ok(Group.MACHINE, "Disk", words)
    level = Level.LACKS if free_bytes >= DISK_NEEDED_BYTES else Level.FAILS
    return Finding(Group.MACHINE, "Disk", level, words, "Make room, or choose another place with --data-dir.")


def judge_resources(cores: int, memory_bytes: int) -> Finding:
    """Cores and memory that Farplay may use."""
    words = f"{cores} core{'s' if cores > 1 else ''}, {memory_bytes / 1024**3:.1f} GiB of memory"
    if memory_bytes < MEMORY_WANTED_BYTES:
        return Finding(Group.MACHINE, "Resources", Level.LACKS, words, "Games may run out of memory; give it 1 GiB.")
    if cores < 2:
        return Finding(
            Group.MACHINE, "Resources", Level.LACKS, words, "Game and encoder share a core; two are better."
        )
    return ok(Group.MACHINE, "Resources", words)


def judge_python(version: tuple[int, ...], words: str) -> Finding:
    """A supported interpreter."""
    if version >= PYTHON_MIN:
        return ok(Group.SOFTWARE, "Python", words)
    return Finding(Group.SOFTWARE, "Python", Level.FAILS, words, "Install Python 3.11 or newer.")


def judge_library(wanted: Requirement, installed: str | None) -> Finding:
    """One library against what was asked for."""
    if installed is None:
        advice = f'Install it: {sys.executable} -m pip install "{wanted}"'
        return Finding(Group.SOFTWARE, wanted.name, Level.FAILS, "not installed", advice)
    if wanted.allows(installed):
        return ok(Group.SOFTWARE, wanted.name, installed)
    advice = f'Farplay was not tried with it. {sys.executable} -m pip install "{wanted}"'
    return Finding(Group.SOFTWARE, wanted.name, Level.FAILS, f"{installed}, but {wanted} is needed", advice)


def join_libraries(findings: list[Finding]) -> Iterator[Finding]:
    """Yield every library that is wrong, and one line for those that are right."""
    good = [finding for finding in findings if finding.level is Level.OK]
    yield from (finding for finding in findings if finding.level is not Level.OK)
    shown = ", ".join(f"{finding.name} {finding.words}" for finding in good[:3])
    more = f" and {len(good) - 3} more" if len(good) > 3 else ""
    if good:
        yield ok(Group.SOFTWARE, "Libraries", f"{shown}{more}")


def check_machine(data_dir: Path) -> Iterator[Finding]:
    """Look at system, resources and disk."""
    from render_node.agent.io.machine import usable_cores, usable_memory_bytes

    yield judge_system(platform.system(), platform.machine(), platform.release())
    yield judge_resources(usable_cores(), usable_memory_bytes())
    place = next(folder for folder in (data_dir, *data_dir.parents) if folder.exists())
    yield judge_disk(shutil.disk_usage(place).free, str(place))


def check_software() -> Iterator[Finding]:
    """Look at interpreter and libraries."""
    words = f"{platform.python_implementation()} {platform.python_version()}"
    yield judge_python(tuple(sys.version_info[:2]), words)
    try:
        lines = importlib.metadata.requires("farplay") or []
    except importlib.metadata.PackageNotFoundError:
        advice = "Install it with: pip install -e ."
        yield Finding(Group.SOFTWARE, "Libraries", Level.LACKS, "not compared: Farplay is not installed", advice)
        return
    wanted = [requirement for requirement in map(read_requirement, lines) if requirement is not None]
    yield from join_libraries([judge_library(each, _installed(each.name)) for each in wanted])


def _installed(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def check_fonts() -> Iterator[Finding]:
    """Look for a font with Chinese characters, which titles find by the system's list."""
    found = _chinese_fonts()
    if found:
        yield ok(Group.SOFTWARE, "Fonts", f"Chinese: {', '.join(found[:3])}")
    else:
        words = "none with Chinese characters; games that draw them with system fonts show boxes"
        yield Finding(Group.SOFTWARE, "Fonts", Level.LACKS, words, _CJK_ADVICE)


def _chinese_fonts() -> list[str]:
    program = shutil.which("fc-list")
    if program is not None:
        try:
            listed = subprocess.run(
                [program, ":lang=zh-cn", "family"],
                capture_output=True,
                text=True,
                timeout=FONT_TIMEOUT_S,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return []
        return sorted({line.split(",")[0].strip() for line in listed.stdout.splitlines() if line.strip()})
    files = Path("/usr/share/fonts").rglob("*.[to]t[fc]")
    plain = (path.stem for path in files)
    return sorted({stem for stem in plain if any(name in stem.lower().replace("-", "") for name in _CJK_FILES)})
