"""What ``farplay up`` and ``farplay title run`` are told; resolved once by the command line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

DEFAULT_PORT = 8080
"""First port that is tried when none is named."""

PORTS_TRIED = 100
"""How many ports from the default on are tried."""


@dataclass(frozen=True, slots=True)
class UpConfig:
    """One Farplay on one machine."""

    host: str
    """Name or address that the broker listens on and that links carry."""
    port: int | None
    """TCP port; 0 lets the system pick one, None takes 8080 or the next free one."""
    data_dir: Path
    """Database, credential, saves, logs."""
    titles: tuple[Path, ...] = ()
    """Title folders and ``.py`` files beside the bundled ones."""
    media_host: str = "0.0.0.0"
    """Address of the UDP sockets for media; a wildcard stands for all of this machine's."""
    with_bundled: bool = True
    """Whether the titles that ship with Farplay are offered."""
    verbose: bool = False
    """Logs go to the terminal instead of ``data_dir/logs``."""
    broker_ready_s: float = 30.0
    """Seconds that the broker has to come up."""
    node_ready_s: float = 60.0
    """Seconds that the node has to measure the machine and be accepted."""
    node_stop_s: float = 8.0
    """Seconds that the node has to end its sessions before it is killed."""
    broker_stop_s: float = 4.0
    """Seconds that the broker has to end before it is killed."""


@dataclass(frozen=True, slots=True)
class UpReady:
    """What a running Farplay answers to."""

    url: str
    """Base address."""
    owner_token: str
    """Single use, 15 minutes."""

    @property
    def owner_url(self) -> str:
        """Return the link that signs the owner in."""
        return f"{self.url}/#owner={self.owner_token}"

    def play_url(self, title_id: str) -> str:
        """Return the link that signs the owner in and plays a title."""
        return f"{self.url}/play/{title_id}#owner={self.owner_token}"
