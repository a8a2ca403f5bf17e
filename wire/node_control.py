"""Messages between a node's agent and the broker, on the WebSocket that the node dials out.

Order: the node says ``hello`` with its range of versions, its credential and every session it still runs; the broker
answers ``welcome`` and then ends what it does not know. Afterwards commands flow down, states and heartbeats up.
A node keeps its sessions running while no broker answers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import ClassVar

from wire.errors import Reason
from wire.limits import (
    ARCHIVES_PER_NODE_MAX,
    FIGURES_PER_HEARTBEAT,
    REGION_MAX_CHARS,
    SDP_MAX_BYTES,
    SEATS_MAX,
    SESSIONS_PER_NODE_MAX,
    STUN_URIS_MAX,
    TITLES_PER_NODE_MAX,
    VIDEO_BPS_MAX,
    VIDEO_BPS_MIN,
)
from wire.sandbox import Trust
from wire.schema import Message, family
from wire.session_control import PeerState, Role
from wire.title_options import OPTIONS_MAX, VALUE_MAX_LEN
from wire.title_release import Release
from wire.tracing import TRACEPARENT_CHARS
from wire.version import PROTOCOL_MIN, ProtocolRange
from wire.worker_control import PlacementState


@dataclass(frozen=True, slots=True)
class NodeCapacity:
    """What a node measured of itself at start."""

    slots: int = field(metadata={"min": 0, "max": SESSIONS_PER_NODE_MAX})
    """Sessions that it can run at once."""
    cpu_cores: int = field(metadata={"min": 1, "max": 4096})
    memory_bytes: int = field(metadata={"min": 0})
    encode_ms_720p: float = field(metadata={"min": 0.0, "max": 10_000.0})
    """Median time to convert and encode one 1280x720 frame of hard content with the chosen encoder."""
    h264_encoders: tuple[str, ...]
    """FFmpeg names of H.264 encoders that really open, best first."""
    gpus: tuple[str, ...] = ()
    title_kinds: tuple[str, ...] = ("pygame",)
    sandbox: str = "userns"
    """Sandbox profile that works here: ``userns`` or ``pod``."""
    missing_walls: tuple[str, ...] = field(default=(), metadata={"max_len": 32})
    """Walls that this profile can have and this machine lacks."""
    fetches_titles: bool = False
    """Whether it fetches the archives of published titles."""
    python_minor: int = field(default=0, metadata={"min": 0, "max": 999})
    """Minor version of the Python 3 that its titles run on; 0 from nodes that do not say."""
    checks: tuple[str, ...] = field(default=(), metadata={"max_len": 8})
    """Levels of trust whose titles it checks; none from nodes that check no titles."""


@dataclass(frozen=True, slots=True)
class CachedTitle:
    """A title version whose bytes lie on the node."""

    title_id: str
    version: str


@dataclass(frozen=True, slots=True)
class RunningSession:
    """A session that the node runs at the time of ``hello`` or a heartbeat.

    In ``hello`` also, as released, one that ended while no broker listened: its `PlacementNews` follows ``welcome``.
    """

    session_id: str
    epoch: int
    state: PlacementState
    paused: bool = False
    """Whether it serves but stands still, because nobody plays."""


@dataclass(frozen=True, slots=True)
class SessionFigures:
    """How a session has been doing since the node's heartbeat before, for the operator."""

    session_id: str
    peers: int = field(metadata={"min": 0, "max": 1024})
    """Peers that are connected."""
    fps: float = field(metadata={"min": 0.0, "max": 10_000.0})
    """Pictures per second that the title drew."""
    sent_bps: float = field(metadata={"min": 0.0, "max": 1e12})
    """Media sent to all peers together, bits per second."""
    encode_ms_p50: float = field(metadata={"min": 0.0, "max": 1e6})
    """Conversion and encoding of a picture, over the last ten seconds."""
    encode_ms_p99: float = field(metadata={"min": 0.0, "max": 1e6})


@dataclass(frozen=True, slots=True)
class CheckPort:
    """A UDP socket of the node that answers ICE checks, so that a page can try the way that media would take.

    It answers only binding requests that carry this password, which signed-in pages are given.
    """

    hosts: tuple[str, ...] = field(metadata={"max_len": 64})
    """Addresses under which it is reached."""
    port: int = field(metadata={"min": 1, "max": 65535})
    ufrag: str = field(metadata={"max_len": 32})
    password: str = field(metadata={"max_len": 64})


@dataclass(frozen=True, slots=True)
class NodeHello(Message):
    """First message of a node."""

    TYPE: ClassVar[str] = "hello"
    protocol: ProtocolRange
    name: str = field(metadata={"max_len": 64})
    """The operator's name for the machine."""
    capacity: NodeCapacity
    titles: tuple[CachedTitle, ...] = field(metadata={"max_len": TITLES_PER_NODE_MAX})
    sessions: tuple[RunningSession, ...] = field(metadata={"max_len": SESSIONS_PER_NODE_MAX})
    enrolment_token: str | None = field(default=None, metadata={"max_len": 128})
    """One-time token; the answer brings the node's own key."""
    node_id: str | None = None
    node_key: str | None = field(default=None, metadata={"max_len": 128})
    """Credential from an earlier enrolment, with ``node_id``."""
    check_port: CheckPort | None = None
    """Where pages try their way to this node; None if it has no port to spare."""
    archives: tuple[str, ...] = field(default=(), metadata={"max_len": ARCHIVES_PER_NODE_MAX})
    """SHA-256 of the archives of published titles that lie unpacked here."""
    region: str = field(default="", metadata={"max_len": REGION_MAX_CHARS})
    """Where the machine is, by the operator's name for it; empty if nobody said."""
    successors: bool = False
    """Whether another node can be started beside it, in its place."""
    checks: tuple[str, ...] = field(default=(), metadata={"max_len": SESSIONS_PER_NODE_MAX})
    """Checks of titles that run here, each in a slot."""


@dataclass(frozen=True, slots=True)
class NodeWelcome(Message):
    """The broker takes the node."""

    TYPE: ClassVar[str] = "welcome"
    protocol: int
    node_id: str
    node_key: str | None = field(default=None, metadata={"max_len": 128})
    """Present once, when the node enrolled with a token: keep it."""
    heartbeat_s: float = 2.0


@dataclass(frozen=True, slots=True)
class Heartbeat(Message):
    """Still here; also carries what runs, so that a lost message heals."""

    TYPE: ClassVar[str] = "heartbeat"
    sessions: tuple[RunningSession, ...] = field(metadata={"max_len": SESSIONS_PER_NODE_MAX})
    cpu_percent: float = 0.0
    memory_used_bytes: int = 0
    figures: tuple[SessionFigures, ...] = field(default=(), metadata={"max_len": FIGURES_PER_HEARTBEAT})
    """Of as many sessions as fit; where more run, every heartbeat tells of others."""
    archives: tuple[str, ...] | None = field(default=None, metadata={"max_len": ARCHIVES_PER_NODE_MAX})
    """As in ``NodeHello``; None while nothing has changed since."""
    checks: tuple[str, ...] = field(default=(), metadata={"max_len": SESSIONS_PER_NODE_MAX})
    """As in ``NodeHello``. A check that is not listed twice in a row does not run there, and its slot is free."""


@dataclass(frozen=True, slots=True)
class ChosenOption:
    """An option of a title, set for one session."""

    name: str = field(metadata={"max_len": 32})
    value: str = field(metadata={"max_len": VALUE_MAX_LEN})


@dataclass(frozen=True, slots=True)
class StartSession(Message):
    """Place this session here."""

    TYPE: ClassVar[str] = "start_session"
    session_id: str
    epoch: int = field(metadata={"min": 1})
    title_id: str
    title_version: str
    player_key: str = field(metadata={"max_len": 64})
    """Opaque name of the player's save folder on this node."""
    release: Release | None = None
    """A published title's, by which the node fetches and checks its archive; None for one that is installed there."""
    options: tuple[ChosenOption, ...] = field(default=(), metadata={"max_len": OPTIONS_MAX})
    """What was set for this session, of what the title's manifest declares."""
    traceparent: str | None = field(default=None, metadata={"max_len": TRACEPARENT_CHARS})
    """What the node's part of this start is a part of; None if it is not traced."""


@dataclass(frozen=True, slots=True)
class EndSession(Message):
    """End this session on this node; unknown ones are confirmed as ``released``."""

    TYPE: ClassVar[str] = "end_session"
    session_id: str
    epoch: int
    reason: Reason


@dataclass(frozen=True, slots=True)
class OpenNodePeer(Message):
    """Open a peer for a participant of a session."""

    TYPE: ClassVar[str] = "open_peer"
    session_id: str
    peer_id: str
    participant_id: str
    participant_index: int = field(metadata={"min": 0, "max": 0xFFFF})
    role: Role
    seats: tuple[int, ...]
    ticket_sha256: str = field(metadata={"max_len": 64})
    ticket_ttl_s: float = field(metadata={"min": 0.0, "max": 600.0})
    video_codecs: tuple[str, ...] = field(metadata={"max_len": 16})
    video_max_bps: int | None = field(default=None, metadata={"min": VIDEO_BPS_MIN, "max": VIDEO_BPS_MAX})
    """Highest video bitrate that the participant allows, None without a bound."""
    tab_protocol: int = field(default=PROTOCOL_MIN, metadata={"min": 1})
    """The control version that the participant's tab speaks."""


@dataclass(frozen=True, slots=True)
class NodePeerAnswer(Message):
    """A tab's answer on its way to the worker."""

    TYPE: ClassVar[str] = "peer_answer"
    session_id: str
    peer_id: str
    ticket: str = field(metadata={"max_len": 64})
    sdp: str = field(metadata={"max_len": SDP_MAX_BYTES, "max_bytes": SDP_MAX_BYTES})


@dataclass(frozen=True, slots=True)
class SetNodeQuality(Message):
    """A participant allows another video bitrate from now on."""

    TYPE: ClassVar[str] = "set_quality"
    session_id: str
    participant_id: str
    video_max_bps: int | None = field(default=None, metadata={"min": VIDEO_BPS_MIN, "max": VIDEO_BPS_MAX})


@dataclass(frozen=True, slots=True)
class CloseNodePeer(Message):
    """Close one peer of a session."""

    TYPE: ClassVar[str] = "close_peer"
    session_id: str
    peer_id: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class SetNodeSeats(Message):
    """A participant of a session plays on other seats from now on; unknown ones are ignored."""

    TYPE: ClassVar[str] = "set_seats"
    session_id: str
    participant_id: str
    role: Role
    seats: tuple[int, ...] = field(metadata={"max_len": SEATS_MAX})


@dataclass(frozen=True, slots=True)
class DismissNodeParticipant(Message):
    """A participant of a session is no longer at the table; unknown ones are ignored."""

    TYPE: ClassVar[str] = "dismiss"
    session_id: str
    participant_id: str
    reason: Reason


@dataclass(frozen=True, slots=True)
class StartSuccessor(Message):
    """Have another node started beside this one, of the version that is installed by now; since version 4.

    It enrols as a node of its own. This one ends when that one is welcome and nothing runs here any more.
    """

    TYPE: ClassVar[str] = "start_successor"
    token: str = field(metadata={"max_len": 128}, repr=False)
    """One-time, with which it enrols."""


@dataclass(frozen=True, slots=True)
class StartTitleCheck(Message):
    """Check this title in one of the node's slots; the report is uploaded over HTTP."""

    TYPE: ClassVar[str] = "start_check"
    check_id: str
    release: Release
    trust: Trust
    """Who vouches for it: the walls that it needs follow from that."""


@dataclass(frozen=True, slots=True)
class EndTitleCheck(Message):
    """Nobody waits for this check any more; unknown ones are ignored."""

    TYPE: ClassVar[str] = "end_check"
    check_id: str


@dataclass(frozen=True, slots=True)
class PlacementNews(Message):
    """A session on this node moved, or a serving one stands still or goes on."""

    TYPE: ClassVar[str] = "placement_state"
    session_id: str
    epoch: int
    state: PlacementState
    reason: Reason | None = None
    detail: str = field(default="", metadata={"max_len": 4096})
    paused: bool = False
    """As in ``RunningSession``."""
    violations: int = field(default=0, metadata={"min": 0})
    """At the end: how often the title ran against a wall in a way that no honest title does."""


@dataclass(frozen=True, slots=True)
class NodePeerOffer(Message):
    """A worker's offer on its way to the tab."""

    TYPE: ClassVar[str] = "peer_offer"
    session_id: str
    peer_id: str
    sdp: str = field(metadata={"max_len": SDP_MAX_BYTES, "max_bytes": SDP_MAX_BYTES})
    stun_uris: tuple[str, ...] = field(default=(), metadata={"max_len": STUN_URIS_MAX})


@dataclass(frozen=True, slots=True)
class NodePeerState(Message):
    """A peer of a session moved."""

    TYPE: ClassVar[str] = "peer_state"
    session_id: str
    peer_id: str
    state: PeerState
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class NodeRefusal(Message):
    """The broker refuses a message; before ``welcome`` the socket closes next."""

    TYPE: ClassVar[str] = "error"
    reason: Reason
    detail: str = field(default="", metadata={"max_len": 4096})


FROM_NODE = family(NodeHello, Heartbeat, PlacementNews, NodePeerOffer, NodePeerState)
"""What a node may send."""

TO_NODE = family(
    NodeWelcome,
    StartSession,
    EndSession,
    OpenNodePeer,
    NodePeerAnswer,
    SetNodeQuality,
    CloseNodePeer,
    SetNodeSeats,
    DismissNodeParticipant,
    StartSuccessor,
    StartTitleCheck,
    EndTitleCheck,
    NodeRefusal,
)
"""What the broker may send to a node."""
