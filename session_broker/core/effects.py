"""What the core wants done. Writes go to the store in one transaction before any news goes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NewType, TypeAlias

from session_broker.core.node_table import NodeState
from wire.errors import Reason
from wire.ids import NodeId, ParticipantId, PlayerId, SessionId, TenantId, TitleId
from wire.node_control import CheckPort, NodeCapacity
from wire.schema import Message
from wire.session_control import InvitationKind, Role, SessionState
from wire.tracing import Span
from wire.worker_control import PlacementState

TabKey = NewType("TabKey", int)
"""One tab socket in this process."""

LinkKey = NewType("LinkKey", int)
"""One node socket in this process."""


ReplicaId = NewType("ReplicaId", str)
"""One life of one broker process on a shared database; never used again."""


class Tally(StrEnum):
    """What is counted for ``/metrics``."""

    PLACEMENT = "placement"
    SESSION_END = "session_end"
    SESSION_RESTART = "session_restart"
    """A session that begins anew on another node, by why."""
    NODE_STRAY = "node_stray"
    """A node's message about something that is not (or no longer) its own, without harm."""
    VIOLATIONS = "violations"
    """A session whose title ran against the sandbox's walls, by title."""


@dataclass(frozen=True, slots=True)
class SaveSession:
    """Insert or update a session's row."""

    session_id: SessionId
    tenant_id: TenantId
    player_id: PlayerId
    title_id: TitleId
    title_version: str
    state: SessionState
    reason: Reason | None
    detail: str
    epoch: int
    queued_at_ms: int
    priority: int
    options: Mapping[str, str] = field(default_factory=dict)
    round_trips_ms: Mapping[str, float] = field(default_factory=dict)
    traceparent: str | None = None
    """Of the trace that its start is a part of."""
    running_since_ms: int | None = None
    """Since when it is played, on the database's clock; None while it is not."""


@dataclass(frozen=True, slots=True)
class SavePlacement:
    """Insert or update a placement's row."""

    session_id: SessionId
    epoch: int
    tenant_id: TenantId
    node_id: NodeId
    state: PlacementState
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class SaveInterval:
    """Enter into the ledger that a session was played, without a break, on a node; times on the database's clock."""

    session_id: SessionId
    began_at_ms: int
    ended_at_ms: int
    tenant_id: TenantId
    player_id: PlayerId
    title_id: TitleId
    title_version: str
    node_id: NodeId
    epoch: int
    ended_by: SessionState
    """What the session became: ``paused`` may go on, ``queued`` has lost its node."""
    reason: Reason | None


@dataclass(frozen=True, slots=True)
class SaveParticipant:
    """Insert or update a participant's row."""

    participant_id: ParticipantId
    tenant_id: TenantId
    session_id: SessionId
    player_id: PlayerId
    role: Role
    seats: tuple[int, ...]
    number: int
    left: bool = False


@dataclass(frozen=True, slots=True)
class SaveInvitation:
    """Insert or update an invitation's row."""

    invitation_id: str
    tenant_id: TenantId
    session_id: SessionId
    code_sha256: str
    kind: InvitationKind
    expires_at_ms: int
    revoked: bool
    used_by: PlayerId | None


@dataclass(frozen=True, slots=True)
class SaveAdmission:
    """Insert or update who may come to a session's table."""

    session_id: SessionId
    player_id: PlayerId
    tenant_id: TenantId
    invitation_id: str
    role: Role
    guest: bool
    barred: bool


@dataclass(frozen=True, slots=True)
class NodeOffer:
    """What placement must know of a node."""

    capacity: NodeCapacity
    titles: tuple[tuple[str, str], ...]
    """Titles of the catalogue, with their versions, that lie there."""
    check_port: CheckPort | None = None
    """Where pages try their way to it."""
    archives: tuple[str, ...] = ()
    """SHA-256 of the archives of published titles that lie there unpacked."""
    region: str = ""
    """Where it says that it is."""


@dataclass(frozen=True, slots=True)
class SaveNode:
    """Update an enrolled node's row."""

    node_id: NodeId
    state: NodeState
    name: str
    slots: int
    ready: bool
    """Whether it is here and takes sessions."""
    claims: int
    """Slots that are taken."""
    drained: bool
    drain_until_ms: int | None
    """On the database's clock."""
    offer: NodeOffer | None
    """What it said of itself; None leaves what is stored."""


@dataclass(frozen=True, slots=True)
class HandOver:
    """Give a session to another replica, which is told."""

    session_id: SessionId
    to: ReplicaId


@dataclass(frozen=True, slots=True)
class AppendEvent:
    """Append to the session's history, which is never changed."""

    session_id: SessionId
    tenant_id: TenantId
    event: str
    reason: Reason | None = None
    data: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ToTab:
    """Send to a tab."""

    tab: TabKey
    message: Message
    session_id: SessionId | None = field(default=None, compare=False)
    """Whose news it is, where the tab may have left the table by the time that it is told."""


@dataclass(frozen=True, slots=True)
class CloseTab:
    """Close a tab's socket after what was sent to it."""

    tab: TabKey
    code: int
    session_id: SessionId | None = field(default=None, compare=False)
    """The session whose end closes it, if that is why."""


@dataclass(frozen=True, slots=True)
class DetachTab:
    """A tab's session has left this replica; let the tab follow it."""

    tab: TabKey


@dataclass(frozen=True, slots=True)
class WatchMedia:
    """Have every report of this tab's picture passed on for a while, since its node is silent."""

    tab: TabKey


@dataclass(frozen=True, slots=True)
class ToNode:
    """Send to a node."""

    link: LinkKey
    message: Message


@dataclass(frozen=True, slots=True)
class CloseLink:
    """Close a node's socket after what was sent to it."""

    link: LinkKey
    code: int


@dataclass(frozen=True, slots=True)
class Count:
    """Count something for ``/metrics``.

    By 0, so that the counter is there before its first event: one that begins at 1 has no rise to see.
    """

    tally: Tally
    label: str
    by: int = 1


@dataclass(frozen=True, slots=True)
class Traced:
    """Record a span of a session's start."""

    span: Span


Write: TypeAlias = (
    SaveSession
    | SavePlacement
    | SaveInterval
    | SaveParticipant
    | SaveInvitation
    | SaveAdmission
    | SaveNode
    | HandOver
    | AppendEvent
)
News: TypeAlias = ToTab | CloseTab | DetachTab | WatchMedia | ToNode | CloseLink | Count | Traced
Effect: TypeAlias = Write | News

CLOSE_TRY_AGAIN = 1013
"""The database does not answer (RFC 6455 registry: try again later)."""
CLOSE_REFUSED = 4000
"""An ``error`` message precedes."""
CLOSE_TAKEN_OVER = 4001
"""Another tab of the same player plays on."""
CLOSE_ENDED = 4002
"""The session ended."""
