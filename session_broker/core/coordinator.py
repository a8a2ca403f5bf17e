"""The session coordinator: what to do upon events of tabs, nodes and time.

Call one method, then take all effects with ``take_effects`` before the next (the single-mutation invariant): the
store must have the writes of one step before its news goes out, and of steps in their order. A step that raises
``WireError`` has changed nothing that matters to others than its caller.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from session_broker.core import (
    draining,
    invitations,
    node_loss,
    nodes,
    ownership,
    sessions,
    start_trace,
    succession,
    table,
    tabs,
    title_checks,
    waiting,
)
from session_broker.core.availability import Availability, availability_of
from session_broker.core.effects import Effect, LinkKey, TabKey
from session_broker.core.node_table import NodeState
from session_broker.core.peers import expire_peer
from session_broker.core.pools.records import Outlook
from session_broker.core.queue import Waiting
from session_broker.core.records import (
    Asked,
    BrokerState,
    CatalogueTitle,
    DistantNode,
    Invitation,
    Limits,
    Node,
    Participant,
    Session,
)
from session_broker.core.sign_in import Caller
from session_broker.core.title_checks import TitleCheck
from session_broker.core.turnover import Standing
from session_broker.core.waiting import place_waiting
from wire.errors import Reason
from wire.ids import NodeId, PlayerId, SessionId, TenantId, TitleId
from wire.node_control import NodeHello
from wire.schema import Message
from wire.session_control import InvitationKind, Role, SessionState
from wire.tracing import TraceParent


class Coordinator:
    """Live sessions and nodes of one tenant: those that are this replica's."""

    def __init__(
        self,
        tenant_id: TenantId,
        titles: Mapping[TitleId, CatalogueTitle],
        limits: Limits,
        entropy: Callable[[int], bytes],
    ) -> None:
        self._state = BrokerState(tenant_id, titles, limits, entropy)

    def take_effects(self) -> list[Effect]:
        """Return what the last step wants done, in order, and forget it."""
        effects, self._state.effects = self._state.effects, []
        return effects

    # Replicas

    def take_over(self, nodes: Iterable[Node], live: Iterable[Session], now: float) -> None:
        """Take what the store says is ours; see ``ownership.take_over``."""
        ownership.take_over(self._state, nodes, live, now)
        place_waiting(self._state, now)

    def take_handed_over(self, session: Session, now: float) -> None:
        """Take a session that another replica gave to us for one of our nodes."""
        session.came_over = True
        self.take_over((), (session,), now)

    def let_go_session(self, session_id: SessionId) -> None:
        """Forget a session that is another replica's; see ``ownership.let_go_session``."""
        ownership.let_go_session(self._state, session_id)

    def let_go_node(self, node_id: NodeId) -> LinkKey | None:
        """Forget a node that is another replica's and its sessions; returns the socket that it still has here."""
        node = self._state.nodes.get(node_id)
        ownership.let_go_node(self._state, node_id)
        return node.link if node is not None else None

    def see_distant(self, nodes: Iterable[DistantNode], now: float) -> None:
        """Take the nodes of other replicas as the store has them; see ``ownership.see_distant``."""
        ownership.see_distant(self._state, nodes)
        place_waiting(self._state, now)

    def see_queue(self, queued: Iterable[Waiting], playing: Mapping[PlayerId, int], now: float) -> None:
        """Take who waits and plays with other replicas; see ``waiting.see_queue``."""
        waiting.see_queue(self._state, queued, playing)
        place_waiting(self._state, now)

    def see_outlook(self, outlook: Outlook, now: float) -> None:
        """Take what those who wait may hope for of the fleet; see ``waiting.see_outlook``."""
        waiting.see_outlook(self._state, outlook, now)

    def set_clock(self, database_ms: int, now: float) -> None:
        """Say what the database's clock shows."""
        self._state.clock_offset_ms = database_ms - int(now * 1000)

    def distant_nodes(self) -> Mapping[NodeId, DistantNode]:
        """Return the nodes of other replicas; read only, before the next step."""
        return self._state.distant

    def session_of_tab(self, key: TabKey) -> SessionId | None:
        """Return at which session's table a tab sits."""
        tab = self._state.tabs.get(key)
        return tab.session_id if tab is not None else None

    def rejoin(
        self, key: TabKey, wanted_codecs: tuple[str, ...] | None, video_max_bps: int | None, now: float
    ) -> None:
        """Take up what a tab that followed its session here had asked for; see ``tabs.take_up``."""
        tabs.take_up(self._state, key, wanted_codecs, video_max_bps, now)

    # Players

    def create_session(
        self,
        player_id: PlayerId,
        title_id: str,
        now: float,
        *,
        elsewhere: Sequence[NodeId | None] = (),
        options: Mapping[str, str] | None = None,
        round_trips_ms: Mapping[str, float] | None = None,
        asked: Asked | None = None,
    ) -> tuple[Session, bool]:
        """Return the player's live session of the title and whether it is new; see ``sessions.create_session``."""
        state = self._state
        return sessions.create_session(
            state, state.tenant_id, player_id, title_id, now, elsewhere,
            options=options or {}, round_trips_ms=round_trips_ms or {}, asked=asked,
        )  # fmt: skip

    def first_picture_shown(
        self, session_id: str, told: TraceParent | None, *, asked_s: float, shown_s: float, now: float
    ) -> None:
        """The host's page shows its first picture; see ``start_trace.shown``."""
        session = tabs.live_session(self._state, session_id)
        start_trace.shown(self._state, session, told, asked_s=asked_s, shown_s=shown_s, now=now)

    def end_session(self, session_id: str, reason: Reason, now: float) -> None:
        """End a session; one that has ended stays so."""
        session = self.session(session_id)
        if session is not None:
            sessions.end_session(self._state, session, reason, now)

    def set_priority(self, session_id: str, priority: int, now: float) -> None:
        """Let a session wait less or more than others; see ``waiting.set_priority``."""
        waiting.set_priority(self._state, tabs.live_session(self._state, session_id), priority, now)

    def queue(self, now: float) -> list[tuple[Waiting, Standing]]:
        """Return everybody who waits, with any replica, next first."""
        standings = waiting.standings(self._state, now)
        return [(entry, standings[entry.session_id]) for entry in self._state.queue]

    def session(self, session_id: str) -> Session | None:
        """Return a live session; read only."""
        return self._state.sessions.get(SessionId(session_id))

    def has(self, thing: str) -> bool:
        """Tell whether a session or node, by its id, is this replica's."""
        return SessionId(thing) in self._state.sessions or NodeId(thing) in self._state.nodes

    def live_sessions_of(self, player_id: PlayerId) -> Mapping[TitleId, Session]:
        """Return a player's sessions that can be gone on with, by title; read only."""
        mine = self._state.sessions.of(player_id)
        return {s.title.title_id: s for s in mine if s.state is not SessionState.ENDING}

    def availability(self, title_id: str) -> Availability:
        """Tell whether a title of the catalogue could start now."""
        state = self._state
        return availability_of(state.fleet, state.titles[TitleId(title_id)], state.limits.fleet)

    def tab_joined(self, key: TabKey, session_id: str, caller: Caller, role: Role, protocol: int, now: float) -> None:
        """A tab said hello; see ``tabs.join``."""
        tabs.join(self._state, key, session_id, caller, role, protocol, now)

    def tab_said(self, key: TabKey, message: Message, now: float) -> None:
        """A tab sent a message; see ``tabs.handle_message``."""
        tabs.handle_message(self._state, key, message, now)

    def tab_gone(self, key: TabKey, now: float) -> None:
        """A tab's socket closed."""
        tabs.handle_gone(self._state, key, now)

    # The table

    def invite(self, session_id: str, kind: InvitationKind, now: float, now_ms: int) -> tuple[Invitation, str]:
        """Make an invitation link; see ``invitations.mint``."""
        return invitations.mint(self._state, tabs.live_session(self._state, session_id), kind, now, now_ms)

    def invitations_of(self, session_id: str, now_ms: int) -> list[Invitation]:
        """Return the links of a session that hold."""
        return invitations.live(tabs.live_session(self._state, session_id), now_ms)

    def revoke_invitation(self, session_id: str, invitation_id: str) -> None:
        """Make a link void; see ``invitations.revoke``."""
        invitations.revoke(self._state, tabs.live_session(self._state, session_id), invitation_id)

    def look_at_invitation(self, code: str, now_ms: int) -> tuple[Session, Invitation]:
        """Return what a code leads to; see ``invitations.look``."""
        return invitations.look(self._state, code, now_ms)

    def redeem_invitation(
        self, code: str, player_id: PlayerId, *, guest: bool, watching: bool, now: float, now_ms: int
    ) -> tuple[Session, Participant]:
        """Bring a player to the table; see ``invitations.redeem``."""
        return invitations.redeem(
            self._state, code, player_id, guest=guest, watching=watching, now=now, now_ms=now_ms
        )

    def send_away(self, session_id: str, participant_id: str, now: float) -> None:
        """Send somebody away for good; see ``invitations.send_away``."""
        invitations.send_away(self._state, tabs.live_session(self._state, session_id), participant_id, now)

    def hand_over(self, session_id: str, seat: int, participant_id: str, now: float) -> None:
        """Move a seat; see ``table.hand_over``."""
        table.hand_over(self._state, tabs.live_session(self._state, session_id), seat, participant_id, now)

    # Nodes

    def node_joined(
        self,
        link: LinkKey,
        node_id: NodeId,
        hello: NodeHello,
        *,
        protocol: int,
        key: str | None,
        now: float,
        beside: NodeId | None = None,
    ) -> None:
        """A node said hello with a good credential; see ``nodes.join``."""
        nodes.join(self._state, link, node_id, hello, protocol=protocol, key=key, now=now, beside=beside)

    def node_said(self, link: LinkKey, message: Message, now: float) -> None:
        """A node sent a message; see ``nodes.handle_message``."""
        nodes.handle_message(self._state, link, message, now)

    def node_of_link(self, link: LinkKey) -> NodeId | None:
        """Return whose socket it is, if it was welcomed and no newer one of its node was since."""
        return self._state.links.get(link)

    def node_gone(self, link: LinkKey, now: float) -> None:
        """A node's socket closed."""
        nodes.handle_gone(self._state, link, now)

    def drain(self, node_id: str, deadline_s: float | None, now: float) -> None:
        """Let a node take no more sessions; see ``draining.drain``."""
        draining.drain(self._state, node_id, deadline_s, now)

    def undrain(self, node_id: str, now: float) -> None:
        """Let a node take sessions again; see ``draining.undrain``."""
        draining.undrain(self._state, node_id, now)

    def check_succession(self, node_id: str) -> None:
        """Make sure that a node can have its successor started; see ``succession.check``."""
        succession.check(self._state, node_id)

    def ask_successor(self, node_id: str, token: str) -> None:
        """Have a node's successor started; see ``succession.ask``."""
        succession.ask(self._state, node_id, token)

    # Checks of titles

    def decide_check(self, check: TitleCheck) -> title_checks.Decision:
        """Say where a check could run now; see ``title_checks.decide``."""
        return title_checks.decide(self._state, check)

    def start_check(self, check: TitleCheck, node_id: NodeId) -> bool:
        """Take a slot for a check; see ``title_checks.start``."""
        return title_checks.start(self._state, check, node_id)

    def check_gives_way(self, check_id: str, now: float) -> bool:
        """Say whether a player waits for a check's slot; see ``title_checks.gives_way``."""
        return title_checks.gives_way(self._state, check_id, now)

    def end_check(self, check_id: str, now: float) -> None:
        """Have a check ended; see ``title_checks.end``."""
        title_checks.end(self._state, check_id, now)

    def running_checks(self) -> Mapping[str, NodeId]:
        """Return the node of each check that runs on nodes of this replica."""
        return title_checks.running(self._state)

    # Time

    def handle_timeout(self, now: float) -> None:
        """Look at every deadline; call this every quarter of a second.

        Raises:
            ExceptionGroup: the faults of single nodes and sessions; all others were looked at; their effects hold.
        """
        state = self._state
        faults: list[Exception] = []
        for node in state.nodes.values():
            try:
                node_loss.check_silence(state, node, now)
                draining.check_drain(state, node, now)
            except Exception as fault:
                faults.append(fault)
        for session in list(state.sessions.values()):
            try:
                self._check_session(session, now)
            except Exception as fault:
                faults.append(fault)
        place_waiting(state, now)
        waiting.note_departures(state, now)
        if faults:
            raise ExceptionGroup("deadlines", faults)

    def _check_session(self, session: Session, now: float) -> None:
        for participant in session.participants.values():
            expire_peer(self._state, session, participant, now)
        table.expire_seats(self._state, session, now)
        nodes.check_session(self._state, session, now)

    def excuse(self, stalled_s: float) -> None:
        """Do not hold it against nodes that the broker itself stood still for ``stalled_s``."""
        for node in self._state.nodes.values():
            node.seen_at += stalled_s
            node.away_since += stalled_s

    # What operators and metrics look at

    def live_sessions(self) -> Iterable[Session]:
        """Return every live session, oldest first; read only, before the next step."""
        return self._state.sessions.values()

    def known_nodes(self) -> Iterable[Node]:
        """Return every node that ever enrolled; read only, before the next step."""
        return self._state.nodes.values()

    def sessions_by_state(self) -> Mapping[SessionState, int]:
        """Count live sessions."""
        return Counter(s.state for s in self._state.sessions.values())

    def nodes_by_state(self) -> Mapping[NodeState, int]:
        """Count nodes."""
        return Counter(n.state for n in self._state.nodes.values())

    def slots(self) -> tuple[int, int]:
        """Return slots of this broker's own nodes that are ready, and how many of its nodes' slots are claimed."""
        fleet = self._state.fleet
        own = fleet.rows_of(self._state.nodes)
        return int(fleet.slots[own & fleet.ready].sum()), int(fleet.claims[own].sum())
