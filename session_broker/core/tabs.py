"""What tabs do: join a session's table, ask for a peer, answer, report, leave. A second tab takes over."""

from __future__ import annotations

from session_broker.core.closing import tell_newcomer
from session_broker.core.effects import CLOSE_TAKEN_OVER, CloseTab, TabKey, ToTab
from session_broker.core.peers import close_peer, note_attendance, set_quality, take_answer, want_peer
from session_broker.core.records import HOST_NUMBER, Admission, BrokerState, Participant, Session, Tab
from session_broker.core.session_steps import news_of
from session_broker.core.sessions import end_session
from session_broker.core.sign_in import Caller
from session_broker.core.table import free_seat, participant_of, remove, take_seat, tell_table, watch
from wire.errors import Reason, WireError
from wire.ids import SessionId
from wire.schema import Message
from wire.session_control import Answer, Leave, MediaReport, OpenPeer, Role, SetQuality, TabHello, TakenOver, Welcome

CLOSE_LEFT = 1000
"""The tab asked to go."""


def join(
    state: BrokerState, key: TabKey, session_id: str, caller: Caller, role: Role, protocol: int, now: float
) -> None:
    """Seat a tab at the session's table and welcome it.

    Another tab of the same participant is taken over from; one that has joined already is welcomed again.

    Args:
        state: The live state.
        key: The tab's socket.
        session_id: The session.
        caller: Whose tab it is.
        role: The host plays, or watches in a tab beside. All others get what they were admitted to.
        protocol: The control version that both sides speak.
        now: Monotonic seconds.

    Raises:
        WireError: ``unknown_session`` (also for one that the caller has no part in), ``kicked``, or ``table_full``.
    """
    session = live_session(state, session_id)
    participant = _place_of(state, session, caller, role, now)
    if participant.tab not in (None, key):
        state.emit(ToTab(participant.tab, TakenOver()), CloseTab(participant.tab, CLOSE_TAKEN_OVER))
        del state.tabs[participant.tab]
    participant.tab, participant.tab_since = key, now
    participant.wanted_codecs = None
    participant.name = caller.name
    tab = state.tabs[key] = Tab(key, session.session_id, participant.participant_id, protocol)
    note_attendance(session, now)
    title = session.title
    welcome = Welcome(
        protocol, session.session_id, participant.participant_id, participant.number, participant.role,
        participant.seats, title.title_id, title.names["en"],
    )  # fmt: skip
    state.emit(ToTab(key, welcome), ToTab(key, news_of(state, session)))
    tell_newcomer(state, tab, session, now)
    tell_table(state, session)


def _place_of(state: BrokerState, session: Session, caller: Caller, role: Role, now: float) -> Participant:
    if caller.player_id == session.player_id:
        return session.host if role is Role.PLAYER else watch(state, session, caller.player_id, guest=False)
    admission = check_admitted(session.admissions.get(caller.player_id))
    participant = participant_of(session, caller.player_id)
    if participant is not None:
        return participant
    if admission.role is Role.PLAYER and free_seat(session) is not None:
        return take_seat(state, session, caller.player_id, guest=admission.guest, now=now)
    return watch(state, session, caller.player_id, guest=admission.guest)


def check_admitted(admission: Admission | None) -> Admission:
    """Return by what right somebody other than the host comes to a session's table.

    Raises:
        WireError: ``unknown_session``, in the words for one that does not exist, or ``kicked``.
    """
    if admission is None:
        raise WireError(Reason.UNKNOWN_SESSION, "you have no such session")
    if admission.barred:
        raise WireError(Reason.KICKED, "the host has sent you away from this table")
    return admission


def live_session(state: BrokerState, session_id: str) -> Session:
    """Return a session that has not ended.

    Raises:
        WireError: ``unknown_session``.
    """
    session = state.sessions.get(SessionId(session_id))
    if session is None:
        raise WireError(Reason.UNKNOWN_SESSION, "there is no such session, or it has ended")
    return session


def take_up(
    state: BrokerState, key: TabKey, wanted_codecs: tuple[str, ...] | None, video_max_bps: int | None, now: float
) -> None:
    """Take up what a tab had asked for before its session came here.

    Args:
        state: The live state.
        key: The tab, which has joined.
        wanted_codecs: A request for a peer that nobody has answered.
        video_max_bps: Highest video bitrate that it allows.
        now: Monotonic seconds.
    """
    tab = state.tabs[key]
    session = state.sessions[tab.session_id]
    participant = session.participants[tab.participant_id]
    if participant.role is Role.PLAYER and video_max_bps is not None:
        set_quality(state, session, participant, video_max_bps)
    if wanted_codecs is not None:
        want_peer(state, session, participant, wanted_codecs, now)


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
            if not participant.opens.take(now):
                raise WireError(Reason.TOO_MANY, "connections are asked for too fast; wait a moment")
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
    # The host's tab arbitrates; a player's speaks only while the host has none.
    speaks = participant.number == HOST_NUMBER or (participant.role is Role.PLAYER and session.host.tab is None)
    if speaks and report.frames_decoded > 0:
        session.media_at = max(session.media_at, now - report.silent_ms / 1000.0)


def _leave(
    state: BrokerState, session: Session, participant: Participant, key: TabKey, *, end: bool, now: float
) -> None:
    if not end:
        close_peer(state, session, participant, Reason.LEFT)
        handle_gone(state, key, now)
        if participant.participant_id in session.participants and participant.number != HOST_NUMBER:
            remove(state, session, participant, Reason.LEFT, now)
        state.emit(CloseTab(key, CLOSE_LEFT))
        return
    if participant.number != HOST_NUMBER:
        raise WireError(Reason.FORBIDDEN, "only the host can end the session")
    end_session(state, session, Reason.ENDED_BY_PLAYER, now)


def handle_gone(state: BrokerState, key: TabKey, now: float) -> None:
    """A tab's socket closed. A player's peer goes on and their seats are held; a spectator leaves the table."""
    tab = state.tabs.pop(key, None)
    if tab is None:
        return
    session = state.sessions[tab.session_id]
    participant = session.participants[tab.participant_id]
    participant.tab = None
    if participant.role is Role.SPECTATOR:
        remove(state, session, participant, Reason.LEFT, now)
        return
    participant.wanted_codecs = None
    note_attendance(session, now)
    tell_table(state, session)
