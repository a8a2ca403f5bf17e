"""The table of a session: who may come by which link, on which seat, and who may send whom away."""

from __future__ import annotations

import pytest

from session_broker.core.effects import CLOSE_REFUSED, LinkKey, SaveAdmission, SaveParticipant
from session_broker.core.invitations import ADMISSIONS_MAX, INVITATION_TTL_MS, LIVE_MAX
from session_broker.core.records import Limits, Session
from session_broker.core.sign_in import Caller
from tests.support.coordinator_bench import Bench
from wire.errors import Reason, WireError
from wire.ids import NodeId, PlayerId, TenantId
from wire.limits import PEERS_MAX
from wire.node_control import (
    CloseNodePeer,
    DismissNodeParticipant,
    NodePeerAnswer,
    NodePeerOffer,
    NodePeerState,
    OpenNodePeer,
    RunningSession,
    SetNodeSeats,
)
from wire.session_control import (
    Answer,
    InvitationKind,
    Leave,
    MediaReport,
    Offer,
    OpenPeer,
    PeerState,
    Refusal,
    Role,
    SessionState,
    TableNews,
    TakenOver,
    Welcome,
)
from wire.worker_control import PlacementState

GUEST, OTHER = PlayerId("plr_guest"), PlayerId("plr_other")


def running(bench: Bench) -> tuple[Session, LinkKey]:
    link = bench.node()
    session = bench.session("duel")
    bench.node_reports(link, session, PlacementState.SERVING)
    return session, link


def refused(step: object, *arguments: object, **named: object) -> Reason:
    with pytest.raises(WireError) as error:
        step(*arguments, **named)  # type: ignore[operator]
    return error.value.reason


def seats(session: Session) -> dict[int, tuple[int, ...]]:
    return {p.number: p.seats for p in session.participants.values()}


def test_a_guest_takes_the_second_seat_and_the_worker_hears_of_both() -> None:
    bench = Bench()
    session, link = running(bench)
    assert seats(session) == {0: (0, 1)}
    _, code = bench.invite(session)
    guest = bench.redeem(code, GUEST)
    assert [(s.participant_id, s.role, s.seats) for s in bench.to_node(SetNodeSeats, link)] == [
        (session.host.participant_id, Role.PLAYER, (0,)),
        (guest.participant_id, Role.PLAYER, (1,)),
    ]
    tab = bench.tab(session, player=GUEST)
    (welcome,) = bench.to_tab(Welcome, tab)
    assert (welcome.participant_index, welcome.role, welcome.seats) == (1, Role.PLAYER, (1,))
    bench.tab_says(tab, OpenPeer(("VP8",)))
    (opened,) = bench.to_node(OpenNodePeer, link)
    assert (opened.participant_index, opened.role, opened.seats) == (1, Role.PLAYER, (1,))


def test_everybody_hears_who_is_at_the_table_each_from_their_own_place() -> None:
    bench = Bench()
    session, _ = running(bench)
    host = bench.tab(session)
    _, code = bench.invite(session)
    bench.redeem(code, GUEST)
    assert bench.to_tab(TableNews, host)[-1].seats == 2
    guest = bench.tab(session, player=GUEST)
    for key, number in ((host, 0), (guest, 1)):
        (news,) = bench.to_tab(TableNews, key)
        assert [(p.number, p.guest, p.host, p.me, p.here) for p in news.participants] == [
            (0, False, True, number == 0, True),
            (1, True, False, number == 1, True),
        ]


def test_a_seat_link_is_for_one_person_who_may_come_again() -> None:
    bench = Bench()
    session, _ = running(bench)
    invitation, code = bench.invite(session)
    first = bench.redeem(code, GUEST)
    assert bench.redeem(code, GUEST) is first
    assert invitation.used_by == GUEST
    assert refused(bench.redeem, code, OTHER) is Reason.INVITATION_USED
    assert refused(bench.redeem, code, OTHER, watching=True) is Reason.INVITATION_USED


@pytest.mark.parametrize("code", ["", "x" * 22, "é\ud800", "../../join"])
def test_a_guessed_code_says_no_more_than_an_old_one(code: str) -> None:
    bench = Bench()
    session, _ = running(bench)
    _, real = bench.invite(session)
    assert refused(bench.redeem, code, GUEST) is Reason.INVITATION_EXPIRED
    bench.now += INVITATION_TTL_MS / 1000
    assert refused(bench.redeem, real, GUEST) is Reason.INVITATION_EXPIRED
    assert seats(session) == {0: (0, 1)}


def test_a_link_ends_with_its_session() -> None:
    bench = Bench()
    session, link = running(bench)
    _, code = bench.invite(session)
    bench.coordinator.end_session(session.session_id, Reason.ENDED_BY_PLAYER, bench.now)
    bench.drain()
    assert refused(bench.invite, session) is Reason.BAD_STATE
    assert refused(bench.redeem, code, GUEST) is Reason.INVITATION_EXPIRED
    bench.node_reports(link, session, PlacementState.RELEASED)
    assert refused(bench.redeem, code, GUEST) is Reason.INVITATION_EXPIRED
    assert not bench.coordinator._state.invitations


def test_a_revoked_link_says_so_and_those_inside_stay() -> None:
    bench = Bench()
    session, _ = running(bench)
    invitation, code = bench.invite(session, InvitationKind.WATCH)
    bench.redeem(code, GUEST)
    bench.coordinator.revoke_invitation(session.session_id, invitation.invitation_id)
    assert refused(bench.redeem, code, OTHER) is Reason.INVITATION_REVOKED
    assert len(session.participants) == 2
    bench.tab(session, player=GUEST)


def test_links_are_bounded_in_number_and_rate() -> None:
    bench = Bench()
    session, _ = running(bench)
    made = [bench.invite(session)[0] for _ in range(LIVE_MAX)]
    assert refused(bench.invite, session) is Reason.TOO_MANY
    for invitation in made:
        bench.coordinator.revoke_invitation(session.session_id, invitation.invitation_id)
    for _ in range(2):
        bench.invite(session)
    assert refused(bench.invite, session) is Reason.TOO_MANY
    for _ in range(200):
        bench.now += 2.0
        invitation, _ = bench.invite(session)
        bench.coordinator.revoke_invitation(session.session_id, invitation.invitation_id)
    assert len(session.invitations) == len(bench.coordinator._state.invitations) <= 64


def test_a_title_for_one_has_no_seat_to_give_but_can_be_watched() -> None:
    bench = Bench()
    bench.node()
    session = bench.session("testcard")
    assert refused(bench.invite, session) is Reason.NO_SEAT
    _, code = bench.invite(session, InvitationKind.WATCH)
    assert bench.redeem(code, GUEST).role is Role.SPECTATOR


def test_no_seat_is_left_but_one_may_watch() -> None:
    bench = Bench()
    session, _ = running(bench)
    codes = [bench.invite(session)[1] for _ in range(2)]
    bench.redeem(codes[0], GUEST)
    assert refused(bench.redeem, codes[1], OTHER) is Reason.NO_SEAT
    assert bench.redeem(codes[1], OTHER, watching=True).role is Role.SPECTATOR


def test_spectators_leave_room_for_the_seats() -> None:
    bench = Bench()
    session, _ = running(bench)
    _, watch = bench.invite(session, InvitationKind.WATCH)
    for n in range(PEERS_MAX - 2):
        bench.redeem(watch, PlayerId(f"plr_{n}"))
    assert refused(bench.redeem, watch, OTHER) is Reason.TABLE_FULL
    assert refused(bench.tab, session, Role.SPECTATOR) is Reason.TABLE_FULL
    _, code = bench.invite(session)
    assert bench.redeem(code, GUEST).seats == (1,)


def test_a_link_lets_in_no_endless_stream_of_people() -> None:
    bench = Bench()
    session, _ = running(bench)
    _, watch = bench.invite(session, InvitationKind.WATCH)
    for n in range(ADMISSIONS_MAX):
        bench.redeem(watch, PlayerId(f"plr_{n}"))
        tab = bench.tab(session, player=PlayerId(f"plr_{n}"))
        bench.coordinator.tab_gone(tab, bench.now)
    assert refused(bench.redeem, watch, GUEST) is Reason.TABLE_FULL
    assert [p.number for p in session.participants.values()] == [0]


def test_who_was_sent_away_cannot_come_back_and_neither_can_the_link() -> None:
    bench = Bench()
    session, link = running(bench)
    host = bench.tab(session)
    _, code = bench.invite(session)
    _, spare = bench.invite(session, InvitationKind.WATCH)
    guest = bench.redeem(code, GUEST)
    tab = bench.tab(session, player=GUEST)
    bench.tab_says(tab, OpenPeer(("VP8",)))
    bench.coordinator.send_away(session.session_id, guest.participant_id, bench.now)
    bench.drain()
    assert bench.to_tab(Refusal, tab) == [Refusal(Reason.KICKED)]
    assert (int(tab), CLOSE_REFUSED) in bench.closed()
    assert bench.to_node(CloseNodePeer, link)[0].reason is Reason.KICKED
    assert bench.to_node(DismissNodeParticipant, link)[0].participant_id == guest.participant_id
    assert bench.to_node(SetNodeSeats, link)[-1].seats == (0, 1)
    assert [p.number for p in bench.to_tab(TableNews, host)[-1].participants] == [0]
    assert any(isinstance(e, SaveAdmission) and e.barred for e in bench.effects)
    assert refused(bench.tab, session, player=GUEST) is Reason.KICKED
    assert refused(bench.redeem, spare, GUEST) is Reason.KICKED
    assert refused(bench.redeem, code, OTHER) is Reason.INVITATION_REVOKED
    assert seats(session) == {0: (0, 1)}


def test_only_somebody_at_the_table_can_be_sent_away_and_never_the_host() -> None:
    bench = Bench()
    session, _ = running(bench)
    send_away = bench.coordinator.send_away
    assert refused(send_away, session.session_id, session.host.participant_id, bench.now) is Reason.FORBIDDEN
    assert refused(send_away, session.session_id, "part_unknown", bench.now) is Reason.NOT_FOUND
    assert refused(send_away, "ses_unknown", "part_unknown", bench.now) is Reason.UNKNOWN_SESSION


def test_the_host_hands_seats_over_and_takes_them_back() -> None:
    bench = Bench()
    session, _ = running(bench)
    host = bench.tab(session)
    _, watch = bench.invite(session, InvitationKind.WATCH)
    guest = bench.redeem(watch, GUEST)
    tab = bench.tab(session, player=GUEST)
    give = bench.coordinator.hand_over
    for seat in (1, 0):
        give(session.session_id, seat, guest.participant_id, bench.now)
    bench.drain()
    assert (guest.role, guest.seats, session.host.seats) == (Role.PLAYER, (0, 1), ())
    assert bench.to_tab(TableNews, tab)[-1].participants[0].seats == ()
    assert session.host.role is Role.PLAYER, "it stays the host's session"
    give(session.session_id, 0, session.host.participant_id, bench.now)
    give(session.session_id, 1, session.host.participant_id, bench.now)
    bench.drain()
    assert (guest.role, guest.seats, session.host.seats) == (Role.SPECTATOR, (), (0, 1))
    assert refused(give, session.session_id, 2, guest.participant_id, bench.now) is Reason.NO_SEAT
    assert refused(give, session.session_id, 1, "part_unknown", bench.now) is Reason.NOT_FOUND
    bench.drain()
    bench.coordinator.tab_gone(tab, bench.now)
    assert bench.tab(session, player=GUEST)
    assert seats(session) == {0: (0, 1), 2: ()}, "what was taken back is not taken again by a reload"
    assert host in bench.coordinator._state.tabs


def test_leaving_frees_the_seat_and_who_left_may_come_back_to_it() -> None:
    bench = Bench()
    session, link = running(bench)
    _, code = bench.invite(session)
    guest = bench.redeem(code, GUEST)
    tab = bench.tab(session, player=GUEST)
    bench.tab_says(tab, Leave())
    assert seats(session) == {0: (0, 1)}
    assert bench.to_node(DismissNodeParticipant, link)[0].participant_id == guest.participant_id
    assert any(isinstance(e, SaveParticipant) and e.left for e in bench.effects)
    bench.tab(session, player=GUEST)
    assert seats(session) == {0: (0,), 2: (1,)}


def test_a_seat_is_held_for_a_while_and_no_longer() -> None:
    bench = Bench(Limits(seat_hold_s=60.0))
    session, _ = running(bench)
    bench.tab(session)
    _, code = bench.invite(session)
    bench.redeem(code, GUEST)
    tab = bench.tab(session, player=GUEST)
    bench.coordinator.tab_gone(tab, bench.now)
    bench.drain()
    bench.coordinator._state.nodes[NodeId("node_a")].seen_at = bench.now + 1000.0
    bench.wait(59.0)
    assert seats(session) == {0: (0,), 1: (1,)}
    bench.wait(1.5)
    assert seats(session) == {0: (0, 1)}


def test_only_the_host_ends_the_session() -> None:
    bench = Bench()
    session, _ = running(bench)
    _, code = bench.invite(session)
    bench.redeem(code, GUEST)
    tab = bench.tab(session, player=GUEST)
    assert refused(bench.tab_says, tab, Leave(end=True)) is Reason.FORBIDDEN
    assert session.state is SessionState.RUNNING


def test_a_player_keeps_the_session_attended_and_a_spectator_does_not() -> None:
    bench = Bench(Limits(abandon_s=30.0))
    session, _ = running(bench)
    bench.coordinator._state.nodes[NodeId("node_a")].seen_at = bench.now + 1000.0
    _, code = bench.invite(session)
    bench.redeem(code, GUEST)
    tab = bench.tab(session, player=GUEST)
    bench.wait(31.0)
    assert session.state is SessionState.RUNNING
    bench.coordinator.hand_over(session.session_id, 1, session.host.participant_id, bench.now)
    bench.drain()
    bench.wait(31.0)
    assert session.reason is Reason.ABANDONED
    assert tab


def test_a_players_word_on_pictures_counts_only_while_the_host_has_no_tab() -> None:
    bench = Bench()
    session, _ = running(bench)
    _, code = bench.invite(session)
    bench.redeem(code, GUEST)
    host, guest = bench.tab(session), bench.tab(session, player=GUEST)
    bench.tab_says(guest, MediaReport("peer", 100, 0))
    assert session.media_at == float("-inf")
    bench.coordinator.tab_gone(host, bench.now)
    bench.drain()
    bench.tab_says(guest, MediaReport("peer", 100, 0))
    assert session.media_at == bench.now


def test_a_second_tab_of_a_guest_takes_over_and_the_hosts_goes_on() -> None:
    bench = Bench()
    session, _ = running(bench)
    host = bench.tab(session)
    _, code = bench.invite(session)
    bench.redeem(code, GUEST)
    first = bench.tab(session, player=GUEST)
    bench.tab(session, player=GUEST)
    assert bench.to_tab(TakenOver, first)
    assert not bench.to_tab(TakenOver, host)
    assert seats(session) == {0: (0,), 1: (1,)}


def test_a_tab_that_joins_twice_takes_over_from_nobody() -> None:
    bench = Bench()
    session = bench.session()
    tab = bench.tab(session)
    caller = Caller(session.player_id, TenantId("ten_a"), ("player",))
    bench.coordinator.tab_joined(tab, session.session_id, caller, Role.PLAYER, 1, bench.now)
    bench.drain()
    assert bench.to_tab(Welcome, tab)
    assert not bench.to_tab(TakenOver)
    assert not bench.closed()


def test_a_strangers_tab_hears_that_there_is_no_such_session() -> None:
    bench = Bench()
    session, _ = running(bench)
    assert refused(bench.tab, session, player=OTHER) is Reason.UNKNOWN_SESSION


def test_one_cannot_answer_for_another() -> None:
    bench = Bench()
    session, link = running(bench)
    _, code = bench.invite(session)
    bench.redeem(code, GUEST)
    host, guest = bench.tab(session), bench.tab(session, player=GUEST)
    bench.tab_says(host, OpenPeer(("VP8",)))
    (opened,) = bench.to_node(OpenNodePeer, link)
    bench.node_says(link, NodePeerOffer(session.session_id, opened.peer_id, "sdp"))
    (offer,) = bench.to_tab(Offer)
    answer = Answer(offer.peer_id, offer.ticket, "sdp")
    assert refused(bench.tab_says, guest, answer) is Reason.BAD_STATE
    bench.tab_says(host, answer)
    assert bench.to_node(NodePeerAnswer, link)


def test_a_node_that_was_away_hears_who_left_and_who_may_play() -> None:
    bench = Bench()
    session, link = running(bench)
    _, code = bench.invite(session)
    guest = bench.redeem(code, GUEST)
    tab = bench.tab(session, player=GUEST)
    bench.tab_says(tab, OpenPeer(("VP8",)))
    peer = bench.to_node(OpenNodePeer, link)[0].peer_id
    bench.node_says(link, NodePeerState(session.session_id, peer, PeerState.LOST))
    bench.coordinator.node_gone(link, bench.now)
    bench.coordinator.send_away(session.session_id, guest.participant_id, bench.now)
    bench.drain()
    assert not bench.to_node(DismissNodeParticipant)
    still = RunningSession(session.session_id, session.epoch, PlacementState.SERVING)
    back = bench.node(sessions=(still,))
    assert [d.participant_id for d in bench.to_node(DismissNodeParticipant, back)] == [guest.participant_id]
    assert [(s.participant_id, s.seats) for s in bench.to_node(SetNodeSeats, back)] == [
        (session.host.participant_id, (0, 1))
    ]
