"""What the broker keeps in memory of live sessions and nodes. Only the flows beside this file change it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from session_broker.core.effects import Effect, LinkKey, NodeOffer, ReplicaId, TabKey
from session_broker.core.fleet import NO_NEEDS, Fleet, Needs
from session_broker.core.live_sessions import LiveSessions
from session_broker.core.node_table import NodeState
from session_broker.core.performance import Performance
from session_broker.core.pools.pool import FleetConfig
from session_broker.core.pools.records import Outlook
from session_broker.core.queue import Queue
from session_broker.core.rate_limit import TokenBucket
from session_broker.core.regions import Line, RegionRules
from session_broker.core.turnover import Turnover
from wire.errors import Reason
from wire.ids import ID_RANDOM_BYTES, NodeId, ParticipantId, PeerId, PlayerId, SessionId, TenantId, TitleId, make_id
from wire.node_control import CheckPort, NodeCapacity, SessionFigures
from wire.runtime_manifest import NO_RUNTIME, RuntimePin
from wire.session_control import Coming, InvitationKind, MediaReport, PeerState, Role, SessionState, StateNews
from wire.title_options import SessionOption
from wire.title_release import Release
from wire.tracing import TraceParent
from wire.worker_control import PlacementState


@dataclass(frozen=True, slots=True)
class CatalogueTitle:
    """A title that players may start."""

    title_id: TitleId
    version: str
    kind: str
    names: Mapping[str, str]
    width_px: int
    height_px: int
    fps: int
    players_max: int
    needs: Needs = NO_NEEDS
    release: Release | None = None
    """By which nodes fetch it; None for a title that is installed on them."""
    options: tuple[SessionOption, ...] = ()
    """What may be set for a session."""
    runtime: RuntimePin = NO_RUNTIME
    """What nodes fetch beside a published title."""

    def fetched(self) -> dict[str, int]:
        """Return the archives that a node must have, by digest, with their bytes; none for an installed title."""
        return {} if self.release is None else archives_of(self.release, self.runtime)


def archives_of(release: Release, runtime: RuntimePin) -> dict[str, int]:
    """Return the archives of a published title and its runtime, by digest, with their bytes."""
    pinned = {runtime.sha256: runtime.archive_bytes} if runtime.sha256 else {}
    return {release.archive_sha256: release.archive_bytes, **pinned}


@dataclass(frozen=True, slots=True)
class Limits:
    """Deadlines and bounds of the core; each is a field of ``BrokerConfig``, which says what it means."""

    abandon_s: float = 120.0
    start_timeout_s: float = 20.0
    end_timeout_s: float = 8.0
    connect_timeout_s: float = 15.0
    node_lost_s: float = 6.0
    node_grace_s: float = 1.5
    node_return_s: float = 10.0
    media_lease_s: float = 90.0
    seat_hold_s: float = 60.0
    heartbeat_s: float = 2.0
    sessions_per_player: int = 4
    sessions_per_tenant: int = 100_000
    reserve_s: float = 30.0
    session_starts_per_min: float = 60.0
    fleet: FleetConfig | None = None
    regions: RegionRules = field(default_factory=RegionRules)


@dataclass(slots=True)
class Peer:
    """One connection of a participant."""

    peer_id: PeerId
    ticket: str
    deadline: float | None
    """When it counts as failed unless connected; None once it is."""
    state: PeerState = PeerState.INVITED
    offered: bool = False
    """Whether the worker's offer was passed on."""
    opened_at: float = 0.0
    """When it was asked for."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A request for a session that is traced."""

    trace: TraceParent
    """What the start of the session is a part of."""
    at: float
    """When it came, monotonic seconds."""


OPENS_PER_S = 1.0
OPENS_AT_ONCE = 10.0
"""Requests for a peer by one participant: on average, and in a row."""


@dataclass(slots=True)
class Participant:
    """Somebody at a session's table."""

    participant_id: ParticipantId
    player_id: PlayerId
    number: int
    """What this participant writes into input batches; never given twice in a session, `HOST_NUMBER` is the host."""
    role: Role
    seats: tuple[int, ...]
    """In rising order. A seat that nobody else holds is the host's, whose second pad plays on it."""
    guest: bool = False
    name: str | None = None
    """Display name of an account that has one."""
    away_since: float | None = None
    """Since when neither a tab nor a connected peer of theirs is there."""
    tab: TabKey | None = None
    tab_since: float = float("-inf")
    """When its newest tab came."""
    wanted_codecs: tuple[str, ...] | None = None
    """A request for a peer that waits until the session runs."""
    video_max_bps: int | None = None
    """Highest video bitrate that this participant allows."""
    peer: Peer | None = None
    opens: TokenBucket = field(default_factory=lambda: TokenBucket(OPENS_PER_S, OPENS_AT_ONCE, 0.0))
    """Requests for a peer: each costs the node two messages, which all its sessions share."""
    report: MediaReport | None = None
    """What its tab last said of its picture."""


DISMISSED_KEPT = 64
"""Participants who left that a node is told of when it comes back."""

HOST_NUMBER = 0
"""Number of the participant whose session it is."""


@dataclass(slots=True)
class Invitation:
    """A link to a session's table. What is kept of its code is the digest."""

    invitation_id: str
    code_sha256: str
    kind: InvitationKind
    expires_at_ms: int
    """Milliseconds since 1970."""
    revoked: bool = False
    used_by: PlayerId | None = None
    """Whom a seat link let in; it lets in nobody else."""


@dataclass(slots=True)
class Admission:
    """Somebody, beside the host, who may come to a session's table, now or again."""

    player_id: PlayerId
    invitation_id: str
    role: Role
    """``player`` may take a free seat when coming back."""
    guest: bool
    barred: bool = False
    """Was sent away by the host."""


@dataclass(slots=True)
class Placement:
    """The session on a node."""

    epoch: int
    node_id: NodeId
    state: PlacementState = PlacementState.PREPARING
    absent: int = 0
    """Heartbeats in a row that did not list it."""
    figures: SessionFigures | None = None
    """What its node last said of it."""
    claimed_at: float | None = None
    """When its slot was claimed, if its start is traced here."""
    trace: TraceParent | None = None
    """The span of its start, while that goes on and is traced here."""


@dataclass(slots=True)
class Session:
    """A session that has not ended."""

    session_id: SessionId
    tenant_id: TenantId
    player_id: PlayerId
    title: CatalogueTitle
    state: SessionState = SessionState.QUEUED
    reason: Reason | None = None
    detail: str = ""
    epoch: int = 0
    queued_at_ms: int = 0
    """When it came to the queue, on the database's clock."""
    priority: int = 0
    """Steps by which it is due earlier than others; see ``queue``."""
    reserved_until: float | None = None
    """When a slot that it waited for is given up unless a player has come."""
    placement: Placement | None = None
    participants: dict[ParticipantId, Participant] = field(default_factory=dict)
    next_number: int = HOST_NUMBER
    """Number of the next participant."""
    dismissed: deque[ParticipantId] = field(default_factory=lambda: deque(maxlen=DISMISSED_KEPT))
    """Who has left, for a node that could not be told."""
    invitations: dict[str, Invitation] = field(default_factory=dict)
    """By id, in the order in which they were made; some that no longer hold, so that they can say why."""
    admissions: dict[PlayerId, Admission] = field(default_factory=dict)
    deadline: float | None = None
    """When starting or ending has taken too long."""
    unattended_since: float | None = None
    """Since when no seated player has a tab or a connected peer."""
    media_at: float = float("-inf")
    """When the host's tab, or a player's while the host has none, last got a frame, by its own report."""
    came_over: bool = False
    """Whether another replica handed it over for a node here, which is tried before all others."""
    decided: object = None
    """The last placement decision that was written down."""
    place: int | None = None
    """Place in the queue, 1 is next; None unless it waits for room."""
    coming: Coming | None = None
    """What the fleet does for it, while it waits."""
    told: StateNews | None = None
    """What its tabs were told of it last."""
    options: Mapping[str, str] = field(default_factory=dict)
    """What was set for it when it was made, by the names of the title's options."""
    round_trips_ms: Mapping[str, float] = field(default_factory=dict)
    """To the regions that its player's page had measured when it was made."""
    plays_beside: tuple[NodeId, ...] = ()
    """Nodes of the account's other sessions that were with other replicas when this one was made here."""
    performance: Performance = field(default_factory=Performance)
    """How it has been doing since this replica has it."""
    trace: TraceParent | None = None
    """What spans of its start are a part of; None for one that is not traced, or whose picture was shown."""
    running_since_ms: int | None = None
    """Since when it is played, on the database's clock; None while it is not."""
    trace_begun_at: float | None = None
    """When it was asked for; None if that was at another replica."""

    @property
    def host(self) -> Participant:
        """The participant whose session it is; stays at the table to the end."""
        return next(p for p in self.participants.values() if p.number == HOST_NUMBER)


@dataclass(slots=True)
class Node:
    """A node whose home this replica is."""

    node_id: NodeId
    tenant_id: TenantId
    name: str
    slots: int = 0
    state: NodeState = NodeState.REGISTERING
    link: LinkKey | None = None
    claims: dict[SessionId, int] = field(default_factory=dict)
    """Epoch by session: slots that are taken, also by sessions that should be gone but are not yet confirmed."""
    checks: dict[str, int] = field(default_factory=dict)
    """Heartbeats in a row that did not list it, by check of a title; each takes a slot."""
    seen_at: float = 0.0
    """When it last said anything."""
    away_since: float = 0.0
    """When its link was lost, if it has none."""
    grace_s: float = 0.0
    """Seconds that it may stay away before it is lost."""
    drained: bool = False
    """Whether the operator wants it to take no more sessions."""
    drain_until_ms: int | None = None
    """When what it still runs then is ended, on the database's clock."""
    capacity: NodeCapacity | None = None
    """What it measured of itself; None until it dials in."""
    check_port: CheckPort | None = None
    """Where pages may try their way to it."""
    titles: tuple[tuple[str, str], ...] = ()
    """Titles of the catalogue, with their versions, that lie there."""
    archives: tuple[str, ...] = ()
    """SHA-256 of the archives of published titles that lie there unpacked."""
    region: str = ""
    """Where it says that it is, whether the operator has named such a region or not."""
    cpu_percent: float = 0.0
    memory_used_bytes: int = 0
    protocol: int = 0
    """The control version that it speaks; 0 until it dials in."""
    successors: bool = False
    """Whether another node can be started beside it."""

    @property
    def taken(self) -> int:
        """How many slots are taken, by sessions and checks."""
        return len(self.claims) + len(self.checks)


@dataclass(frozen=True, slots=True)
class DistantNode:
    """A node whose home is another replica, as the database has it."""

    node_id: NodeId
    home: ReplicaId
    name: str
    state: NodeState
    ready: bool
    drained: bool
    slots: int
    claims: int
    offer: NodeOffer | None


@dataclass(slots=True)
class Tab:
    """A tab that was welcomed."""

    key: TabKey
    session_id: SessionId
    participant_id: ParticipantId
    protocol: int
    """The control version that it speaks."""


@dataclass(slots=True)
class BrokerState:
    """Everything live, and the effects of the step under way."""

    tenant_id: TenantId
    titles: Mapping[TitleId, CatalogueTitle]
    limits: Limits
    entropy: Callable[[int], bytes]
    """Secure random bytes."""
    queue: Queue = field(init=False)
    """Everybody who waits, with any replica."""
    sessions: LiveSessions = field(init=False)
    nodes: dict[NodeId, Node] = field(default_factory=dict)
    tabs: dict[TabKey, Tab] = field(default_factory=dict)
    links: dict[LinkKey, NodeId] = field(default_factory=dict)
    peers: dict[PeerId, tuple[SessionId, ParticipantId]] = field(default_factory=dict)
    starts: dict[PlayerId, TokenBucket] = field(default_factory=dict)
    invites: dict[PlayerId, TokenBucket] = field(default_factory=dict)
    invitations: dict[str, tuple[SessionId, str]] = field(default_factory=dict)
    """Session and id by the digest of the code."""
    fleet: Fleet = field(default_factory=Fleet)
    clock_offset_ms: int = 0
    """The database's clock less our monotonic one."""
    queued_last_ms: int = 0
    turnover: Turnover = field(default_factory=Turnover)
    waited: Mapping[SessionId, Line] = field(default_factory=dict)
    """Who was in the queue at the last look, and in which line."""
    thought_of_since: dict[SessionId, float] = field(default_factory=dict)
    """Since when room here is kept for such a session."""
    distant_playing: Mapping[PlayerId, int] = field(default_factory=dict)
    """Sessions of each account that other replicas have and that do not wait."""
    distant_sessions: int = 0
    """How many sessions other replicas have."""
    distant: dict[NodeId, DistantNode] = field(default_factory=dict)
    """Nodes of other replicas, in the fleet's columns like our own."""
    outlook: Outlook = field(default_factory=dict)
    """What those who wait for a machine may hope for."""
    effects: list[Effect] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.queue = Queue(self.limits.regions, self.playing)
        self.sessions = LiveSessions(self.queue)

    def playing(self, player_id: PlayerId) -> int:
        """Return how many sessions of an account do not wait."""
        mine = sum(s.state is not SessionState.QUEUED for s in self.sessions.of(player_id))
        return mine + self.distant_playing.get(player_id, 0)

    def emit(self, *effects: Effect) -> None:
        """Ask for something to be done after this step."""
        self.effects.extend(effects)

    def new_id(self, prefix: str) -> str:
        """Return a fresh id."""
        return make_id(prefix, self.entropy(ID_RANDOM_BYTES))

    def next_queued_at_ms(self, now: float) -> int:
        """Return when whoever comes now came to the queue; nobody comes at the same time as another."""
        self.queued_last_ms = max(self.queued_last_ms + 1, self.database_ms(now))
        return self.queued_last_ms

    def database_ms(self, now: float) -> int:
        """Return what the database's clock shows at a monotonic time."""
        return int(now * 1000) + self.clock_offset_ms

    def draw(self) -> float:
        """Return a random number in ``[0, 1)``."""
        return int.from_bytes(self.entropy(6)) / 2**48
