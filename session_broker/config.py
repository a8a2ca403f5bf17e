"""The broker's configuration: resolved once by the command that starts it, then passed down."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from session_broker.core.pools.pool import FleetConfig
from session_broker.core.regions import RegionRules
from wire.title_manifest import InstalledTitle


@dataclass(frozen=True, slots=True)
class TlsConfig:
    """HTTPS for other devices, beside plain HTTP for this machine."""

    certificate_file: Path
    """PEM, the server's own first."""
    key_file: Path
    """PEM, without a password."""
    link_host: str
    """Name or address that links to this broker carry, IPv6 without brackets."""
    host: str = "*"
    """Address to listen on; ``*`` is every address of this machine."""
    port: int = 8443
    """TCP port; 0 lets the system pick one."""
    ca_file: Path | None = None
    """The authority that devices must be told to trust, PEM. It is offered with an explanation over plain HTTP, since
    no device could fetch it over HTTPS yet. None for a certificate that browsers trust by themselves."""
    trust_port: int = 8480
    """TCP port of that explanation; 0 lets the system pick one."""


@dataclass(frozen=True, slots=True)
class BrokerConfig:
    """Everything that an operator can choose."""

    data_dir: Path
    """Folder of the SQLite database; made if it is missing."""
    host: str = "localhost"
    """Name or address to listen on. ``localhost`` listens on IPv4 and IPv6 loopback."""
    port: int = 8080
    """TCP port; 0 lets the system pick one."""
    tls: TlsConfig | None = None
    """HTTPS as well; None serves plain HTTP only."""
    database_url: str | None = None
    """SQLAlchemy URL, such as ``postgresql+asyncpg://user@host/name``; None is SQLite in ``data_dir``."""
    titles: tuple[InstalledTitle, ...] = ()
    """Titles that players may start."""
    objects_url: str | None = None
    """Where archives of published titles lie, such as ``s3://bucket/prefix``; None is a folder in ``data_dir``."""
    archive_max_bytes: int = 1 << 30
    """Longest archive that a publisher may upload, bytes."""
    node_enrolment_token: str | None = field(default=None, repr=False)
    """One-time token with which a node may enrol."""
    allowed_hosts: tuple[str, ...] = ()
    """Names, beside loopback and ``host``, under which the broker may be addressed."""
    allowed_origins: tuple[str, ...] = ()
    """Origins, beside the broker's own pages, that may send requests: ``https://play.example.org``."""
    metrics_token: str | None = field(default=None, repr=False)
    """Bearer token that may read ``/metrics``; an operator's sign-in may as well."""
    static_dir: Path | None = None
    """Folder of the web client; None is the one that ships with Farplay."""
    abandon_s: float = 120.0
    """Seconds that a session goes on without a tab and without a connected peer of any seated player."""
    start_timeout_s: float = 20.0
    """Seconds that a node has until the title's first frame."""
    end_timeout_s: float = 8.0
    """Seconds that a node has to confirm that a session ended."""
    connect_timeout_s: float = 15.0
    """Seconds that a peer has from the request to its connection."""
    node_lost_s: float = 6.0
    """Seconds of silence on an open socket after which a node is lost."""
    node_grace_s: float = 1.5
    """Seconds that a node whose socket closed has to come back before it is lost."""
    node_return_s: float = 10.0
    """The same grace when the broker itself has started anew."""
    media_lease_s: float = 90.0
    """Seconds that a session is left to its node while neither the node nor a tab of a player is here. A tab that is
    here decides by what it sees."""
    seat_hold_s: float = 60.0
    """Seconds that an invited player's seat is held while neither their tab nor a connected peer is there."""
    heartbeat_s: float = 2.0
    """Seconds between a node's heartbeats."""
    hello_timeout_s: float = 5.0
    """Seconds that a socket has to say hello."""
    sessions_per_player: int = 4
    """Sessions that a player may have at once."""
    sessions_per_tenant: int = 100_000
    """Sessions that all players together may have at once, waiting ones too."""
    reserve_s: float = 30.0
    """Seconds for which a slot that a session waited for is kept while none of its players is there."""
    session_starts_per_min: float = 60.0
    """Sessions that a player may start per minute; half of that at once."""

    violations_max: int = 4
    """Sessions of a published version that may break the sandbox's rules once it is approved; one more blocks it."""
    title_checks_max: int = 1
    """Slots of all nodes together that checks of publishers' titles may take at once; 0 refuses checks."""
    replica_lease_s: float = 5.0
    """Seconds without a sign of life after which the other replicas on its database take a broker for dead."""
    bus_notify: bool = True
    """Whether replicas wake each other by PostgreSQL's LISTEN; without it they look once a second."""

    regions: RegionRules = field(default_factory=RegionRules)
    """Regions in which nodes are, and how far from a player they may be; the same for all replicas."""
    fleet: FleetConfig | None = None
    """Pools whose nodes this deployment starts and ends by itself; the same for all replicas."""
    traces_endpoint: str | None = None
    """URL that takes OpenTelemetry traces over OTLP by HTTP; None traces nothing."""

    def url_of_database(self) -> str:
        """Return the SQLAlchemy URL to open."""
        return self.database_url or f"sqlite+aiosqlite:///{self.data_dir / 'broker.sqlite3'}"

    def host_names(self) -> frozenset[str]:
        """Return every name under which the broker may be addressed."""
        loopback = {"localhost", "127.0.0.1", "[::1]"}
        own = {bracketed(self.host)}
        if self.tls is not None:
            own.add(bracketed(self.tls.link_host))
        return frozenset(name.lower() for name in loopback | own | set(self.allowed_hosts)) - {"0.0.0.0", "[::]"}


def bracketed(host: str) -> str:
    """Return a host as URLs and Host headers have it: IPv6 in brackets."""
    return f"[{host}]" if ":" in host else host
