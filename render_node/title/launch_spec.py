"""What a worker tells the launcher on its command line."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass


@dataclass(frozen=True, slots=True)
class LaunchSpec:
    """Paths are those inside the sandbox; descriptors are inherited."""

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
    """Where pygame and numpy lie."""
    address_space_bytes: int
    """Bound of the title's address space."""
    processes_max: int
    """Bound of the processes and threads in the sandbox."""

    def to_json(self) -> str:
        """Return the command line argument."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> LaunchSpec:
        """Read the command line argument; it comes from the worker and is trusted."""
        fields = json.loads(text)
        return cls(**{**fields, "arguments": tuple(fields["arguments"])})
