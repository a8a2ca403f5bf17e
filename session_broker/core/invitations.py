"""Invitation links to a session's table: made and revoked by its host, looked at and redeemed by others.

A link holds for one session, for a day, until it is revoked. A ``seat`` link is for one person, who may take a free
seat or watch; a ``watch`` link lets in as many as the table takes. Sending somebody away revokes their link.
"""

from __future__ import annotations

from session_broker.core.effects import AppendEvent, SaveInvitation
from session_broker.core.rate_limit import TokenBucket
from session_broker.core.records import Admission, BrokerState, Invitation, Participant, Session
from session_broker.core.table import check_seat, check_watch, kick, participant_of, save_admission, take_seat, watch
from session_broker.core.tickets import INVITATION_RANDOM_BYTES, digest, make_code
from wire.errors import Reason, WireError
from wire.ids import ParticipantId, PlayerId
from wire.session_control import InvitationKind, Role, SessionState

INVITATION_TTL_MS = 24 * 3600 * 1000
"""A link holds for a day, if its session lives that long."""

LIVE_MAX = 8
"""Links of one session that hold at once."""

KEPT_MAX = 64
"""Links of one session that are remembered, so that one that no longer holds can say why."""

ADMISSIONS_MAX = 256
"""People whom the links of one session let in over its life."""

_PER_S = 0.5
_AT_ONCE = 10.0


def mint(
    state: BrokerState, session: Session, kind: InvitationKind, now: float, now_ms: int
) -> tuple[Invitation, str]:
    """Make a link and return it with its code, which is kept nowhere.

    Raises:
        WireError: ``bad_state`` for a session that ends, ``no_seat`` for a title of one player, ``too_many``.
    """
    if session.state is SessionState.ENDING:
        raise WireError(Reason.BAD_STATE, "this session is ending")
    if kind is InvitationKind.SEAT and session.title.players_max < 2:
        raise WireError(Reason.NO_SEAT, "this title is for one player")
    if len(live(session, now_ms)) >= LIVE_MAX:
        raise WireError(Reason.TOO_MANY, f"{LIVE_MAX} links to this table hold already; revoke one first")
    bucket = state.invites.setdefault(session.player_id, TokenBucket(_PER_S, _AT_ONCE, now))
    if not bucket.take(now):
        raise WireError(Reason.TOO_MANY, "links are made too fast; wait a moment")
    code = make_code(state.entropy(INVITATION_RANDOM_BYTES))
    invitation = Invitation(state.new_id("inv"), digest(code), kind, now_ms + INVITATION_TTL_MS)
    _forget_oldest(state, session, now_ms)
    session.invitations[invitation.invitation_id] = invitation
    state.invitations[invitation.code_sha256] = (session.session_id, invitation.invitation_id)
    _save(state, session, invitation)
    state.emit(AppendEvent(session.session_id, session.tenant_id, "invited", None, {"kind": str(kind)}))
    return invitation, code


def live(session: Session, now_ms: int) -> list[Invitation]:
    """Return the links that hold, oldest first."""
    return [i for i in session.invitations.values() if not i.revoked and now_ms < i.expires_at_ms]


def _forget_oldest(state: BrokerState, session: Session, now_ms: int) -> None:
    holding = {i.invitation_id for i in live(session, now_ms)}
    dead = [i for i in session.invitations.values() if i.invitation_id not in holding]
    for invitation in dead[: max(0, len(session.invitations) - KEPT_MAX + 1)]:
        del session.invitations[invitation.invitation_id]
        del state.invitations[invitation.code_sha256]


def revoke(state: BrokerState, session: Session, invitation_id: str) -> None:
    """Make a link void; those whom it let in stay. Doing it again changes nothing.

    Raises:
        WireError: ``not_found``.
    """
    invitation = session.invitations.get(invitation_id)
    if invitation is None:
        raise WireError(Reason.NOT_FOUND, "this session has no such invitation")
    if not invitation.revoked:
        invitation.revoked = True
        _save(state, session, invitation)


def look(state: BrokerState, code: str, now_ms: int) -> tuple[Session, Invitation]:
    """Return what a code leads to, if it still holds.

    Raises:
        WireError: ``invitation_expired`` (also for one that nobody made, which looks the same) or
            ``invitation_revoked``.
    """
    session_id, invitation_id = state.invitations.get(digest(code), (None, ""))
    session = state.sessions.get(session_id) if session_id is not None else None
    if session is None or session.state is SessionState.ENDING:
        raise WireError(Reason.INVITATION_EXPIRED, "this invitation is not known, or its game has ended")
    invitation = session.invitations[invitation_id]
    if invitation.revoked:
        raise WireError(Reason.INVITATION_REVOKED, "the host has revoked this invitation")
    if now_ms >= invitation.expires_at_ms:
        raise WireError(Reason.INVITATION_EXPIRED, "this invitation has expired")
    return session, invitation


def check_player(session: Session, invitation: Invitation, player_id: PlayerId) -> None:
    """Check that a link is for this player.

    Raises:
        WireError: ``kicked`` or ``invitation_used``.
    """
    if player_id == session.player_id:
        return
    admission = session.admissions.get(player_id)
    if admission is not None and admission.barred:
        raise WireError(Reason.KICKED, "the host has sent you away from this table")
    if invitation.used_by not in (None, player_id):
        raise WireError(Reason.INVITATION_USED, "somebody else has used this invitation; it is for one person")


def check_stranger(session: Session, invitation: Invitation, *, watching: bool) -> None:
    """Check that a link would let in somebody who is not known yet, before an account is made for them.

    Raises:
        WireError: ``invitation_used``, ``no_seat`` or ``table_full``.
    """
    if invitation.used_by is not None:
        raise WireError(Reason.INVITATION_USED, "somebody else has used this invitation; it is for one person")
    if len(session.admissions) >= ADMISSIONS_MAX:
        raise WireError(Reason.TABLE_FULL, "too many have come and gone at this table")
    if watching or invitation.kind is InvitationKind.WATCH:
        check_watch(session)
    else:
        check_seat(session)


def redeem(
    state: BrokerState, code: str, player_id: PlayerId, *, guest: bool, watching: bool, now: float, now_ms: int
) -> tuple[Session, Participant]:
    """Bring a player to the table by a link; the host, or one who sits there, simply comes back.

    Args:
        state: The live state.
        code: The code in the link.
        player_id: Who comes; a guest's account exists already.
        guest: Whether it is a guest's account, made for this session.
        watching: Watch, even if the link is for a seat.
        now: Monotonic seconds.
        now_ms: Milliseconds since 1970.

    Raises:
        WireError: what ``look`` and ``check_player`` raise, ``no_seat`` or ``table_full``. Nothing has changed.
    """
    session, invitation = look(state, code, now_ms)
    check_player(session, invitation, player_id)
    if player_id == session.player_id:
        return session, session.host
    if player_id not in session.admissions and len(session.admissions) >= ADMISSIONS_MAX:
        raise WireError(Reason.TABLE_FULL, "too many have come and gone at this table")
    watching = watching or invitation.kind is InvitationKind.WATCH
    participant = participant_of(session, player_id)
    if participant is None or (participant.role is Role.SPECTATOR and not watching):
        if watching:
            participant = watch(state, session, player_id, guest=guest)
        else:
            participant = take_seat(state, session, player_id, guest=guest, now=now)
        # It leaves again unless its tab comes.
        participant.away_since = now if participant.tab is None else None
    _admit(state, session, invitation, participant)
    return session, participant


def _admit(state: BrokerState, session: Session, invitation: Invitation, who: Participant) -> None:
    if invitation.kind is InvitationKind.SEAT and invitation.used_by is None:
        invitation.used_by = who.player_id
        _save(state, session, invitation)
    admission = Admission(who.player_id, invitation.invitation_id, who.role, who.guest)
    if session.admissions.get(who.player_id) != admission:
        session.admissions[who.player_id] = admission
        save_admission(state, session, admission)


def send_away(state: BrokerState, session: Session, participant_id: str, now: float) -> None:
    """Send somebody away for good, and revoke the link by which they came.

    Raises:
        WireError: ``not_found`` for nobody at this table, ``forbidden`` for the host.
    """
    participant = session.participants.get(ParticipantId(participant_id))
    kick(state, session, participant_id, now)
    admission = session.admissions.get(participant.player_id) if participant is not None else None
    if admission is not None and admission.invitation_id in session.invitations:
        revoke(state, session, admission.invitation_id)


def _save(state: BrokerState, session: Session, invitation: Invitation) -> None:
    state.emit(
        SaveInvitation(
            invitation.invitation_id, session.tenant_id, session.session_id, invitation.code_sha256, invitation.kind,
            invitation.expires_at_ms, invitation.revoked, invitation.used_by,
        )
    )  # fmt: skip
