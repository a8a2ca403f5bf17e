"""What one node's agent is told at start; resolved once by the command line, never read elsewhere."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from wire.sandbox import Profile
from wire.title_about import AFK_MAX_S
from wire.title_manifest import InstalledTitle
from wire.worker_control import IceSpec, X264Preset

WORKER_ENTRY = "render_node.session.io.worker_main:run_worker"
"""What a forked child calls with its control socket."""

LOOPBACK_ICE = IceSpec(bind_host="127.0.0.1", advertised_hosts=("127.0.0.1",))
"""For tabs on this machine only."""


@dataclass(frozen=True, slots=True)
class StopDeadlines:
    """How long a worker may take at each step of being stopped."""

    ask_s: float = 2.5
    """Seconds from the ``stop`` message to SIGTERM; a title has 2 s of these to quit by itself."""
    terminate_s: float = 0.5
    """Seconds from SIGTERM to SIGKILL."""


@dataclass(frozen=True, slots=True)
class NodeConfig:
    """One node."""

    broker_url: str
    """``http://`` or ``https://`` base address of the broker that the node dials."""
    data_dir: Path
    """Folder of this node: credential, measured capacity, saves. Created with mode 0700."""
    titles: tuple[InstalledTitle, ...]
    """Titles whose bytes lie on this machine."""
    name: str = "node"
    """The operator's name for the machine, 1-64 characters."""
    region: str = ""
    """Where the machine is, by the operator's name for it; empty if there is one place only."""
    enrolment_token: str | None = field(default=None, repr=False)
    """One-time token for the first hello; afterwards the stored key is used."""
    ice: IceSpec = LOOPBACK_ICE
    """Where workers listen for media."""
    slots: int | None = None
    """Sessions at once, 1-1024; None takes what was measured."""
    warm_workers: int = 1
    """Forked workers kept waiting for ``start``, 0-64."""
    x264_preset: X264Preset | None = None
    """None chooses by measured headroom."""
    target_bps: int = 8_000_000
    """Video bitrate per rung, bits per second."""
    abandon_s: float = 600.0
    """Seconds without a connected peer after which a worker ends by itself, broker or not."""
    afk_pause_max_s: int = AFK_MAX_S
    """Most seconds without input that a title may ask for before its session pauses."""
    afk_end_max_s: int = AFK_MAX_S
    """Most seconds of pause that a title may ask for before its session ends."""
    title_cache_max_bytes: int = 10 << 30
    """Bytes of published titles that are kept on this machine beyond those that run."""
    watch_titles: bool = False
    """End sessions of a title whose files change, so that its developer's page starts it anew."""
    start_timeout_s: float = 30.0
    """Seconds from ``start`` to the title's first frame."""
    stop: StopDeadlines = StopDeadlines()
    """Deadlines of stopping a worker."""
    sandbox: Profile | None = None
    """How titles are walled in; None takes ``userns`` where it works, else ``pod``."""
    kept: bool = False
    """Whether whoever started it starts another beside it when it says that one is wanted."""
    successor: bool = False
    """Whether it comes in the place of another on the same data folder: it enrols, whatever key lies there."""
    traces_endpoint: str | None = None
    """URL that takes OpenTelemetry traces over OTLP by HTTP; None traces nothing."""
    worker_entry: str = WORKER_ENTRY
    """``module:function`` that a forked child runs."""
