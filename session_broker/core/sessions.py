"""From the click to the end: a session is made, waits, is placed, runs and ends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from session_broker.core import start_trace
from session_broker.core.claims import drop_claim
from session_broker.core.effects import CLOSE_ENDED, AppendEvent, CloseTab, Count, Tally, ToNode
from session_broker.core.node_table import NodeState
from session_broker.core.placement_table import PlacementEvent
from session_broker.core.rate_limit import TokenBucket
from session_broker.core.records import Asked, BrokerState, Node, Participant, Session
from session_broker.core.session_steps import move_placement, move_session, save_participant, save_session
from session_broker.core.session_table import SessionEvent
from session_broker.core.waiting import place_waiting, tell_queue
from wire.errors import Reason, WireError
from wire.ids import NodeId, ParticipantId, PlayerId, SessionId, TenantId, TitleId
from wire.node_control import EndSession
from wire.session_control import Role, SessionState
from wire.title_options import settle

NUMBER_MAX = 0xFFFF
"""Largest number of a participant that an input batch can carry."""


def create_session(
    state: BrokerState,
    tenant_id: TenantId,
    player_id: PlayerId,
    title_id: str,
    now: float,
    elsewhere: Sequence[NodeId | None] = (),
    *,
    options: Mapping[str, str],
    round_trips_ms: Mapping[str, float],
    asked: Asked | None = None,
) -> tuple[Session, bool]:
    """Return the player's live session of a title, and whether it was made just now.

    Args:
        state: The live state.
        tenant_id: The tenant.
        player_id: Who plays.
        title_id: What.
        now: Monotonic seconds.
        elsewhere: Nodes of live sessions that the player has with other replicas, None for one that waits; none is
            of this title.
        options: What to set for a new session, by the names of the title's options.
        round_trips_ms: To regions, as the player's page says.
        asked: The request, if it is traced.

    Raises:
        WireError: ``unknown_title``, ``malformed`` for what cannot be set, ``too_many_sessions``, or
            ``too_many`` if the player starts them too fast.
    """
    title = state.titles.get(TitleId(title_id))
    if title is None:
        raise WireError(Reason.UNKNOWN_TITLE, "there is no such title here")
    settle(title.options, options)
    mine = [s for s in state.sessions.of(player_id) if s.state is not SessionState.ENDING]
    for session in mine:
        if session.title.title_id == title.title_id:
            return session, False
    if len(mine) + len(elsewhere) >= state.limits.sessions_per_player:
        most = state.limits.sessions_per_player
        raise WireError(Reason.TOO_MANY_SESSIONS, f"a player may have {most} sessions at once")
    if len(state.sessions) + state.distant_sessions >= state.limits.sessions_per_tenant:
        raise WireError(Reason.TOO_MANY_SESSIONS, "as many play and wait here as may; try again later")
    if not _start_bucket(state, player_id, now).take(now):
        raise WireError(Reason.TOO_MANY, "sessions are started too fast; wait a moment")
    session = Session(SessionId(state.new_id("ses")), tenant_id, player_id, title, unattended_since=now)
    session.queued_at_ms, session.options = state.next_queued_at_ms(now), dict(options)
    session.round_trips_ms = state.limits.regions.believed(round_trips_ms)
    session.plays_beside = tuple(node_id for node_id in elsewhere if node_id is not None)
    start_trace.begin(session, asked)
    state.sessions[session.session_id] = session
    save_session(state, session)
    state.emit(AppendEvent(session.session_id, tenant_id, "created"))
    state.emit(Count(Tally.VIOLATIONS, title.title_id, 0))
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


def end_session(state: BrokerState, session: Session, reason: Reason, now: float) -> None:
    """End a session on somebody's wish; one that ends already goes on ending."""
    if session.state is SessionState.ENDING:
        return
    placement = session.placement
    move_session(state, session, SessionEvent.END, reason, now=now)
    if session.state is SessionState.ENDED or placement is None:
        _forget(state, session)
        tell_queue(state, now)
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

    A session that was asked to end keeps the reason it was asked for.
    """
    if session.placement is None:
        return
    if session.state is SessionState.ENDING and session.reason is not None:
        reason = session.reason
    leave_node(state, session, event, reason, now)
    move_session(state, session, SessionEvent.PLACEMENT_GONE, reason, detail, now=now)
    _forget(state, session)
    place_waiting(state, now)


def leave_node(state: BrokerState, session: Session, event: PlacementEvent, reason: Reason, now: float) -> None:
    """Note that a session's placement is over.

    The slot is freed only when the node confirms or is lost itself; a node that never confirms keeps its claim,
    because the session may still run there.
    """
    placement = session.placement
    if placement is None:
        return
    start_trace.served(state, session, placement, now, reason)
    move_placement(state, session, placement, event, reason)
    did = session.performance.summary()
    if did is not None:
        state.emit(AppendEvent(session.session_id, session.tenant_id, "performance", None, did))
    node_lost = state.nodes[placement.node_id].state is NodeState.LOST
    if event is PlacementEvent.RELEASE or node_lost:
        drop_claim(state, placement.node_id, session.session_id, placement.epoch)


def note_violations(state: BrokerState, session: Session, count: int) -> None:
    """Remember that a session's title ran against the walls of its sandbox, and how often."""
    data = {"title_version": session.title.version, "count": count}
    state.emit(AppendEvent(session.session_id, session.tenant_id, "violations", None, data))
    state.emit(Count(Tally.VIOLATIONS, session.title.title_id))


def _forget(state: BrokerState, session: Session) -> None:
    state.emit(Count(Tally.SESSION_END, str(session.reason)))
    for participant in session.participants.values():
        save_participant(state, session, participant, left=True)
        if participant.peer is not None:
            state.peers.pop(participant.peer.peer_id, None)
        if participant.tab is not None:
            state.tabs.pop(participant.tab, None)
            state.emit(CloseTab(participant.tab, CLOSE_ENDED, session.session_id))
    for invitation in session.invitations.values():
        state.invitations.pop(invitation.code_sha256, None)
    del state.sessions[session.session_id]
