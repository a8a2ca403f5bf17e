"""Runs hostile titles, with all walls or without some, and looks for what they leave behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from render_node.session.core.title_end import TitleEnd
from render_node.session.io.control_group import find_home
from tests.support.attacks.scenarios import LITTLE_MEMORY, PATIENT, Patches, Scenario
from tests.support.attacks.stage import laid_out
from tests.support.deadlines import until
from tests.support.running_title import RunningTitle, running, walls_of
from wire.sandbox import Profile, SandboxSpec, Wall

ROOT = Path(__file__).parents[3]
ATTACKS_S = 30.0
ENDS_WITHIN_S = 10.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one attack."""

    worked: bool
    how: str


async def attack_all(
    folder: Path, profile: Profile, *, off: frozenset[Wall] = frozenset(), patches: Patches = ()
) -> Mapping[str, Outcome]:
    """Run the attacker; return what became of each attack once nothing of it is left.

    Args:
        folder: An empty one.
        profile: Which walls.
        off: The walls to leave out; what a title leaves behind without them is ended here.
        patches: Walls of the worker to switch off.
    """
    mark = f"9{os.getpid()}.5"
    bounds = (*PATIENT, *LITTLE_MEMORY, *patches)
    with patched(bounds), laid_out(folder, mark) as stage, stray_descriptor(stage.key):
        aim = dict(stage.aim)
        if profile is Profile.POD:
            aim["launcher"] = str(ROOT / "render_node/title/launcher.py")
        async with untouched(folder, profile, off=off, swept=bool(off or patches)) as (walls, saves):
            async with running(
                folder, stage.program, saves, arguments=(json.dumps(aim),), walls=walls, memory_mib=1
            ) as title:
                held = len(os.listdir("/proc/self/fd"))
                await until(lambda: _finished(title), ATTACKS_S, "the last attack")
                taken = len(os.listdir("/proc/self/fd")) - held
            told = {each["attack"]: Outcome(each["worked"], each["how"]) for each in title.told() if "attack" in each}
        assert not title.ends, title.ends
        told["send_descriptors"] = Outcome(taken > 0, f"the worker holds {taken} more files")
        left = _processes_of(mark)
        told["daemons"] = Outcome(bool(left), ", ".join(left.values()) or "none are left")
        _end(left)
        if not told["write_victim_memory"].worked:
            assert stage.victim_says() == "untouched!!"
    return told


async def _ended(title: RunningTitle) -> bool:
    return bool(title.ends)


async def _finished(title: RunningTitle) -> bool:
    return '"finished"' in title.process.last_words or bool(title.ends)


async def end_of(
    folder: Path, profile: Profile, scenario: Scenario, *, off: bool = False, within_s: float = ENDS_WITHIN_S
) -> TitleEnd | None:
    """Run one hostile title; return how it ended, None if it did not in time.

    Args:
        folder: An empty one.
        profile: Which walls.
        scenario: The title.
        off: Whether the wall that it runs against is left out.
        within_s: How long to wait.
    """
    without = scenario.walls_off if off else frozenset()
    with patched((*scenario.setting, *(scenario.off if off else ()))):
        async with (
            untouched(folder, profile, off=without) as (walls, save_dir),
            running(folder, scenario.program, save_dir, walls=walls, memory_mib=1) as title,
        ):
            with suppress(AssertionError):
                await until(lambda: _ended(title), within_s, "the end")
    return title.ends[0] if title.ends else None


@asynccontextmanager
async def untouched(
    folder: Path, profile: Profile, *, off: frozenset[Wall] = frozenset(), swept: bool = False
) -> AsyncIterator[tuple[SandboxSpec, Path]]:
    """Give the walls for a session and its save folder; afterwards nothing of the session may be left.

    Args:
        folder: Where it lies.
        profile: Which walls.
        off: The walls to leave out.
        swept: End processes that are left, as may be without all walls.
    """
    walls = walls_of(folder, profile, off=off)
    saves = folder / "saves"
    saves.mkdir()
    descriptors = set(os.listdir("/proc/self/fd"))
    yield walls, saves
    assert set(os.listdir("/proc/self/fd")) <= descriptors
    while swept and (left := _processes_of(str(folder))):
        _end(left)
    assert not _processes_of(str(folder))
    assert not [path for path in find_home().folders.values() if (Path(path) / walls.name).exists()]
    assert not (folder / "run" / walls.name).exists()


def _processes_of(mark: str) -> dict[int, str]:
    """Return the command lines that hold a mark, by process id."""
    found = {}
    for number in filter(str.isdigit, os.listdir("/proc")):
        with suppress(OSError):
            command = Path(f"/proc/{number}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            if mark in command and int(number) != os.getpid():
                found[int(number)] = command
    return found


def _end(processes: Mapping[int, str]) -> None:
    for pid in processes:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    while any(_state(pid) not in "ZX" for pid in processes):
        time.sleep(0.01)


def _state(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return "X"


@contextmanager
def patched(patches: Patches) -> Iterator[None]:
    """Set bounds of the worker for a while."""
    with pytest.MonkeyPatch.context() as patch:
        for module, name, value in patches:
            patch.setattr(module, name, value)
        yield


@contextmanager
def stray_descriptor(key: Path) -> Iterator[None]:
    """Let the sandbox inherit an open file that is none of its business, as a fault of ours would."""
    stray = os.open(key, os.O_RDONLY)
    start = subprocess.Popen

    def careless(*arguments: Any, pass_fds: tuple[int, ...] = (), **options: Any) -> Any:
        return start(*arguments, pass_fds=(*pass_fds, stray) if pass_fds else (), **options)

    try:
        with patched(((subprocess, "Popen", careless),)):
            yield
    finally:
        os.close(stray)
