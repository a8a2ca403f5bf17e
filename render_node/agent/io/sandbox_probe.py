"""Which walls hold on this machine, found by building each in the way that titles get it."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import structlog

from render_node.agent.core.trust_levels import EXPECTED, missing
from render_node.session.core.syscall_numbers import ARCHITECTURES
from render_node.session.io import pod_sandbox, sandbox
from render_node.session.io.control_group import try_home
from render_node.session.io.title_files import interpreter, launcher_folders, package_folders
from render_node.session.io.title_walls import syscall_filter
from render_node.title.confinement import Confinement
from render_node.title.kinds import KINDS
from wire.errors import WireError
from wire.sandbox import Profile, SandboxSpec, Wall

SCOPE_PROBE_TIMEOUT_S = 5.0
_ROOT = Path(__file__).parents[3]

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class SandboxFinding:
    """What the probe saw."""

    spec: SandboxSpec
    """The walls that hold; without a session's name and folder."""
    faults: Mapping[Wall, str]
    """Why each of the others does not."""
    namespaces_fault: str = ""
    """Why there is no ``userns`` profile here, if there is none."""

    def warn(self) -> None:
        """Say each missing wall in the node's log."""
        if self.namespaces_fault:
            log.warning("no_namespaces", detail=self.namespaces_fault)
        for wall, fault in self.faults.items():
            log.warning("wall_missing", wall=wall, profile=self.spec.profile, detail=fault)


def probe_sandbox(wanted: Profile | None = None) -> SandboxFinding:
    """Build every wall once; takes about 100 ms.

    Args:
        wanted: The profile to use; None takes ``userns`` where it works, else ``pod``.

    Raises:
        WireError: ``sandbox_unavailable`` if ``userns`` is wanted and does not work.
    """
    program, namespaces_fault = "", ""
    if wanted is not Profile.POD:
        try:
            program = sandbox.find_bubblewrap()
        except WireError as error:
            namespaces_fault = error.detail
            if wanted is Profile.USERNS:
                raise
    profile = Profile.USERNS if program else Profile.POD
    faults = {wall: fault for wall, fault in _inside(profile, program).items() if fault}
    scope: tuple[str, ...] = ()
    try:
        try_home()
    except OSError as error:
        scope = _find_scope()
        if not scope:
            faults[Wall.GROUP] = f"{error}"
    if profile is Profile.POD:
        fault = _own_user_fault()
        if fault is not None:
            faults[Wall.OWN_USER] = fault
    held = tuple(wall for wall in Wall if wall in EXPECTED[profile] and wall not in faults)
    spec = SandboxSpec(profile, held, bubblewrap=program, scope=scope)
    ordered = {wall: faults[wall] for wall in missing(profile, held)}
    return SandboxFinding(spec, ordered, namespaces_fault)


def _inside(profile: Profile, program: str) -> Mapping[Wall, str]:
    """Apply each wall to a process of its own, in the namespaces where there are some."""
    walls = dict.fromkeys((Wall.LIMITS, Wall.DESCRIPTORS), Confinement((), close_others=True))
    walls[Wall.LANDLOCK] = Confinement((), close_others=False, paths=(("read", "/usr"),))
    walls[Wall.SCOPES] = Confinement((), close_others=False, paths=(("read", "/usr"),), scoped=True)
    if profile is Profile.POD:
        walls[Wall.CAPABILITIES] = Confinement((), close_others=False, drop_capabilities=True)
    faults: dict[Wall, str] = {}
    try:
        code = syscall_filter(own_namespaces=profile is Profile.USERNS)
        walls[Wall.SECCOMP] = Confinement((), close_others=False, syscall_filter=code.hex())
    except KeyError:
        faults[Wall.SECCOMP] = f"there is no filter for {platform.machine()}, only for {', '.join(ARCHITECTURES)}"
    outer, root = [], str(_ROOT)
    if profile is Profile.USERNS:
        outer, root = [program, *sandbox.walls(), "--"], sandbox.LAUNCHER_PATH
    tried = json.dumps({wall: asdict(confinement) for wall, confinement in walls.items()})
    try:
        done = subprocess.run(
            [*outer, *interpreter(), f"{root}/render_node/title/wall_probe.py", root, tried],
            stdin=subprocess.DEVNULL, capture_output=True, timeout=sandbox.PROBE_TIMEOUT_S, check=False,
        )  # fmt: skip
        told = json.loads(done.stdout)
        return faults | {wall: str(told[wall]) for wall in walls}
    except (OSError, subprocess.TimeoutExpired, ValueError, KeyError) as error:
        return faults | dict.fromkeys(walls, f"the probe did not answer: {error}")


def _find_scope() -> tuple[str, ...]:
    """Return the command by which the service manager makes a group, if it does."""
    user = () if os.geteuid() == 0 else ("--user",)
    command = ("systemd-run", *user, "--scope", "--quiet", "--collect")
    bounds = ("--property=MemoryMax=64M", "--property=TasksMax=16")
    try:
        done = subprocess.run(
            [*command, *bounds, "--", "true"],
            stdin=subprocess.DEVNULL, capture_output=True, timeout=SCOPE_PROBE_TIMEOUT_S, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return ()
    return command if done.returncode == 0 else ()


def _own_user_fault() -> str | None:
    if os.geteuid() != 0:
        return "only root can give a title a user of its own"
    packages = [folder for kind in KINDS.values() for folder in package_folders(kind.packages)]
    folders = [sys.base_prefix, *map(str, packages), *(str(folder) for _, folder in launcher_folders())]
    for path in folders:
        closed = pod_sandbox.closed_to_others(path)
        if closed is not None:
            return f"another user may not enter {closed}"
    return None
