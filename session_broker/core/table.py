"""Who is at a session's table and on which seats: seats move, participants come and go, everybody hears of it.

Every seat of the title is held by exactly one participant. A seat that nobody else holds is the host's, so that two
people with two pads at one screen need no invitation; *free* is such a seat beyond the host's first.
"""

from __future__ import annotations

from session_broker.core.effects import (
    CLOSE_REFUSED,
    AppendEvent,
    CloseTab,
    SaveAdmission,
    ToNode,
    ToTab,
)
from session_broker.core.peers import close_peer, node_of, note_attendance
from session_broker.core.records import (
    HOST_NUMBER,
    Admission,
    BrokerState,
    Participant,
    Session,
)
from session_broker.core.session_steps import save_participant
from session_broker.core.sessions import add_participant
from wire.errors import Reason, WireError
from wire.ids import ParticipantId, PlayerId
from wire.limits import PEERS_MAX
from wire.node_control import DismissNodeParticipant, SetNodeSeats
from wire.session_control import Present, Refusal, Role, TableNews
from wire.worker_control import PlacementState


def free_seat(session: Session) -> int | None:
    """Return the lowest seat that an invited player may take."""
    return next(iter(session.host.seats[1:]), None)


def take_seat(state: BrokerState, session: Session, player_id: PlayerId, *, guest: bool, now: float) -> Participant:
    """Bring a player to the lowest free seat; somebody who watches already moves to it.

    Raises:
        WireError: ``no_seat`` or ``table_full``.
    """
    seat = check_seat(session)
    participant = participant_of(session, player_id)
    if participant is None:
        _check_room(session)
        participant = add_participant(state, session, player_id, Role.SPECTATOR, (), guest=guest)
        _note(state, session, "joined", participant)
    give_seat(state, session, seat, participant, now)
    return participant


def watch(state: BrokerState, session: Session, player_id: PlayerId, *, guest: bool) -> Participant:
    """Bring a spectator to the table.

    Raises:
        WireError: ``table_full``.
    """
    check_watch(session)
    participant = add_participant(state, session, player_id, Role.SPECTATOR, (), guest=guest)
    _note(state, session, "joined", participant)
    return participant


def check_seat(session: Session) -> int:
    """Return the seat that an invited player would take.

    Raises:
        WireError: ``no_seat``.
    """
    seat = free_seat(session)
    if seat is None:
        raise WireError(Reason.NO_SEAT, "no seat is free at this table")
    return seat


def check_watch(session: Session) -> None:
    """Check that one more may watch; seats that are free keep their place at the table.

    Raises:
        WireError: ``table_full``.
    """
    _check_room(session)
    spectators = sum(p.role is Role.SPECTATOR for p in session.participants.values())
    if spectators >= PEERS_MAX - session.title.players_max:
        raise WireError(Reason.TABLE_FULL, f"{spectators} watch at this table already")


def _check_room(session: Session) -> None:
    if len(session.participants) >= PEERS_MAX:
        raise WireError(Reason.TABLE_FULL, f"{PEERS_MAX} are at this table already")


def participant_of(session: Session, player_id: PlayerId) -> Participant | None:
    """Return an invited player's place at the table; the host's own is ``session.host``."""
    mine = (p for p in session.participants.values() if p.player_id == player_id and p.number != HOST_NUMBER)
    return next(mine, None)


def give_seat(state: BrokerState, session: Session, seat: int, receiver: Participant, now: float) -> None:
    """Move a seat to a participant; whoever held it loses it first.

    Raises:
        WireError: ``no_seat`` if the title has no such seat.
    """
    holder = next((p for p in session.participants.values() if seat in p.seats), None)
    if holder is None:
        raise WireError(Reason.NO_SEAT, f"this title has {session.title.players_max} seats")
    if holder is receiver:
        return
    _set_seats(state, session, holder, tuple(s for s in holder.seats if s != seat))
    _set_seats(state, session, receiver, tuple(sorted((*receiver.seats, seat))))
    _note(state, session, "seat_moved", receiver, seat=seat)
    note_attendance(session, now)
    tell_table(state, session)


def hand_over(state: BrokerState, session: Session, seat: int, participant_id: str, now: float) -> None:
    """Give a seat to somebody at the table, or take it back by naming the host.

    Raises:
        WireError: ``not_found`` for nobody at this table, ``no_seat``.
    """
    give_seat(state, session, seat, _at_table(session, participant_id), now)


def kick(state: BrokerState, session: Session, participant_id: str, now: float) -> None:
    """Send somebody away for good; the link by which they came holds no more.

    Raises:
        WireError: ``not_found`` for nobody at this table, ``forbidden`` for the host.
    """
    participant = _at_table(session, participant_id)
    if participant.player_id == session.player_id:
        raise WireError(Reason.FORBIDDEN, "the host cannot be sent away")
    admission = session.admissions.get(participant.player_id)
    if admission is not None:
        admission.barred = True
        save_admission(state, session, admission)
    if participant.tab is not None:
        state.emit(ToTab(participant.tab, Refusal(Reason.KICKED)), CloseTab(participant.tab, CLOSE_REFUSED))
        del state.tabs[participant.tab]
        participant.tab = None
    remove(state, session, participant, Reason.KICKED, now)


def _at_table(session: Session, participant_id: str) -> Participant:
    participant = session.participants.get(ParticipantId(participant_id))
    if participant is None:
        raise WireError(Reason.NOT_FOUND, "nobody with this id is at the table")
    return participant


def remove(state: BrokerState, session: Session, participant: Participant, reason: Reason, now: float) -> None:
    """Take somebody other than the host, whose tab is gone, from the table; their seats fall to the host."""
    close_peer(state, session, participant, reason)
    del session.participants[participant.participant_id]
    session.dismissed.append(participant.participant_id)
    _dismiss(state, session, participant.participant_id, reason)
    seats, participant.seats = participant.seats, ()
    if seats:
        _set_seats(state, session, session.host, tuple(sorted((*session.host.seats, *seats))))
    save_participant(state, session, participant, left=True)
    _note(state, session, "left", participant, reason)
    note_attendance(session, now)
    tell_table(state, session)


def expire_seats(state: BrokerState, session: Session, now: float) -> None:
    """Free the seats of invited players who have been away for too long."""
    for participant in list(session.participants.values()):
        away = participant.away_since
        gone = away is not None and now - away >= state.limits.seat_hold_s
        if gone and participant.number != HOST_NUMBER and participant.tab is None:
            remove(state, session, participant, Reason.LEFT, now)


def _set_seats(state: BrokerState, session: Session, participant: Participant, seats: tuple[int, ...]) -> None:
    participant.seats = seats
    if participant.number != HOST_NUMBER:
        participant.role = Role.PLAYER if seats else Role.SPECTATOR
        admission = session.admissions.get(participant.player_id)
        if admission is not None and admission.role is not participant.role:
            admission.role = participant.role
            save_admission(state, session, admission)
    save_participant(state, session, participant)
    tell_seats(state, session, participant)


def tell_seats(state: BrokerState, session: Session, participant: Participant) -> None:
    """Tell the worker what a participant may play on."""
    node, placement = node_of(state, session), session.placement
    serving = placement is not None and placement.state is PlacementState.SERVING
    if serving and node is not None and node.link is not None:
        message = SetNodeSeats(session.session_id, participant.participant_id, participant.role, participant.seats)
        state.emit(ToNode(node.link, message))


def _dismiss(state: BrokerState, session: Session, participant_id: ParticipantId, reason: Reason) -> None:
    """Let the worker close whatever peers it has of somebody, also those from before this broker started."""
    node = node_of(state, session)
    if node is not None and node.link is not None:
        state.emit(ToNode(node.link, DismissNodeParticipant(session.session_id, participant_id, reason)))


def tell_whole_table(state: BrokerState, session: Session) -> None:
    """Tell a node that comes back what may have changed meanwhile."""
    for participant_id in session.dismissed:
        _dismiss(state, session, participant_id, Reason.LEFT)
    for participant in session.participants.values():
        tell_seats(state, session, participant)


def save_admission(state: BrokerState, session: Session, admission: Admission) -> None:
    """Write an admission's row."""
    state.emit(
        SaveAdmission(
            session.session_id, admission.player_id, session.tenant_id, admission.invitation_id, admission.role,
            admission.guest, admission.barred,
        )
    )  # fmt: skip


def tell_table(state: BrokerState, session: Session) -> None:
    """Send every tab who is at the table."""
    for reader in session.participants.values():
        if reader.tab is not None:
            state.emit(ToTab(reader.tab, _news_for(session, reader)))


def _news_for(session: Session, reader: Participant) -> TableNews:
    present = sorted(session.participants.values(), key=lambda p: p.number)
    return TableNews(
        session.title.players_max,
        tuple(
            Present(
                p.participant_id, p.number, p.role, p.seats, p.name, p.guest,
                host=p.number == HOST_NUMBER, me=p is reader, here=p.tab is not None,
            )
            for p in present
        ),
    )  # fmt: skip


def _note(
    state: BrokerState, session: Session, event: str, who: Participant, reason: Reason | None = None, **data: int
) -> None:
    entry = {"participant": who.number, **data}
    state.emit(AppendEvent(session.session_id, session.tenant_id, event, reason, entry))
