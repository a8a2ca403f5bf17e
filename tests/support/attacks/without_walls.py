"""``make test-walls``: runs the attack suite with walls switched off, and shows which attacks work then.

An attack that works without a wall shows that the test which expects it to fail would notice that wall's absence.
Many attacks have several walls in their way and work only without all of them; the table names the smallest set that
was tried. The exit status is 1 if an attack works with all walls up, or never works at all for no stated reason.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from render_node.session.io.title_walls import TitleWalls
from tests.support.attacks.run import attack_all, end_of
from tests.support.attacks.scenarios import POD_SCENARIOS, SCENARIOS, UNSEALED, Patches
from wire.sandbox import Profile, Wall

FILES = frozenset({Wall.LANDLOCK, Wall.SCOPES})
"""Scopes are part of Landlock and cannot be had without it."""

NO_WARDEN: Patches = ((TitleWalls, "warden_info_fd", lambda self, info_fd: None),)
SHORT_S = 1.0
"""A title that a quiet machine would not have ended by then goes on: it is not ended by the wall that is off."""

Off = tuple[str, frozenset[Wall], Patches]


def _off(*walls: Wall | frozenset[Wall], patches: Patches = (), also: str = "") -> Off:
    chosen = frozenset().union(*(wall if isinstance(wall, frozenset) else {wall} for wall in walls))
    names = [str(wall) for wall in Wall if wall in chosen and not (wall is Wall.SCOPES and Wall.LANDLOCK in chosen)]
    return " + ".join([*names, *([also] if also else [])]), chosen, patches


RUNS: Mapping[Profile, tuple[Off, ...]] = {
    Profile.USERNS: (
        _off(Wall.MOUNTS),
        _off(Wall.NETWORK),
        _off(Wall.PIDS),
        _off(Wall.IPC),
        _off(Wall.CAPABILITIES),
        _off(Wall.SECCOMP),
        _off(FILES),
        _off(Wall.SCOPES),
        _off(Wall.LIMITS),
        _off(Wall.GROUP),
        _off(Wall.DESCRIPTORS),
        _off(patches=UNSEALED, also="seals"),
        _off(Wall.PIDS, Wall.GROUP),
        _off(Wall.MOUNTS, FILES),
        _off(Wall.PIDS, FILES),
        _off(Wall.NETWORK, FILES),
        _off(Wall.CAPABILITIES, Wall.SECCOMP),
        _off(Wall.MOUNTS, Wall.CAPABILITIES, Wall.SECCOMP),
        _off(Wall.MOUNTS, Wall.CAPABILITIES, Wall.SECCOMP, FILES),
    ),
    Profile.POD: (
        _off(Wall.CAPABILITIES),
        _off(Wall.SECCOMP),
        _off(FILES),
        _off(Wall.SCOPES),
        _off(Wall.LIMITS),
        _off(Wall.GROUP),
        _off(Wall.DESCRIPTORS),
        _off(patches=UNSEALED, also="seals"),
        _off(Wall.GROUP, patches=NO_WARDEN, also="warden"),
        _off(Wall.CAPABILITIES, Wall.SECCOMP),
        _off(Wall.SECCOMP, FILES),
        _off(Wall.CAPABILITIES, FILES),
        _off(Wall.CAPABILITIES, Wall.SECCOMP, FILES),
    ),
}

NO_MODULES = "this kernel has no loadable modules"
NO_CRYPTO = "this kernel has no AF_ALG sockets"
OTHER_MOUNT = "the save folder is a mount of its own even in the machine's view"
READ_ONLY = "mounted read-only even in the machine's view"
OTHER_NAMESPACE = "the user namespace itself, without which bubblewrap builds nothing"
NOT_TAKEN = "the worker reads messages without what comes with them"
NO_BPF = "needs privileges outside the user namespace"

NEVER: Mapping[Profile, Mapping[str, str]] = {
    Profile.USERNS: {
        "load_module": NO_MODULES,
        "kernel_crypto": NO_CRYPTO,
        "send_descriptors": NOT_TAKEN,
        "move_into_save": OTHER_MOUNT,
        "link_into_save": OTHER_MOUNT,
        "write_own_title": READ_ONLY,
        "write_launcher": READ_ONLY,
        "raw_devices": OTHER_NAMESPACE,
        "device_file": OTHER_NAMESPACE,
        "read_worker_memory": OTHER_NAMESPACE,
        "trace_victim": OTHER_NAMESPACE,
        "write_victim_memory": OTHER_NAMESPACE,
        "steal_descriptor": OTHER_NAMESPACE,
        "slow_worker_down": OTHER_NAMESPACE,
        "set_id_program": OTHER_NAMESPACE,
        "give_file_away": OTHER_NAMESPACE,
        "kernel_program": NO_BPF,
        "kernel_log": NO_BPF,
    },
    Profile.POD: {"load_module": NO_MODULES, "kernel_crypto": NO_CRYPTO, "send_descriptors": NOT_TAKEN},
}
"""Attacks that cannot be shown to work, and why."""


async def _attacks(profile: Profile) -> tuple[dict[str, str], list[str]]:
    """Return for each attack the smallest set of walls without which it worked, and what is wrong."""
    worked: dict[str, str] = {}
    with_all = await _run(profile, ("", frozenset(), ()))
    faults = [f"{profile}: {name} works with all walls up" for name in with_all[1]]
    for off in RUNS[profile]:
        _, works = await _run(profile, off)
        print(f"{profile:7} without {off[0]:45} {len(works):3} attacks work", flush=True)
        for name in works:
            worked.setdefault(name, off[0])
    for name in with_all[0]:
        if name not in worked and name not in NEVER[profile]:
            faults.append(f"{profile}: {name} never worked, so nothing shows what holds it")
    return worked, faults


async def _run(profile: Profile, off: Off) -> tuple[list[str], list[str]]:
    with tempfile.TemporaryDirectory() as folder:
        outcomes = await attack_all(Path(folder), profile, off=off[1], patches=off[2])
    return list(outcomes), [name for name, outcome in outcomes.items() if outcome.worked]


async def _scenarios(profile: Profile) -> tuple[dict[str, str], list[str]]:
    walls: dict[str, str] = {}
    faults = []
    for name, scenario in {**SCENARIOS, **(POD_SCENARIOS if profile is Profile.POD else {})}.items():
        if not scenario.wall:
            continue
        with tempfile.TemporaryDirectory() as folder:
            end = await end_of(Path(folder), profile, scenario, off=True, within_s=SHORT_S)
        walls[name] = scenario.wall
        if end is not None and end.reason is scenario.reason:
            faults.append(f"{profile}: {name} is ended even without {scenario.wall}")
    return walls, faults


def _table(rows: Iterable[tuple[str, ...]], heads: tuple[str, ...]) -> str:
    lines = [heads, tuple("---" for _ in heads), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


async def main() -> int:
    """Print the tables; return the exit status."""
    attacks: dict[Profile, dict[str, str]] = {}
    ends: dict[Profile, dict[str, str]] = {}
    faults: list[str] = []
    for profile in Profile:
        attacks[profile], wrong = await _attacks(profile)
        ends[profile], more = await _scenarios(profile)
        faults += [*wrong, *more]
    names = list(dict.fromkeys([*attacks[Profile.POD], *NEVER[Profile.POD], *attacks[Profile.USERNS]]))
    told = [
        (name.replace("_", " "), *(_held(profile, name, attacks[profile]) for profile in Profile)) for name in names
    ]
    print("\n" + _table(told, ("attack", "in `userns` it works without", "in `pod` it works without")))
    told = [
        (name.replace("_", " "), wall, str(SCENARIOS[name].reason)) for name, wall in ends[Profile.USERNS].items()
    ]
    print("\n" + _table(told, ("title", "goes on without", "else its session ends with")))
    print("\n" + ("\n".join(faults) or "Every attack fails with all walls up, and works without those named."))
    return 1 if faults else 0


def _held(profile: Profile, name: str, worked: Mapping[str, str]) -> str:
    return worked.get(name) or f"({NEVER[profile].get(name, 'never seen to work')})"


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
