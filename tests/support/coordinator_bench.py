"""A coordinator on a workbench: literal time, counted randomness, effects sorted by who hears them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

from session_broker.core.coordinator import Coordinator
from session_broker.core.effects import CloseLink, CloseTab, Effect, LinkKey, TabKey, ToNode, ToTab
from session_broker.core.records import Invitation, Limits, Participant, Session
from session_broker.core.sign_in import Caller
from session_broker.io.session_rows import catalogue_title
from tests.support.fake_node import hello
from tests.support.live_broker import TITLES
from wire.ids import NodeId, PlayerId, TenantId
from wire.node_control import PlacementNews, RunningSession
from wire.schema import Message
from wire.session_control import InvitationKind, Role
from wire.version import PROTOCOL_MAX
from wire.worker_control import PlacementState

M = TypeVar("M", bound=Message)

ALL_TITLES = tuple((title.manifest.id, title.manifest.version) for title in TITLES)
PLAYER = PlayerId("plr_a")


class Bench:
    """Drives one coordinator; ``now`` moves only when a test says so."""

    def __init__(self, limits: Limits | None = None) -> None:
        self._entropy = 0
        self.titles = {title.title_id: title for title in (catalogue_title(t.manifest) for t in TITLES)}
        self.coordinator = Coordinator(TenantId("ten_a"), self.titles, limits or Limits(), self._random_bytes)
        self.now = 100.0
        self.effects: list[Effect] = []
        self._key = 0

    def _random_bytes(self, count: int) -> bytes:
        self._entropy += 1
        return (self._entropy * 0x9E3779B97F4A7C15 % 2**64).to_bytes(8).ljust(count, b"\x01")[:count]

    def drain(self) -> list[Effect]:
        """Take the effects of the last step; they are also kept in ``effects``."""
        self.effects = self.coordinator.take_effects()
        return self.effects

    def session(
        self,
        title_id: str = "testcard",
        player: PlayerId = PLAYER,
        round_trips_ms: Mapping[str, float] | None = None,
    ) -> Session:
        """Make or resume a session."""
        made, _ = self.coordinator.create_session(player, title_id, self.now, round_trips_ms=round_trips_ms)
        self.drain()
        return made

    def node(
        self,
        name: str = "node_a",
        *,
        slots: int = 2,
        sessions: tuple[RunningSession, ...] = (),
        region: str = "",
    ) -> LinkKey:
        """Let a node dial in; returns its link."""
        self._key += 1
        link = LinkKey(self._key)
        first = replace(hello(slots=slots, titles=ALL_TITLES, sessions=sessions), region=region)
        self.coordinator.node_joined(link, NodeId(name), first, protocol=PROTOCOL_MAX, key=None, now=self.now)
        self.drain()
        return link

    def node_says(self, link: LinkKey, message: Message) -> list[Effect]:
        """Take a node's message."""
        try:
            self.coordinator.node_said(link, message, self.now)
        finally:
            self.drain()
        return self.effects

    def node_reports(self, link: LinkKey, session: Session, state: PlacementState) -> list[Effect]:
        """Take a node's news of a session, with the epoch that it has."""
        return self.node_says(link, PlacementNews(session.session_id, session.epoch, state))

    def tab(
        self, session: Session, role: Role = Role.PLAYER, player: PlayerId | None = None, *, protocol: int = 1
    ) -> TabKey:
        """Let a tab join, the host's unless another player is named; returns its key."""
        self._key += 1
        key = TabKey(self._key)
        caller = Caller(player or session.player_id, TenantId("ten_a"), ("player",))
        self.coordinator.tab_joined(key, session.session_id, caller, role, protocol, self.now)
        self.drain()
        return key

    def tab_says(self, key: TabKey, message: Message) -> list[Effect]:
        """Take a tab's message."""
        try:
            self.coordinator.tab_said(key, message, self.now)
        finally:
            self.drain()
        return self.effects

    @property
    def now_ms(self) -> int:
        """The wall clock, which goes as ``now`` does."""
        return int(self.now * 1000)

    def invite(self, session: Session, kind: InvitationKind = InvitationKind.SEAT) -> tuple[Invitation, str]:
        """Make an invitation link; returns it and its code."""
        made = self.coordinator.invite(session.session_id, kind, self.now, self.now_ms)
        self.drain()
        return made

    def redeem(self, code: str, player: PlayerId, *, watching: bool = False) -> Participant:
        """Come to a table by a link, as a guest."""
        try:
            _, participant = self.coordinator.redeem_invitation(
                code, player, guest=True, watching=watching, now=self.now, now_ms=self.now_ms
            )
        finally:
            self.drain()
        return participant

    def wait(self, seconds: float) -> list[Effect]:
        """Let time pass and look at the deadlines once."""
        self.now += seconds
        self.coordinator.handle_timeout(self.now)
        return self.drain()

    def to_tab(self, kind: type[M], key: TabKey | None = None) -> list[M]:
        """Return what the last step sends to tabs, of one kind."""
        sent = [e for e in self.effects if isinstance(e, ToTab) and key in (None, e.tab)]
        return [e.message for e in sent if isinstance(e.message, kind)]

    def to_node(self, kind: type[M], link: LinkKey | None = None) -> list[M]:
        """Return what the last step sends to nodes, of one kind."""
        sent = [e for e in self.effects if isinstance(e, ToNode) and link in (None, e.link)]
        return [e.message for e in sent if isinstance(e.message, kind)]

    def closed(self) -> list[tuple[int, int]]:
        """Return which sockets the last step closes, with the code."""
        tabs = [(int(e.tab), e.code) for e in self.effects if isinstance(e, CloseTab)]
        return tabs + [(int(e.link), e.code) for e in self.effects if isinstance(e, CloseLink)]
