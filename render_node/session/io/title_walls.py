"""The walls around one session's title, built from what its agent found to hold on this machine.

Made before the title's process, removed after it: the control group, and in a pod the session's folder. The rest is
the command line that starts the launcher, and what the launcher is told to shut itself into.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from render_node.session.core.group_limits import GroupLimits, memory_bound_bytes
from render_node.session.core.syscall_numbers import ARCHITECTURES
from render_node.session.core.title_filter import title_filter
from render_node.session.io import pod_sandbox, sandbox
from render_node.session.io.control_group import ControlGroup, find_home
from render_node.session.io.title_files import (
    ETC_FILES,
    SYSTEM_FOLDERS,
    environment,
    interpreter,
    python_folders,
)
from render_node.session.io.title_storage import StorageBound
from render_node.title.confinement import Confinement
from render_node.title.kinds import KINDS
from render_node.title.kinds.kind import Kind
from render_node.title.runtime_paths import RUNTIME_VARIABLE
from wire.errors import Reason, WireError
from wire.sandbox import Profile, SandboxSpec, Wall
from wire.title_manifest import SITE_PACKAGES
from wire.worker_control import TitleSpec

ADDRESS_SPACE_BYTES = 4 << 30
"""Bound of each process."""

PROCESSES_MAX = 256
"""Processes and threads of a session; of all of a user's where the session has no control group."""

OPEN_FILES_MAX = 512
SAVE_MAX_BYTES = 256 << 20
SCRATCH_MAX_BYTES = sandbox.TMP_MAX_BYTES
ENTRIES_MAX = 10_000
"""Files, folders and links in its save folder, and in the one for temporary files."""

FILE_MAX_BYTES = SAVE_MAX_BYTES
"""Largest file that a title may write, also one that has no name any more."""

LOCKED_MAX_BYTES = 1 << 20
"""Memory that a process may lock, and bytes in POSIX queues."""


@dataclass(frozen=True, slots=True)
class TitlePaths:
    """Where things lie for the title."""

    title: str
    save: str
    scratch: str
    launcher: str
    packages: str
    runtime: str
    """Of the title; empty without."""
    site_packages: tuple[str, ...]
    """Import paths of the title's own packages and of its runtime's."""


class TitleWalls:
    """Owns the session's control group and folder until ``remove``."""

    def __init__(self, spec: SandboxSpec, title: TitleSpec, save_dir: str) -> None:
        """Make the group and the folder.

        Args:
            spec: Which walls to build.
            title: What they are for.
            save_dir: Existing folder that the title may write to.

        Raises:
            WireError: ``sandbox_unavailable``, or ``no_capability`` for a kind that this node does not know; nothing
                is left of it.
        """
        self._spec = spec
        self._title = title
        self._kind = _kind_of(title, spec.profile)
        self._save_dir = save_dir
        self._walls = frozenset(spec.walls)
        self._user_id = pod_sandbox.OWN_USER_BASE + os.getpid() if Wall.OWN_USER in self._walls else None
        self._folder: pod_sandbox.SessionFolder | None = None
        self.group: ControlGroup | None = None
        try:
            self._prepare()
        except OSError as error:
            self.remove()
            raise WireError(Reason.SANDBOX_UNAVAILABLE, f"the sandbox could not be built: {error}") from error
        except WireError:
            self.remove()
            raise

    def _prepare(self) -> None:
        owner = os.geteuid() if self._user_id is None else self._user_id
        if os.stat(self._save_dir).st_uid != owner or self._user_id is not None:
            pod_sandbox.hand_over(self._save_dir, owner)
        if self._spec.profile is Profile.POD:
            for folder in filter(None, (self._title.folder, self._title.runtime)):
                self._check_reached(folder)
            self._folder = pod_sandbox.SessionFolder(
                Path(self._spec.run_dir) / self._spec.name, self._user_id, self._kind.packages
            )
            self._check_reached(str(self._folder.path))
        if Wall.GROUP in self._walls and not self._spec.scope:
            group = ControlGroup(find_home(), self._spec.name)
            group.create(self._limits())
            self.group = group

    def _check_reached(self, folder: str) -> None:
        os.stat(folder)
        closed = None if self._user_id is None else pod_sandbox.closed_to_others(folder)
        if closed is not None:
            words = f"titles have a user of their own here, who may not enter {closed}"
            raise WireError(Reason.SANDBOX_UNAVAILABLE, words)

    def remove(self) -> None:
        """Kill what is left in the group, remove group and folder; may block for two seconds."""
        if self.group is not None:
            self.group.remove()
            self.group = None
        if self._folder is not None:
            self._folder.remove()
            self._folder = None

    @property
    def paths(self) -> TitlePaths:
        """Where things lie for the title."""
        told, folder = self._title, self._folder
        title = sandbox.TITLE_PATH if folder is None else told.folder
        runtime = told.runtime and (sandbox.RUNTIME_PATH if folder is None else told.runtime)
        own = (f"{title}/{told.site_packages}",) if told.site_packages else ()
        has_shared = bool(runtime) and os.path.isdir(f"{told.runtime}/{SITE_PACKAGES}")
        shared = (f"{runtime}/{SITE_PACKAGES}",) if has_shared else ()
        if folder is None:
            places = (sandbox.SAVE_PATH, "/tmp", sandbox.LAUNCHER_PATH, sandbox.PACKAGES_PATH)
        else:
            places = (self._save_dir, str(folder.tmp), str(folder.launcher), str(folder.packages))
        return TitlePaths(title, *places, runtime, own + shared)

    def storage(self) -> list[StorageBound]:
        """Return the folders that nothing in the kernel bounds."""
        bounds = [StorageBound(self._save_dir, SAVE_MAX_BYTES, ENTRIES_MAX)]
        if self._folder is not None:
            bounds.append(StorageBound(str(self._folder.tmp), SCRATCH_MAX_BYTES, ENTRIES_MAX))
        return bounds

    def command(self, launch: str, info_fd: int) -> list[str]:
        """Return the command line.

        Args:
            launch: The launcher's argument.
            info_fd: Descriptor to which the title's first process is written as JSON.
        """
        entry = [*interpreter(), f"{self.paths.launcher}/render_node/title/__main__.py", launch]
        if self._spec.profile is Profile.USERNS:
            outer = sandbox.command(
                self._spec.bubblewrap,
                self._kind,
                self._title.folder,
                self._save_dir,
                runtime=self._title.runtime,
                info_fd=info_fd,
                built=self._walls,
            )
            entry = [*outer, *entry]
        return [*self._in_scope(), *entry]

    def environment(self) -> dict[str, str]:
        """Return the command's environment; of a scope, which is outside the walls, the title sets nothing."""
        if self._spec.scope:
            return {name: os.environ[name] for name in _SCOPE_ENVIRONMENT if name in os.environ}
        return self._title_environment()

    def warden_info_fd(self, info_fd: int) -> int | None:
        """Return ``info_fd`` if the launcher has to write to it, because nobody else does."""
        return info_fd if self._spec.profile is Profile.POD else None

    def confinement(self, inherited: Sequence[int]) -> Confinement:
        """Return what the launcher shuts itself into.

        Args:
            inherited: Descriptors that the title talks by.
        """
        walls = self._walls
        in_pod = self._spec.profile is Profile.POD
        return Confinement(
            inherited=tuple(inherited),
            close_others=Wall.DESCRIPTORS in walls,
            limits=_resource_limits(own_count=not in_pod or self._user_id is not None)
            if Wall.LIMITS in walls
            else (),
            user_id=self._user_id,
            drop_capabilities=in_pod and Wall.CAPABILITIES in walls,
            paths=self._landlock_paths() if Wall.LANDLOCK in walls else None,
            scoped=Wall.SCOPES in walls,
            syscall_filter=syscall_filter(own_namespaces=not in_pod).hex() if Wall.SECCOMP in walls else "",
        )

    def _limits(self) -> GroupLimits:
        return GroupLimits(memory_bound_bytes(self._title.memory_mib), PROCESSES_MAX)

    def _title_environment(self) -> dict[str, str]:
        paths = self.paths
        base = environment(paths.save, paths.scratch, ":".join((paths.packages, *paths.site_packages)))
        runtime = {RUNTIME_VARIABLE: paths.runtime} if paths.runtime else {}
        own = dict(variable.split("=", 1) for variable in self._title.environment)
        return {**base, **runtime, **self._kind.environment, **own}

    def _in_scope(self) -> list[str]:
        """Return what starts the command in a group that the service manager makes."""
        if not self._spec.scope:
            return []
        limits = self._limits()
        assignments = [f"{name}={value}" for name, value in self._title_environment().items()]
        return [
            *self._spec.scope,
            *(f"--property=MemoryMax={limits.memory_bytes}", "--property=MemorySwapMax=0"),
            *(f"--property=TasksMax={limits.processes}", f"--property=CPUQuota={limits.cpu_cores * 100:.0f}%"),
            *(f"--unit={self._spec.name}", "--", "/usr/bin/env", "-i", *assignments),
        ]

    def _landlock_paths(self) -> tuple[tuple[str, str], ...]:
        paths = self.paths
        reads = [paths.launcher, paths.packages, paths.title, *filter(None, [paths.runtime])]
        if self._folder is None:
            reads += ["/usr", *SYSTEM_FOLDERS, *ETC_FILES, *(seen for _, seen in python_folders()), "/proc"]
            devices: Sequence[str] = ("/dev",)
            scratch = [paths.scratch, "/dev/shm"]
        else:
            reads += pod_sandbox.readable(self._kind.packages)
            devices, scratch = pod_sandbox.devices(), [paths.scratch]
        return (
            *(("read", path) for path in reads),
            *(("device", path) for path in devices),
            *(("scratch", path) for path in scratch),
            ("keep", paths.save),
        )


def _kind_of(title: TitleSpec, profile: Profile) -> Kind:
    kind = KINDS.get(title.kind)
    if kind is None:
        raise WireError(Reason.NO_CAPABILITY, f"this node cannot run titles of the kind {title.kind!r}")
    if kind.sockets and profile is Profile.POD:
        raise WireError(
            Reason.NO_CAPABILITY, f"titles of the kind {kind.name!r} need sockets, which titles may not have in a pod"
        )
    return kind


_SCOPE_ENVIRONMENT = ("PATH", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS")
"""What it takes to reach the user's service manager."""


def _resource_limits(*, own_count: bool) -> tuple[tuple[str, int], ...]:
    """Return the bounds of each process.

    Args:
        own_count: Whether the kernel counts the title's processes apart from all others; where it does not, a bound
            on their number would count the worker's as well.
    """
    return (
        ("RLIMIT_AS", ADDRESS_SPACE_BYTES),
        *((("RLIMIT_NPROC", PROCESSES_MAX),) if own_count else ()),
        ("RLIMIT_NOFILE", OPEN_FILES_MAX),
        ("RLIMIT_FSIZE", FILE_MAX_BYTES),
        ("RLIMIT_CORE", 0),
        ("RLIMIT_MEMLOCK", LOCKED_MAX_BYTES),
        ("RLIMIT_MSGQUEUE", LOCKED_MAX_BYTES),
    )


def syscall_filter(*, own_namespaces: bool) -> bytes:
    """Return this machine's filter.

    Raises:
        KeyError: an architecture for which there is none.
    """
    return title_filter(ARCHITECTURES[platform.machine()], own_namespaces=own_namespaces)
