"""Messages between a node's agent and one session worker, length-prefixed on a socketpair.

Order: the agent sends ``start`` to a warm worker; the worker reports ``worker_state`` as it goes. Peers are opened
and signalled at any time while the title runs. EOF on the pair means that the other side died.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from wire.errors import Reason
from wire.limits import (
    PICTURE_MAX_HEIGHT_PX,
    PICTURE_MAX_WIDTH_PX,
    PICTURE_MIN_PX,
    SDP_MAX_BYTES,
    SEATS_MAX,
    STUN_URIS_MAX,
    VIDEO_BPS_MAX,
    VIDEO_BPS_MIN,
)
from wire.sandbox import SandboxSpec
from wire.schema import Message, family
from wire.session_control import PeerState, Role
from wire.version import PROTOCOL_MIN

STUN_PORT = 3478
"""Of STUN and TURN, unless an address says otherwise."""

TLS_PORT = 5349
"""Of TURN over TLS, unless an address says otherwise."""


class PlacementState(StrEnum):
    """A session on a node, with its epoch."""

    PREPARING = "preparing"
    SERVING = "serving"
    SUPERSEDED = "superseded"
    LOST = "lost"
    RELEASED = "released"


class X264Preset(StrEnum):
    """libx264's presets that keep up with 60 frames a second in software."""

    ULTRAFAST = "ultrafast"
    SUPERFAST = "superfast"


@dataclass(frozen=True, slots=True)
class TitleSpec:
    """What a worker needs to run a title; paths are on the node."""

    title_id: str
    version: str
    kind: str
    """Each kind is a file in ``render_node/title/kinds``."""
    folder: str = field(metadata={"max_len": 4096})
    """Absolute path of the unpacked title, mounted read-only."""
    entry: str = field(metadata={"max_len": 1024})
    """Program to run, relative to the folder."""
    arguments: tuple[str, ...] = ()
    width_px: int = field(default=1280, metadata={"min": PICTURE_MIN_PX, "max": PICTURE_MAX_WIDTH_PX})
    """Picture width before the title sets its own."""
    height_px: int = field(default=720, metadata={"min": PICTURE_MIN_PX, "max": PICTURE_MAX_HEIGHT_PX})
    """Picture height before the title sets its own."""
    fps: int = field(default=60, metadata={"min": 1, "max": 240})
    """Frames per second that the encoder is set up for."""
    follow_display: bool = True
    """Whether the title's frames may move into step with the player's display."""
    memory_mib: int = field(default=256, metadata={"min": 1, "max": 2**20})
    """Memory that it says it needs; what it may use follows from that."""
    afk_pause_s: int = field(default=600, metadata={"min": 1, "max": 86400})
    """Seconds without input after which the session pauses."""
    afk_end_s: int = field(default=1800, metadata={"min": 1, "max": 86400})
    """Seconds of pause after which it ends."""
    environment: tuple[str, ...] = ()
    """The title's own environment variables and those of its options, each as ``NAME=value``."""
    site_packages: str = field(default="", metadata={"max_len": 1024})
    """Folder of its own Python packages, relative to its folder; empty for a title without."""
    runtime: str = field(default="", metadata={"max_len": 4096})
    """Absolute path of the unpacked runtime that it names, mounted read-only; empty for a title without."""
    try_state: bool = False
    """Whether it saves its state, loads it and compares when it is asked to end: for checks."""


class IceMode(StrEnum):
    """How a node's peers find their way to it."""

    LITE = "lite"
    """They reach an address of the node: public, forwarded or loopback."""
    FULL = "full"
    """The node is behind a NAT: it asks servers outside for further addresses, and tries the way from its side."""


class TurnTransport(StrEnum):
    """What carries datagrams between a node and its TURN server."""

    UDP = "udp"
    TCP = "tcp"
    TLS = "tls"


@dataclass(frozen=True, slots=True)
class StunServer:
    """A server that tells under which address it sees us (RFC 8489)."""

    host: str
    port: int = field(metadata={"min": 1, "max": 65535})

    @property
    def uri(self) -> str:
        """Return it as RFC 7064 writes it."""
        return f"stun:{_authority(self.host, self.port)}"


@dataclass(frozen=True, slots=True)
class TurnServer:
    """A server that relays for us (RFC 8656), with either a password or a shared secret."""

    host: str
    port: int = field(metadata={"min": 1, "max": 65535})
    transport: TurnTransport = TurnTransport.UDP
    username: str = ""
    """Long-term user name; with a secret, what stands behind the time in the names that are made."""
    password: str = field(default="", repr=False)
    secret: str = field(default="", repr=False)
    """Of the TURN REST API (draft-uberti-behave-turn-rest): names and passwords are made from it."""

    @property
    def uri(self) -> str:
        """Return it as RFC 7065 writes it."""
        scheme = "turns" if self.transport is TurnTransport.TLS else "turn"
        query = "?transport=tcp" if self.transport is TurnTransport.TCP else ""
        return f"{scheme}:{_authority(self.host, self.port)}{query}"


def _authority(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


@dataclass(frozen=True, slots=True)
class IceSpec:
    """Where a worker listens for media, and how peers find their way there."""

    bind_host: str = "0.0.0.0"
    """Address of the UDP socket."""
    port_min: int = field(default=0, metadata={"min": 0, "max": 65535})
    """First port of the range; 0 with ``port_max`` 0 lets the system choose."""
    port_max: int = field(default=0, metadata={"min": 0, "max": 65535})
    advertised_hosts: tuple[str, ...] = ()
    """Addresses written into candidates: public, forwarded (NAT 1:1) or loopback ones."""
    mode: IceMode = IceMode.LITE
    stun: StunServer | None = None
    """Asked in ``full``, by pages too."""
    turn: TurnServer | None = None
    """Asked in ``full``."""

    @property
    def page_stun_uris(self) -> tuple[str, ...]:
        """Return what pages ask for their own address: a NAT, or a relay, must be told whom to let in."""
        if self.mode is IceMode.LITE:
            return ()
        if self.stun is not None:
            return (self.stun.uri,)
        if self.turn is not None:
            # A TURN server answers STUN as well, by UDP; one that is reached by TLS has another port for that.
            port = STUN_PORT if self.turn.transport is TurnTransport.TLS else self.turn.port
            return (StunServer(self.turn.host, port).uri,)
        return ()


@dataclass(frozen=True, slots=True)
class EncoderSpec:
    """What the node measured and chose for this session."""

    h264_encoder: str = "libx264"
    """FFmpeg name of an H.264 encoder that opened when the node probed."""
    x264_preset: X264Preset = X264Preset.ULTRAFAST
    """By measured headroom."""
    x264_slices_max: int = field(default=1, metadata={"min": 1, "max": 8})
    """Slices that libx264 may encode a picture in, each by a thread of its own."""
    target_bps: int = field(default=8_000_000, metadata={"min": VIDEO_BPS_MIN, "max": VIDEO_BPS_MAX})
    """Video bitrate per rung."""


@dataclass(frozen=True, slots=True)
class StartWorker(Message):
    """Run this title for this session."""

    TYPE: ClassVar[str] = "start"
    session_id: str
    epoch: int = field(metadata={"min": 1})
    title: TitleSpec
    save_dir: str = field(metadata={"max_len": 4096})
    """Absolute path of the private save folder, the only place the title may write."""
    ice: IceSpec
    encoder: EncoderSpec
    sandbox: SandboxSpec
    abandon_s: float = field(default=600.0, metadata={"min": 1.0, "max": 86400.0})
    """Seconds without any connected peer after which the worker ends by itself."""
    traced: bool = False
    """Whether the worker tells of the steps of its start."""


@dataclass(frozen=True, slots=True)
class OpenWorkerPeer(Message):
    """Make an offer for a participant; an earlier peer of that participant is closed."""

    TYPE: ClassVar[str] = "open_peer"
    peer_id: str
    participant_id: str
    participant_index: int = field(metadata={"min": 0, "max": 0xFFFF})
    role: Role
    seats: tuple[int, ...]
    ticket_sha256: str = field(metadata={"max_len": 64})
    """Hex digest of the single-use ticket that the answer must carry."""
    ticket_ttl_s: float = field(metadata={"min": 0.0, "max": 600.0})
    """Seconds from now until the ticket is void."""
    video_codecs: tuple[str, ...] = field(metadata={"max_len": 16})
    video_max_bps: int | None = field(default=None, metadata={"min": VIDEO_BPS_MIN, "max": VIDEO_BPS_MAX})
    """Highest video bitrate that the participant allows, None without a bound."""
    tab_protocol: int = field(default=PROTOCOL_MIN, metadata={"min": 1})
    """The control version that the participant's tab speaks."""


@dataclass(frozen=True, slots=True)
class PeerAnswer(Message):
    """A tab's answer for an offered peer."""

    TYPE: ClassVar[str] = "peer_answer"
    peer_id: str
    ticket: str = field(metadata={"max_len": 64})
    sdp: str = field(metadata={"max_len": SDP_MAX_BYTES, "max_bytes": SDP_MAX_BYTES})


@dataclass(frozen=True, slots=True)
class SetWorkerQuality(Message):
    """A participant allows another video bitrate from now on."""

    TYPE: ClassVar[str] = "set_quality"
    participant_id: str
    video_max_bps: int | None = field(default=None, metadata={"min": VIDEO_BPS_MIN, "max": VIDEO_BPS_MAX})


@dataclass(frozen=True, slots=True)
class ClosePeer(Message):
    """Close one peer."""

    TYPE: ClassVar[str] = "close_peer"
    peer_id: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class SetSeats(Message):
    """A participant plays on other seats from now on: what is held on a seat that is lost is released."""

    TYPE: ClassVar[str] = "set_seats"
    participant_id: str
    role: Role
    seats: tuple[int, ...] = field(metadata={"max_len": SEATS_MAX})


@dataclass(frozen=True, slots=True)
class DismissParticipant(Message):
    """A participant is no longer at the table: close their peers, release what they hold, forget them."""

    TYPE: ClassVar[str] = "dismiss"
    participant_id: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class StopWorker(Message):
    """End the session: quit the title, close peers, report ``released`` and exit."""

    TYPE: ClassVar[str] = "stop"
    reason: Reason


@dataclass(frozen=True, slots=True)
class WorkerReady(Message):
    """A forked worker waits for ``start``."""

    TYPE: ClassVar[str] = "ready"
    pid: int


@dataclass(frozen=True, slots=True)
class WorkerState(Message):
    """The placement moved: ``serving`` at the title's first frame, ``released`` at the end."""

    TYPE: ClassVar[str] = "worker_state"
    state: PlacementState
    reason: Reason | None = None
    detail: str = field(default="", metadata={"max_len": 4096})
    """The title's last words or the error, for its developer."""
    violations: int = field(default=0, metadata={"min": 0})
    """How often the title ran against a wall in a way that no honest title does."""


class StartStep(StrEnum):
    """A part of a session's start that a worker does."""

    LAUNCH_TITLE = "launch_title"
    """From ``start`` until the title's process runs behind its walls."""
    FIRST_PICTURE = "first_picture"
    """From then until it has drawn its first picture."""
    ENCODE_FIRST_FRAME = "encode_first_frame"
    """From the first wish for a codec until a frame was encoded in it and sent."""


@dataclass(frozen=True, slots=True)
class WorkerStep(Message):
    """A step of the start is done, if these are traced; each is told once."""

    TYPE: ClassVar[str] = "step"
    step: StartStep
    start_us: int = field(metadata={"min": 0})
    """On the machine's monotonic clock."""
    end_us: int = field(metadata={"min": 0})


@dataclass(frozen=True, slots=True)
class WorkerPause(Message):
    """A serving session stands still because nobody plays, or goes on."""

    TYPE: ClassVar[str] = "pause"
    paused: bool


@dataclass(frozen=True, slots=True)
class PeerOffer(Message):
    """The worker's offer for an opened peer."""

    TYPE: ClassVar[str] = "peer_offer"
    peer_id: str
    sdp: str = field(metadata={"max_len": SDP_MAX_BYTES, "max_bytes": SDP_MAX_BYTES})
    stun_uris: tuple[str, ...] = field(default=(), metadata={"max_len": STUN_URIS_MAX})
    """What the tab asks for its own address before it answers."""


@dataclass(frozen=True, slots=True)
class WorkerPeerState(Message):
    """A peer moved to another state."""

    TYPE: ClassVar[str] = "peer_state"
    peer_id: str
    state: PeerState
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class WorkerStats(Message):
    """Once a second, for the node's heartbeat, metrics and the operator."""

    TYPE: ClassVar[str] = "stats"
    peers_connected: int = 0
    frames_captured: int = 0
    frames_encoded: int = 0
    frames_superseded: int = 0
    """Frames that a newer one replaced before they were encoded."""
    sent_bytes: int = 0
    encode_ms_p50: float = 0.0
    encode_ms_p99: float = 0.0
    input_events: int = 0
    input_refused: int = 0
    """Batches refused: malformed, of another participant, or too many."""


TO_WORKER = family(
    StartWorker, OpenWorkerPeer, PeerAnswer, SetWorkerQuality, ClosePeer, SetSeats, DismissParticipant, StopWorker
)
"""What an agent may send to a worker."""

FROM_WORKER = family(WorkerReady, WorkerState, WorkerStep, WorkerPause, PeerOffer, WorkerPeerState, WorkerStats)
"""What a worker may send to its agent."""
