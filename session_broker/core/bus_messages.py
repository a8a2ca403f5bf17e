"""What replicas of the broker tell each other over the bus. Only replicas of one deployment write these.

A tab's socket lies with one replica, its *edge*; its session lies with the replica that *owns* it. The edge passes on
what the tab says under a number of its own, and the owner answers under the same number. Messages from one replica to
another arrive each once, as long as both live; those about one tab in the order in which they were sent.
"""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import ClassVar

from wire.errors import Reason
from wire.limits import CONTROL_MESSAGE_MAX_BYTES
from wire.schema import Message, family
from wire.session_control import Role

BODY_MAX_CHARS = 2 * CONTROL_MESSAGE_MAX_BYTES
"""Text that a bus message carries on for somebody else."""

BUS_MESSAGE_MAX_BYTES = 8 * BODY_MAX_CHARS

_BODY = {"max_len": BODY_MAX_CHARS}


@dataclass(frozen=True, slots=True)
class TabJoined(Message):
    """A tab said hello at its edge, or its session has come to a new owner."""

    TYPE: ClassVar[str] = "tab_joined"
    key: int
    session_id: str
    player_id: str
    tenant_id: str
    roles: tuple[str, ...]
    name: str | None
    guest_of: str | None
    device_id: str
    role: Role
    protocol: int
    wanted_codecs: tuple[str, ...] | None = None
    """A request for a peer that nobody has answered."""
    video_max_bps: int | None = None


@dataclass(frozen=True, slots=True)
class TabSaid(Message):
    """A joined tab sent a control message."""

    TYPE: ClassVar[str] = "tab_said"
    key: int
    body: str = field(metadata=_BODY)


@dataclass(frozen=True, slots=True)
class TabGone(Message):
    """A joined tab's socket closed."""

    TYPE: ClassVar[str] = "tab_gone"
    key: int


@dataclass(frozen=True, slots=True)
class TabTold(Message):
    """Send to a tab."""

    TYPE: ClassVar[str] = "tab_told"
    key: int
    body: str = field(metadata=_BODY)


@dataclass(frozen=True, slots=True)
class TabClosed(Message):
    """Close a tab's socket after what was sent to it."""

    TYPE: ClassVar[str] = "tab_closed"
    key: int
    code: int


@dataclass(frozen=True, slots=True)
class TabRefused(Message):
    """What a tab said, or that it joined, was refused."""

    TYPE: ClassVar[str] = "tab_refused"
    key: int
    reason: Reason
    detail: str = field(metadata={"max_len": 4096})
    joining: bool


@dataclass(frozen=True, slots=True)
class TabDetached(Message):
    """The tab's session is no longer here; its edge looks for the new owner."""

    TYPE: ClassVar[str] = "tab_detached"
    key: int
    unheard: str | None = field(default=None, metadata=_BODY)
    """What the tab said when its session was gone, for the new owner."""


@dataclass(frozen=True, slots=True)
class MediaWatched(Message):
    """The tab's node is silent: for a while the edge passes on every report of the tab's picture."""

    TYPE: ClassVar[str] = "media_watched"
    key: int


@dataclass(frozen=True, slots=True)
class SessionHandedOver(Message):
    """A session is the receiver's from now on: one of its nodes has room for it."""

    TYPE: ClassVar[str] = "session_handed_over"
    session_id: str


@dataclass(frozen=True, slots=True)
class NodeMoved(Message):
    """A node of the receiver's has dialled in at the sender, which owns it and its sessions now."""

    TYPE: ClassVar[str] = "node_moved"
    node_id: str


@dataclass(frozen=True, slots=True)
class NodeUnneeded(Message):
    """A node of the receiver's is needed no more; it shall take no more sessions."""

    TYPE: ClassVar[str] = "node_unneeded"
    node_id: str
    drain_ms: int | None = None
    """Milliseconds after which what still runs there is ended; None leaves it to the players."""


@dataclass(frozen=True, slots=True)
class DeviceSignedOut(Message):
    """A signed-in browser was signed out; its tabs are closed wherever they are."""

    TYPE: ClassVar[str] = "device_signed_out"
    device_id: str


@dataclass(frozen=True, slots=True)
class HttpAsked(Message):
    """An HTTP request about something that the receiver owns."""

    TYPE: ClassVar[str] = "http_asked"
    request: int
    method: str
    path: str = field(metadata=_BODY)
    query: str = field(metadata=_BODY)
    headers: tuple[str, ...]
    """Names and values in turn."""
    body: str = field(metadata=_BODY)
    secure: bool
    """Whether it came over TLS."""
    device_id: str | None = None
    """The browser that is signed in, in place of its cookie; None for nobody."""


@dataclass(frozen=True, slots=True)
class HttpAnswered(Message):
    """The answer to ``http_asked``."""

    TYPE: ClassVar[str] = "http_answered"
    request: int
    status: int
    headers: tuple[str, ...]
    body: str = field(metadata={"max_len": 4 * BODY_MAX_CHARS})
    signs_in: str | None = None
    """A signed-in browser that was made for whoever asked, in place of its cookie."""


BUS_MESSAGES = family(
    TabJoined, TabSaid, TabGone, TabTold, TabClosed, TabRefused, TabDetached, MediaWatched, SessionHandedOver,
    NodeMoved, NodeUnneeded, DeviceSignedOut, HttpAsked, HttpAnswered,
)  # fmt: skip

OF_A_TAB = (TabJoined, TabSaid, TabGone, TabTold, TabClosed, TabRefused, TabDetached, MediaWatched)


def subject_of(message: Message) -> Hashable:
    """Return what a message is about: from one sender, those about one thing are handled in their order."""
    if isinstance(message, OF_A_TAB):
        return message.key
    return message


def comes_first(message: Message) -> bool:
    """Tell whether others that arrive with it may ask for what it brings."""
    return isinstance(message, SessionHandedOver)
