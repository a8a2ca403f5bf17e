"""From the click to the end: a session is made, waits, is placed, runs and ends."""

from __future__ import annotations

from session_broker.core import placement_table, placing, session_table
from session_broker.core.claims import drop_claim, save_node, set_claim
from session_broker.core.effects import (
    CLOSE_ENDED,
    AppendEvent,
    CloseTab,
    Count,
    SaveParticipant,
    SavePlacement,
    SaveSession,
    Tally,
    ToNode,
    ToTab,
)
from session_broker.core.node_table import NodeState
from session_broker.core.ownership import hand_over
from session_broker.core.placement_table import PlacementEvent
from session_broker.core.rate_limit import TokenBucket
from session_broker.core.records import BrokerState, Node, Participant, Placement, Session
from session_broker.core.session_table import SessionEvent
from wire.errors import Reason, WireError
from wire.ids import ParticipantId, PlayerId, SessionId, TenantId, TitleId
from wire.node_control import EndSession, StartSession
from wire.session_control import Role, SessionState, StateNews

NUMBER_MAX = 0xFFFF
"""Largest number of a participant that an input batch can carry."""


def create_session(
    state: BrokerState, tenant_id: TenantId, player_id: PlayerId, title_id: str, now: float, elsewhere: int = 0
) -> tuple[Session, bool]:
    """Return the player's live session of a title, and whether it was made just now.

    Args:
        state: The live state.
        tenant_id: The tenant.
        player_id: Who plays.
        title_id: What.
        now: Monotonic seconds.
        elsewhere: Live sessions that the player has with other replicas, none of this title.

    Raises:
        WireError: ``unknown_title``, ``too_many_sessions``, or ``too_many`` if the player starts them too fast.
    """
    title = state.titles.get(TitleId(title_id))
    if title is None:
        raise WireError(Reason.UNKNOWN_TITLE, "there is no such title here")
    mine = [s for s in state.sessions.values() if s.player_id == player_id and s.state is not SessionState.ENDING]
    for session in mine:
        if session.title.title_id == title.title_id:
            return session, False
    if len(mine) + elsewhere >= state.limits.sessions_per_player:
        most = state.limits.sessions_per_player
        raise WireError(Reason.TOO_MANY_SESSIONS, f"a player may have {most} sessions at once")
    if not _start_bucket(state, player_id, now).take(now):
        raise WireError(Reason.TOO_MANY, "sessions are started too fast; wait a moment")
    session = Session(SessionId(state.new_id("ses")), tenant_id, player_id, title, unattended_since=now)
    state.sessions[session.session_id] = session
    save_session(state, session)
    state.emit(AppendEvent(session.session_id, tenant_id, "created"))
    add_participant(state, session, player_id, Role.PLAYER, tuple(range(title.players_max)))
    place_waiting(state, now)
    return session, True


def _start_bucket(state: BrokerState, player_id: PlayerId, now: float) -> TokenBucket:
    per_min = state.limits.session_starts_per_min
    return state.starts.setdefault(player_id, TokenBucket(per_min / 60.0, per_min / 2.0, now))


def add_participant(
    state: BrokerState,
    session: Session,
    player_id: PlayerId,
    role: Role,
    seats: tuple[int, ...],
    *,
    guest: bool = False,
) -> Participant:
    """Bring somebody to the session's table.

    Raises:
        WireError: ``table_full`` if the session has run out of numbers.
    """
    if session.next_number > NUMBER_MAX:
        raise WireError(Reason.TABLE_FULL, "too many have come and gone at this table")
    number = session.next_number
    session.next_number += 1
    participant = Participant(ParticipantId(state.new_id("part")), player_id, number, role, seats, guest)
    session.participants[participant.participant_id] = participant
    save_participant(state, session, participant)
    return participant


def save_participant(state: BrokerState, session: Session, participant: Participant, *, left: bool = False) -> None:
    """Write a participant's row."""
    state.emit(
        SaveParticipant(
            participant.participant_id, session.tenant_id, session.session_id, participant.player_id,
            participant.role, participant.seats, participant.number, left,
        )
    )  # fmt: skip


def save_session(state: BrokerState, session: Session) -> None:
    """Write a session's row."""
    state.emit(
        SaveSession(
            session.session_id, session.tenant_id, session.player_id, session.title.title_id, session.title.version,
            session.state, session.reason, session.detail, session.epoch,
        )
    )  # fmt: skip


def news_of(session: Session) -> StateNews:
    """Return what tabs are told of a session."""
    return StateNews(session.state, session.reason, session.detail, session.place)


def tell_tabs(state: BrokerState, session: Session) -> None:
    """Send the session's state to all of its tabs."""
    news = session.told = news_of(session)
    state.emit(*(ToTab(p.tab, news) for p in session.participants.values() if p.tab is not None))


def move_session(
    state: BrokerState, session: Session, event: SessionEvent, reason: Reason | None = None, detail: str = ""
) -> None:
    """Take one step of the session's table, write it down and tell the tabs.

    Raises:
        IllegalTransition: the step is not in the table; nothing has changed.
    """
    session.state = session_table.transition(session.state, event)
    session.reason, session.detail, session.place = reason, detail, None
    save_session(state, session)
    state.emit(AppendEvent(session.session_id, session.tenant_id, str(session.state), reason))
    tell_tabs(state, session)


def move_placement(
    state: BrokerState, session: Session, placement: Placement, event: PlacementEvent, reason: Reason | None = None
) -> None:
    """Take one step of the placement's table and write it down.

    Raises:
        IllegalTransition: the step is not in the table; nothing has changed.
    """
    placement.state = placement_table.transition(placement.state, event)
    save_placement(state, session, placement, reason)


def save_placement(state: BrokerState, session: Session, placement: Placement, reason: Reason | None = None) -> None:
    """Write a placement's row."""
    state.emit(
        SavePlacement(
            session.session_id, placement.epoch, session.tenant_id, placement.node_id, placement.state, reason
        )
    )


def place_waiting(state: BrokerState, now: float) -> None:
    """Try to place every session that waits, first come first served."""
    hopeless: set[TitleId] = set()
    for session in [s for s in state.sessions.values() if s.state is SessionState.QUEUED]:
        if session.title.title_id in hopeless and session.decided is not None:
            continue
        if not _place(state, session, now):
            hopeless.add(session.title.title_id)
    _tell_queue(state)


def _tell_queue(state: BrokerState) -> None:
    """Count those who wait for room, and tell whoever waits for another reason or at another place than before."""
    place = 0
    for session in state.sessions.values():
        if session.state is not SessionState.QUEUED:
            continue
        waits_for_room = session.reason is Reason.NO_ROOM
        place += waits_for_room
        session.place = place if waits_for_room else None
        if news_of(session) != session.told:
            tell_tabs(state, session)


def _place(state: BrokerState, session: Session, now: float) -> bool:
    decision = _decide(state, session)
    written = (decision.node_id, decision.reason, tuple(sorted(decision.refused.items())))
    if written != session.decided:
        session.decided = written
        data: dict[str, object] = {"node_id": decision.node_id, "refused": dict(decision.refused)}
        state.emit(AppendEvent(session.session_id, session.tenant_id, "placement", decision.reason, data))
        state.emit(Count(Tally.PLACEMENT, str(decision.reason or "placed")))
    distant = state.distant.get(decision.node_id) if decision.node_id is not None else None
    if distant is not None:
        hand_over(state, session, distant)
        return True
    session.state = session_table.transition(session.state, SessionEvent.PLACE)
    if decision.node_id is None:
        session.state = session_table.transition(session.state, SessionEvent.NO_ROOM)
        if session.reason is not decision.reason:
            session.reason = decision.reason
            save_session(state, session)
        return False
    _claim(state, session, state.nodes[decision.node_id], now)
    return True


def _decide(state: BrokerState, session: Session) -> placing.Decision:
    title, fleet = session.title, state.fleet
    wanted = (title.title_id, title.version, title.kind, state.draw(), title.needs)
    if session.came_over:
        here = placing.place(fleet, *wanted, among=fleet.rows_of(state.nodes))
        if here.node_id is not None:
            return here
    return placing.place(fleet, *wanted)


def _claim(state: BrokerState, session: Session, node: Node, now: float) -> None:
    session.epoch += 1
    session.placement = Placement(session.epoch, node.node_id)
    session.deadline = now + state.limits.start_timeout_s
    set_claim(state, node, session.session_id, session.epoch)
    move_session(state, session, SessionEvent.CLAIM)
    save_placement(state, session, session.placement)
    save_node(state, node)
    send_start(state, session, node)


def send_start(state: BrokerState, session: Session, node: Node) -> None:
    """Ask the node to start the session; it may be asked again with the same epoch."""
    if node.link is not None:
        title = session.title
        message = StartSession(session.session_id, session.epoch, title.title_id, title.version, session.player_id)
        state.emit(ToNode(node.link, message))


def end_session(state: BrokerState, session: Session, reason: Reason, now: float) -> None:
    """End a session on somebody's wish; one that ends already goes on ending."""
    if session.state is SessionState.ENDING:
        return
    placement = session.placement
    move_session(state, session, SessionEvent.END, reason)
    if session.state is SessionState.ENDED or placement is None:
        _forget(state, session)
        _tell_queue(state)
        return
    session.deadline = now + state.limits.end_timeout_s
    send_end(state, state.nodes[placement.node_id], session.session_id, placement.epoch, reason)


def send_end(state: BrokerState, node: Node, session_id: SessionId, epoch: int, reason: Reason) -> None:
    """Ask the node to end a session, known or not."""
    if node.link is not None:
        state.emit(ToNode(node.link, EndSession(session_id, epoch, reason)))


def placement_gone(
    state: BrokerState, session: Session, event: PlacementEvent, reason: Reason, *, detail: str = "", now: float
) -> None:
    """End a session whose placement is over: confirmed by its node, or lost.

    A session that was asked to end keeps the reason it was asked for. The slot is freed only when the node confirms
    or is lost itself; a node that never confirms keeps its claim, because the session may still run there.
    """
    placement = session.placement
    if placement is None:
        return
    if session.state is SessionState.ENDING and session.reason is not None:
        reason = session.reason
    move_placement(state, session, placement, event, reason)
    node_lost = state.nodes[placement.node_id].state is NodeState.LOST
    if event is PlacementEvent.RELEASE or node_lost:
        drop_claim(state, placement.node_id, session.session_id, placement.epoch)
    move_session(state, session, SessionEvent.PLACEMENT_GONE, reason, detail)
    _forget(state, session)
    place_waiting(state, now)


def _forget(state: BrokerState, session: Session) -> None:
    state.emit(Count(Tally.SESSION_END, str(session.reason)))
    for participant in session.participants.values():
        save_participant(state, session, participant, left=True)
        if participant.peer is not None:
            state.peers.pop(participant.peer.peer_id, None)
        if participant.tab is not None:
            state.tabs.pop(participant.tab, None)
            state.emit(CloseTab(participant.tab, CLOSE_ENDED))
    for invitation in session.invitations.values():
        state.invitations.pop(invitation.code_sha256, None)
    del state.sessions[session.session_id]
