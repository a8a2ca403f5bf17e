"""What ``farplay up`` and ``farplay title run`` are told; resolved once by the command line."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from farplay.ice_options import IceOptions, TurnSecrets
from wire.title_about import AFK_MAX_S
from wire.worker_control import X264Preset

LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "::1")
"""Where plain HTTP is spoken."""

DEFAULT_PORT = 8080
"""First port that is tried when none is named."""

DEFAULT_LAN_PORT = 8443
"""First HTTPS port that is tried when none is named."""

DEFAULT_TRUST_PORT = 8480
"""First port that is tried for the page that explains the trust step."""

PORTS_TRIED = 100
"""How many ports from the default on are tried."""


@dataclass(frozen=True, slots=True)
class LanOptions:
    """What a person says about serving other devices."""

    host: str | None = None
    """Name or address that links carry; an address of this machine is the only one listened on. None finds it."""
    port: int | None = None
    """HTTPS port; 0 lets the system pick one, None takes 8443 or the next free one."""
    certificate_file: Path | None = None
    """A certificate that browsers trust; None makes one of this machine's own authority."""
    key_file: Path | None = None
    """Its key."""


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
    ice: IceOptions = field(default_factory=IceOptions)
    """How players beyond this network find their way to it."""
    turn_secrets: TurnSecrets = field(default_factory=TurnSecrets)
    """Of the TURN server that ``ice`` names."""
    with_bundled: bool = True
    """Whether the titles that ship with Farplay are offered."""
    lan: LanOptions | None = None
    """HTTPS for other devices as well; None serves only this machine."""
    slots: int | None = None
    """Sessions at once; None takes what the node measures."""
    x264_preset: X264Preset | None = None
    """None takes what the node measures."""
    afk_pause_max_s: int = AFK_MAX_S
    """Most seconds without input that a title may ask for before its session pauses."""
    afk_end_max_s: int = AFK_MAX_S
    """Most seconds of pause that a title may ask for before its session ends."""
    watch_titles: bool = False
    """Sessions of a title whose files change start anew."""
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
    https_url: str = ""
    """Base address for other devices; empty if they are not served."""
    device_token: str = ""
    """A second link's, for the first of them."""
    trust_url: str = ""
    """Where they learn to trust this machine; empty if they need not."""

    @classmethod
    def of(cls, answer: Mapping[str, object]) -> UpReady:
        """Read what the broker prints when it is ready."""
        return cls(
            url=str(answer["url"]).rstrip("/"),
            owner_token=str(answer["owner_token"]),
            https_url=str(answer.get("https_url", "")),
            device_token=str(answer.get("device_token", "")),
            trust_url=str(answer.get("trust_url", "")),
        )

    def answer(self) -> dict[str, str]:
        """Return what a program is told."""
        told = {"url": self.url, "owner_url": self.owner_url}
        if self.https_url:
            told |= {"https_url": self.https_url, "device_url": self.device_url}
        return told | ({"trust_url": self.trust_url} if self.trust_url else {})

    @property
    def device_url(self) -> str:
        """Return the link that signs the owner in on another device."""
        return f"{self.https_url}/#owner={self.device_token}"

    @property
    def owner_url(self) -> str:
        """Return the link that signs the owner in."""
        return f"{self.url}/#owner={self.owner_token}"

    def play_url(self, title_id: str) -> str:
        """Return the link that signs the owner in and plays a title."""
        return f"{self.url}/play/{title_id}#owner={self.owner_token}"

    def device_play_url(self, title_id: str) -> str:
        """Return the link that does so on another device."""
        return f"{self.https_url}/play/{title_id}#owner={self.device_token}"
