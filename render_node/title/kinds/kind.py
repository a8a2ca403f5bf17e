"""What a kind of title is to the sandbox and to the launcher: the one interface that all kinds have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, eq=False)
class Kind:
    """One kind; read by the worker, which builds the walls, and by the launcher inside them."""

    name: str
    """The manifest's ``kind``."""
    program: str
    """Module that the launcher imports, inside the sandbox alone, and whose ``run(spec, link, ring)`` is the title:
    it draws into the ring and speaks ``wire.title_ipc`` until the title ends, and raises what the title raises."""
    packages: tuple[str, ...]
    """Installed packages and modules that the title may import beyond the standard library."""
    environment: Mapping[str, str]
    """Variables beyond those of every title."""
    sockets: bool = False
    """Whether it works by sockets of its own, which the ``pod`` profile refuses to all titles."""
