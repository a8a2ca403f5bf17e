"""Messages between a browser tab and the broker, on the session WebSocket.

Order: the tab says ``hello``; the broker answers ``welcome`` and the session's ``state``. The tab asks for a peer
(``open_peer``); the worker's ``offer`` comes back through the broker; the tab sends ``answer`` with the ticket that
came with the offer. ``table`` says who takes part and on which seats. Media and input never pass here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import ClassVar

from wire.errors import Reason
from wire.limits import (
    CLOSING_MAX_MS,
    PEERS_MAX,
    REGION_MAX_CHARS,
    REPORTED_MS_MAX,
    SDP_MAX_BYTES,
    SEATS_MAX,
    STUN_URIS_MAX,
    VIDEO_BPS_MAX,
    VIDEO_BPS_MIN,
)
from wire.schema import Message, family
from wire.version import ProtocolRange


class SessionState(StrEnum):
    """Where a session is in its life; the broker's table says which step may follow which."""

    QUEUED = "queued"
    PLACING = "placing"
    STARTING = "starting"
    RUNNING = "running"
    PAUSED = "paused"
    SUSPENDED = "suspended"
    ENDING = "ending"
    ENDED = "ended"


class PeerState(StrEnum):
    """Where one participant's connection is."""

    INVITED = "invited"
    CONNECTING = "connecting"
    CONNECTED = "connected"
    LOST = "lost"
    LEFT = "left"


class Role(StrEnum):
    """What a participant may do at the table."""

    PLAYER = "player"
    SPECTATOR = "spectator"


class InvitationKind(StrEnum):
    """What an invitation link lets its holder do at a session's table."""

    SEAT = "seat"
    """Take a free seat and play, or watch; for one person."""
    WATCH = "watch"
    """Watch; for as many as the table takes."""


class VideoCodec(StrEnum):
    """Video codecs that a rung can encode; the label is the one in SDP."""

    H264 = "H264"
    VP8 = "VP8"


class Route(StrEnum):
    """How a page's packets reach the worker."""

    DIRECT = "direct"
    """At an address of its machine, or one that is forwarded to it."""
    NAT = "nat"
    """Through a NAT before it, which let them in because the worker sent first."""
    RELAY = "relay"
    """By the worker's TURN server."""


@dataclass(frozen=True, slots=True)
class TabHello(Message):
    """First message of a tab."""

    TYPE: ClassVar[str] = "hello"
    protocol: ProtocolRange
    """Control versions that the page speaks."""


@dataclass(frozen=True, slots=True)
class OpenPeer(Message):
    """The tab wants a connection to the game; a new one replaces the participant's old one."""

    TYPE: ClassVar[str] = "open_peer"
    video_codecs: tuple[str, ...] = field(metadata={"max_len": 16})
    """SDP names of what ``RTCRtpReceiver.getCapabilities('video')`` lists, without repeats."""


@dataclass(frozen=True, slots=True)
class Answer(Message):
    """The tab's answer to an offer."""

    TYPE: ClassVar[str] = "answer"
    peer_id: str
    ticket: str = field(metadata={"max_len": 64})
    """The single-use ticket that came with the offer."""
    sdp: str = field(metadata={"max_len": SDP_MAX_BYTES, "max_bytes": SDP_MAX_BYTES})


@dataclass(frozen=True, slots=True)
class Leave(Message):
    """The player ends the session (``end``) or only closes this tab's part in it."""

    TYPE: ClassVar[str] = "leave"
    end: bool = False


@dataclass(frozen=True, slots=True)
class MediaReport(Message):
    """Once a second: whether pictures still arrive; the player's tab arbitrates take-over with it."""

    TYPE: ClassVar[str] = "media_report"
    peer_id: str
    frames_decoded: int = field(metadata={"min": 0})
    """Frames decoded on this peer so far."""
    silent_ms: int = field(metadata={"min": 0})
    """Milliseconds since the last frame arrived."""
    input_ms_p50: float | None = field(default=None, metadata={"min": 0.0, "max": REPORTED_MS_MAX})
    """From a player's input to the picture that shows it, median of the last ten seconds; None before any."""
    input_ms_p95: float | None = field(default=None, metadata={"min": 0.0, "max": REPORTED_MS_MAX})
    rtt_ms: float | None = field(default=None, metadata={"min": 0.0, "max": REPORTED_MS_MAX})
    """Round trip between page and worker."""
    route: Route | None = None
    """Of what arrives now; None before it is known."""


@dataclass(frozen=True, slots=True)
class SetQuality(Message):
    """What the player allows the picture to cost, from now on."""

    TYPE: ClassVar[str] = "set_quality"
    video_max_bps: int | None = field(default=None, metadata={"min": VIDEO_BPS_MIN, "max": VIDEO_BPS_MAX})
    """Highest video bitrate, None to leave it to the node."""


@dataclass(frozen=True, slots=True)
class Welcome(Message):
    """The broker's answer to ``hello``."""

    TYPE: ClassVar[str] = "welcome"
    protocol: int
    session_id: str
    participant_id: str
    participant_index: int = field(metadata={"min": 0, "max": 0xFFFF})
    """The number that this participant writes into input batches."""
    role: Role
    seats: tuple[int, ...]
    """Seats that this participant's devices may be mapped to."""
    title_id: str
    title_name: str


class Coming(StrEnum):
    """What the fleet does for a session that waits for a machine."""

    STARTING = "starting"
    """A machine is being started."""
    NONE_FREE = "none_free"
    """Wherever machines come from, there is none to be had now."""


@dataclass(frozen=True, slots=True)
class StateNews(Message):
    """The session is in a (new) state."""

    TYPE: ClassVar[str] = "state"
    state: SessionState
    reason: Reason | None = None
    """Why, once the session is ending or ended, or why it still waits."""
    detail: str = field(default="", metadata={"max_len": 4096})
    """Words for the game's developer, such as the title's last output; shown folded."""
    place: int | None = field(default=None, metadata={"min": 1})
    """Place in the queue, 1 is next; None unless it waits for room."""
    coming: Coming | None = None
    """What the fleet does about it, while it waits for a machine that a fleet could bring."""
    region: str | None = field(default=None, metadata={"max_len": REGION_MAX_CHARS})
    """Where it is, once it is on a machine that says so."""


@dataclass(frozen=True, slots=True)
class Offer(Message):
    """A worker's offer for this tab."""

    TYPE: ClassVar[str] = "offer"
    peer_id: str
    ticket: str = field(metadata={"max_len": 64})
    sdp: str = field(metadata={"max_len": SDP_MAX_BYTES, "max_bytes": SDP_MAX_BYTES})
    stun_uris: tuple[str, ...] = field(default=(), metadata={"max_len": STUN_URIS_MAX})
    """What to ask for this tab's own address before answering (RFC 7064); none where the node needs no help."""


@dataclass(frozen=True, slots=True)
class PeerNews(Message):
    """The worker's view of this tab's connection."""

    TYPE: ClassVar[str] = "peer_state"
    peer_id: str
    state: PeerState
    reason: Reason | None = None


@dataclass(frozen=True, slots=True)
class Present:
    """One participant, as another at the table sees them."""

    participant_id: str
    number: int = field(metadata={"min": 0, "max": 0xFFFF})
    """Counts up over the session and is never given twice; 0 is the host."""
    role: Role
    seats: tuple[int, ...] = field(metadata={"max_len": SEATS_MAX})
    """Seats that this participant's devices play on, counted from 0."""
    name: str | None = field(default=None, metadata={"max_len": 128})
    """Display name of an account that has one."""
    guest: bool = False
    """Came by an invitation link, without an account."""
    host: bool = False
    """Whose session it is: may invite, hand over seats, send others away and end."""
    me: bool = False
    """The participant that reads this."""
    here: bool = True
    """A tab of theirs is connected."""


@dataclass(frozen=True, slots=True)
class TableNews(Message):
    """Who is at the table now; comes after ``welcome`` and with every change."""

    TYPE: ClassVar[str] = "table"
    seats: int = field(metadata={"min": 1, "max": SEATS_MAX})
    """Seats that the title has."""
    participants: tuple[Present, ...] = field(metadata={"max_len": PEERS_MAX})
    """In the order of their numbers."""


@dataclass(frozen=True, slots=True)
class TakenOver(Message):
    """Another tab of the same player plays on; this one should say so and stop."""

    TYPE: ClassVar[str] = "taken_over"


@dataclass(frozen=True, slots=True)
class Closing(Message):
    """The operator will end the session with the machine that runs it; since version 4.

    Comes when that is decided or changed, and after ``welcome`` while it holds.
    """

    TYPE: ClassVar[str] = "closing"
    in_ms: int | None = field(metadata={"min": 0, "max": CLOSING_MAX_MS})
    """Milliseconds from now; None if the session goes on after all."""


@dataclass(frozen=True, slots=True)
class Refusal(Message):
    """A message was refused; the connection goes on unless the socket closes next."""

    TYPE: ClassVar[str] = "error"
    reason: Reason
    detail: str = field(default="", metadata={"max_len": 4096})


FROM_TAB = family(TabHello, OpenPeer, Answer, Leave, MediaReport, SetQuality)
"""What a tab may send."""

TO_TAB = family(Welcome, StateNews, TableNews, Offer, PeerNews, TakenOver, Closing, Refusal)
"""What the broker may send to a tab."""
