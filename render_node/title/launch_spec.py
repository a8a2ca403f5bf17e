"""What a worker tells the launcher on its command line."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass

from render_node.title.confinement import Confinement


@dataclass(frozen=True, slots=True)
class LaunchSpec:
    """Paths are those inside the sandbox; descriptors are inherited."""

    kind: str
    """A name in ``render_node.title.kinds``."""
    socket_fd: int
    ring_fd: int
    sound_fd: int
    folder: str
    """The title's folder, which becomes the working directory and heads the import path."""
    entry: str
    """Program, relative to the folder."""
    arguments: tuple[str, ...]
    width_px: int
    height_px: int
    fps: int
    launcher_path: str
    """Where the launcher's own packages lie; off the import path again before the title runs."""
    packages_path: str
    """Where the packages of the kind lie."""
    confinement: Confinement
    """What the launcher shuts itself into first."""
    group_fds: tuple[int, ...] = ()
    """Open ``cgroup.procs`` files of the control groups that the launcher joins."""
    warden_info_fd: int | None = None
    """Where a warden writes the title's process id to; None where a process namespace holds the title."""
    worker_pid: int = 0
    """The worker's process id, as seen by a warden."""
    site_packages: tuple[str, ...] = ()
    """Where the title's own packages and those of its runtime lie, last on its import path."""
    try_state: bool = False
    """Whether the title's state is saved, loaded and compared when it is asked to end; see ``state_trial``."""

    def to_json(self) -> str:
        """Return the command line argument."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> LaunchSpec:
        """Read the command line argument; it comes from the worker and is trusted."""
        fields = json.loads(text)
        confinement = Confinement.of(fields.pop("confinement"))
        lists = {name: tuple(fields[name]) for name in ("arguments", "group_fds", "site_packages")}
        return cls(**{**fields, **lists}, confinement=confinement)
