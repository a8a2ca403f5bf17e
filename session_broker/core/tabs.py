"""What tabs do: join a session's table, ask for a peer, answer, report, leave. A second player's tab takes over."""

from __future__ import annotations

from session_broker.core.effects import CLOSE_TAKEN_OVER, CloseTab, TabKey, ToTab
from session_broker.core.peers import close_peer, note_attendance, set_quality, take_answer, want_peer
from session_broker.core.records import BrokerState, Participant, Session, Tab
from session_broker.core.sessions import add_participant, end_session, news_of, save_participant
from wire.errors import Reason, WireError
from wire.ids import SessionId
from wire.limits import PEERS_MAX
from wire.schema import Message
from wire.session_control import Answer, Leave, MediaReport, OpenPeer, Role, SetQuality, TabHello, TakenOver, Welcome

CLOSE_LEFT = 1000
"""The tab asked to go."""


def join(state: BrokerState, key: TabKey, session_id: str, role: Role, protocol: int, now: float) -> None:
    """Seat a tab at the session's table and welcome it.

    Args:
        state: The live state.
        key: The tab's socket.
        session_id: The session, whose right the shell has checked.
        role: ``player`` takes over from the tab that had the seats; ``spectator`` adds a participant.
        protocol: The control version that both sides speak.
        now: Monotonic seconds.

    Raises:
        WireError: ``unknown_session``, or ``too_many`` spectators.
    """
    session = live_session(state, session_id)
    participant = session.player if role is Role.PLAYER else _add_spectator(state, session)
    if participant.tab is not None:
        state.emit(ToTab(participant.tab, TakenOver()), CloseTab(participant.tab, CLOSE_TAKEN_OVER))
        del state.tabs[participant.tab]
    participant.tab = key
    participant.wanted_codecs = None
    state.tabs[key] = Tab(key, session.session_id, participant.participant_id)
    note_attendance(session, now)
    title = session.title
    welcome = Welcome(
        protocol, session.session_id, participant.participant_id, participant.number, role, participant.seats,
        title.title_id, title.names["en"],
    )  # fmt: skip
    state.emit(ToTab(key, welcome), ToTab(key, news_of(session)))


def live_session(state: BrokerState, session_id: str) -> Session:
    """Return a session that has not ended.

    Raises:
        WireError: ``unknown_session``.
    """
    session = state.sessions.get(SessionId(session_id))
    if session is None:
        raise WireError(Reason.UNKNOWN_SESSION, "there is no such session, or it has ended")
    return session


def _add_spectator(state: BrokerState, session: Session) -> Participant:
    if len(session.participants) >= PEERS_MAX:
        raise WireError(Reason.TOO_MANY, f"{PEERS_MAX} are at this table already")
    taken = {p.number for p in session.participants.values()}
    number = next(n for n in range(1, PEERS_MAX + 1) if n not in taken)
    return add_participant(state, session, Role.SPECTATOR, number, ())


def handle_message(state: BrokerState, key: TabKey, message: Message, now: float) -> None:
    """Take a message of a welcomed tab.

    Raises:
        WireError: the message may not come now or from this tab.
    """
    tab = state.tabs.get(key)
    if tab is None:
        return  # It crossed a take-over or the session's end; the socket is closing.
    session = state.sessions[tab.session_id]
    participant = session.participants[tab.participant_id]
    match message:
        case TabHello():
            raise WireError(Reason.BAD_STATE, "hello was said already")
        case OpenPeer(video_codecs):
            want_peer(state, session, participant, video_codecs, now)
        case Answer():
            take_answer(state, session, participant, message)
        case MediaReport():
            _take_report(session, participant, message, now)
        case SetQuality(video_max_bps):
            if participant.role is not Role.PLAYER:
                raise WireError(Reason.FORBIDDEN, "the picture's quality is the players' to choose")
            set_quality(state, session, participant, video_max_bps)
        case Leave(end):
            _leave(state, session, participant, key, end=end, now=now)


def _take_report(session: Session, participant: Participant, report: MediaReport, now: float) -> None:
    participant.report = report
    if participant.role is Role.PLAYER and report.frames_decoded > 0:
        session.media_at = max(session.media_at, now - report.silent_ms / 1000.0)


def _leave(
    state: BrokerState, session: Session, participant: Participant, key: TabKey, *, end: bool, now: float
) -> None:
    if not end:
        close_peer(state, session, participant, Reason.LEFT)
        handle_gone(state, key, now)
        state.emit(CloseTab(key, CLOSE_LEFT))
        return
    if participant.role is not Role.PLAYER:
        raise WireError(Reason.FORBIDDEN, "a spectator cannot end the session")
    end_session(state, session, Reason.ENDED_BY_PLAYER, now)


def handle_gone(state: BrokerState, key: TabKey, now: float) -> None:
    """A tab's socket closed. The player's session and peer go on; a spectator leaves the table."""
    tab = state.tabs.pop(key, None)
    if tab is None:
        return
    session = state.sessions[tab.session_id]
    participant = session.participants[tab.participant_id]
    participant.tab = None
    if participant.role is Role.SPECTATOR:
        close_peer(state, session, participant, Reason.LEFT)
        del session.participants[participant.participant_id]
        save_participant(state, session, participant, left=True)
    else:
        participant.wanted_codecs = None
    note_attendance(session, now)
