"""A tab whose socket is here: what its session's owner must know of it, and what is kept while that is looked for."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from session_broker.core.bus_messages import TabJoined
from session_broker.core.effects import ReplicaId, TabKey
from session_broker.core.rate_limit import Strikes
from session_broker.core.sign_in import Caller
from session_broker.io.outbox import Outbox
from wire.schema import Message
from wire.session_control import Answer, MediaReport, OpenPeer, Role, SetQuality

HELD_MAX = 16
"""Messages of a tab that are kept while its session's owner is looked for."""

SAID_BY_JOINING = (OpenPeer, SetQuality)
"""What a new owner hears with the tab. Heard twice, a request for a peer ends the peer that the first one made."""

REPORT_EVERY_S = 10.0
"""Seconds between reports of a picture that the bus carries while nothing is wrong with its node."""

WATCHED_S = 90.0
"""Seconds for which every report is carried once the node is silent: as long as a report can matter."""


@dataclass(slots=True)
class EdgeTab:
    """A tab's socket and what its session's owner must know of it."""

    session_id: str
    caller: Caller
    role: Role
    protocol: int
    outbox: Outbox
    owner: ReplicaId | None = None
    """Where it is attached; None while that is looked for."""
    held: deque[Message] = field(default_factory=lambda: deque(maxlen=HELD_MAX))
    wanted_codecs: tuple[str, ...] | None = None
    """A request for a peer that was not answered yet."""
    video_max_bps: int | None = None
    strikes: Strikes = field(default_factory=Strikes)
    reported_at: float = float("-inf")
    watched_until: float = float("-inf")

    def note(self, message: Message) -> None:
        """Remember of a message what a new owner of the session must be told."""
        match message:
            case OpenPeer():
                self.wanted_codecs = message.video_codecs
            case Answer():
                self.wanted_codecs = None
            case SetQuality():
                self.video_max_bps = message.video_max_bps

    def keep(self, message: Message) -> None:
        """Keep a message for the session's next owner, unless joining there says it or it means nothing by then."""
        self.note(message)
        if not isinstance(message, (*SAID_BY_JOINING, MediaReport)):
            self.held.append(message)

    def take_held(self) -> list[Message]:
        """Return what was kept, and keep it no longer."""
        held = list(self.held)
        self.held.clear()
        return held

    def watch(self, now: float) -> None:
        """Carry every report of the picture for a while; ``now`` in monotonic seconds."""
        self.watched_until = now + WATCHED_S

    def carries_report(self, now: float) -> bool:
        """Tell whether a report of the picture goes over the bus, and count it as gone if so."""
        if now < self.watched_until or now - self.reported_at >= REPORT_EVERY_S:
            self.reported_at = now
            return True
        return False

    def joined(self, key: TabKey) -> TabJoined:
        """Return what attaches the tab to another replica."""
        who = self.caller
        return TabJoined(
            key, self.session_id, who.player_id, who.tenant_id, who.roles, who.name, who.guest_of, who.device_id,
            self.role, self.protocol, self.wanted_codecs, self.video_max_bps,
        )  # fmt: skip
