"""The coordinator's steps: good ones, hostile ones, and those that only time brings."""

from __future__ import annotations

from dataclasses import replace

import pytest

from session_broker.core.effects import AppendEvent, Count, Effect, LinkKey, SavePlacement, SaveSession, Tally, Write
from session_broker.core.node_table import NodeState
from session_broker.core.records import Limits, Session
from tests.support.coordinator_bench import Bench
from tests.support.fake_node import hello
from wire.errors import Reason, WireError
from wire.ids import PlayerId, TitleId
from wire.node_control import (
    ChosenOption,
    CloseNodePeer,
    EndSession,
    Heartbeat,
    NodePeerAnswer,
    NodePeerOffer,
    NodePeerState,
    OpenNodePeer,
    PlacementNews,
    RunningSession,
    SessionFigures,
    SetNodeQuality,
    StartSession,
)
from wire.session_control import (
    Answer,
    Leave,
    Offer,
    OpenPeer,
    PeerNews,
    PeerState,
    Role,
    SessionState,
    SetQuality,
    StateNews,
    TabHello,
)
from wire.title_options import SessionOption
from wire.version import ProtocolRange
from wire.worker_control import PlacementState

STRANGER = "ses_" + "a" * 24


def running(bench: Bench, player: str = "plr_a") -> tuple[Session, LinkKey]:
    link = bench.node(f"node_of_{player}")
    session = bench.session(player=PlayerId(player))
    bench.node_reports(link, session, PlacementState.SERVING)
    assert session.state is SessionState.RUNNING
    return session, link


def reason_of(refused: pytest.ExceptionInfo[WireError]) -> Reason:
    return refused.value.reason


def kinds(effects: list[Effect]) -> list[type]:
    return [type(effect) for effect in effects if isinstance(effect, Write)]


def test_violations_stand_in_the_history_with_the_version_and_are_counted() -> None:
    bench = Bench()
    link = bench.node()
    session = bench.session()
    reason, words = Reason.TITLE_VIOLATION, "a wrong message"
    end = PlacementNews(session.session_id, session.epoch, PlacementState.RELEASED, reason, words, violations=3)
    bench.effects.clear()
    bench.node_says(link, end)
    noted = [each for each in bench.effects if isinstance(each, AppendEvent) and each.event == "violations"]
    assert [each.data for each in noted] == [{"title_version": session.title.version, "count": 3}]
    assert Count(Tally.VIOLATIONS, session.title.title_id) in bench.effects
    assert session.reason is reason


def test_a_claim_is_written_before_the_node_hears_of_it() -> None:
    bench = Bench()
    link = bench.node()
    session = bench.session()
    start = bench.to_node(StartSession, link)[0]
    assert (start.session_id, start.epoch, start.player_key) == (session.session_id, 1, "plr_a")
    assert {SaveSession, SavePlacement, AppendEvent} <= set(kinds(bench.effects))


def test_waiting_sessions_are_served_in_the_order_of_their_clicks() -> None:
    bench = Bench()
    first, second = bench.session(player=PlayerId("p1")), bench.session(player=PlayerId("p2"))
    link = bench.node(slots=1)
    assert (first.state, second.state) == (SessionState.STARTING, SessionState.QUEUED)
    bench.node_reports(link, first, PlacementState.RELEASED)
    assert second.state is SessionState.STARTING


def test_who_waits_for_room_is_told_their_place_and_every_change_of_it_once() -> None:
    bench = Bench()
    link = bench.node(slots=1)
    plays, *waiting = [bench.session(player=PlayerId(f"p{n}")) for n in range(4)]
    tabs = [bench.tab(session) for session in waiting]
    assert [session.place for session in (plays, *waiting)] == [None, 1, 2, 3]
    bench.wait(0.25)
    assert bench.to_tab(StateNews) == []

    bench.tab_says(tabs[1], Leave(end=True))
    assert bench.to_tab(StateNews, tabs[0]) == []
    assert bench.to_tab(StateNews, tabs[2]) == [StateNews(SessionState.QUEUED, Reason.NO_ROOM, place=2)]

    bench.node_reports(link, plays, PlacementState.RELEASED)
    assert bench.to_tab(StateNews, tabs[0]) == [StateNews(SessionState.STARTING)]
    assert bench.to_tab(StateNews, tabs[2]) == [StateNews(SessionState.QUEUED, Reason.NO_ROOM, place=1)]


def test_who_waits_for_something_else_than_room_has_no_place_and_takes_none() -> None:
    bench = Bench()
    early = bench.session()
    tab = bench.tab(early)
    assert (early.reason, early.place) == (Reason.NO_NODE, None)
    link = bench.node(slots=1)
    assert bench.to_tab(StateNews, tab) == [StateNews(SessionState.STARTING)]
    late = bench.session(player=PlayerId("p2"))
    assert (late.reason, late.place) == (Reason.NO_ROOM, 1)
    late_tab = bench.tab(late)
    bench.coordinator.node_gone(link, bench.now)
    bench.wait(0.25)
    assert bench.to_tab(StateNews, late_tab) == [StateNews(SessionState.QUEUED, Reason.NO_NODE)]


def test_sessions_cannot_be_started_without_end() -> None:
    bench = Bench(Limits(session_starts_per_min=4.0))
    for _ in range(2):
        bench.coordinator.end_session(bench.session().session_id, Reason.ENDED_BY_PLAYER, bench.now)
    with pytest.raises(WireError) as refused:
        bench.session()
    assert reason_of(refused) is Reason.TOO_MANY
    bench.now += 15.0
    bench.session()


def test_a_start_that_takes_too_long_ends_in_words() -> None:
    bench = Bench()
    link = bench.node()
    session = bench.session()
    tab = bench.tab(session)
    bench.node_says(link, Heartbeat(()))
    bench.now += 4.0
    bench.node_says(link, Heartbeat(()))
    limits = Limits()
    for _ in range(4):
        bench.node_says(link, Heartbeat((RunningSession(session.session_id, 1, PlacementState.PREPARING),)))
        bench.wait(limits.start_timeout_s / 4)
    assert bench.to_tab(StateNews, tab)[0].reason is Reason.START_TIMEOUT
    assert bench.to_node(EndSession, link)[0].session_id == session.session_id


def test_a_node_that_never_confirms_an_end_keeps_its_claim_but_the_player_is_told() -> None:
    bench = Bench()
    link = bench.node(slots=1)
    session = bench.session()
    bench.node_reports(link, session, PlacementState.SERVING)
    tab = bench.tab(session)
    bench.tab_says(tab, Leave(end=True))
    still = Heartbeat((RunningSession(session.session_id, 1, PlacementState.SERVING),))
    for _ in range(5):
        bench.node_says(link, still)
        assert bench.to_node(EndSession, link), "asked again"
        bench.wait(2.0)
        if session.state is SessionState.ENDED:
            break
    assert bench.to_tab(StateNews, tab)[0].reason is Reason.ENDED_BY_PLAYER
    other = bench.session()
    assert other.reason is Reason.NO_ROOM
    bench.node_says(link, Heartbeat(()))
    assert other.state is SessionState.STARTING


def pause(bench: Bench, link: LinkKey, session: Session, *, paused: bool) -> None:
    """Let the node say at once whether anybody plays."""
    bench.node_says(link, PlacementNews(session.session_id, session.epoch, PlacementState.SERVING, paused=paused))


def beat(bench: Bench, link: LinkKey, session: Session, *, paused: bool) -> SessionState:
    """Let the node's heartbeat say whether anybody plays; returns what the session is by then."""
    listed = RunningSession(session.session_id, session.epoch, PlacementState.SERVING, paused)
    bench.node_says(link, Heartbeat((listed,)))
    return session.state


def test_a_session_that_nobody_plays_is_paused_and_goes_on_and_everybody_hears_of_it() -> None:
    bench = Bench()
    session, link = running(bench)
    tab = bench.tab(session)
    for told, state in ((True, SessionState.PAUSED), (False, SessionState.RUNNING)):
        for _ in range(2):
            pause(bench, link, session, paused=told)
            assert session.state is state
            beat(bench, link, session, paused=told)
            assert (session.state, kinds(bench.effects)) == (state, []), "nothing is written that is known"
    pause(bench, link, session, paused=True)
    assert bench.to_tab(StateNews, tab) == [StateNews(SessionState.PAUSED)]
    assert [e.state for e in bench.effects if isinstance(e, SaveSession)] == [SessionState.PAUSED]
    assert [e.event for e in bench.effects if isinstance(e, AppendEvent)] == ["paused"]
    assert bench.coordinator.sessions_by_state() == {SessionState.PAUSED: 1}


def test_a_pause_whose_news_was_lost_comes_with_the_next_heartbeat_or_hello() -> None:
    bench = Bench()
    session, link = running(bench)
    assert beat(bench, link, session, paused=True) is SessionState.PAUSED
    assert beat(bench, link, session, paused=False) is SessionState.RUNNING
    bench.coordinator.node_gone(link, bench.now)
    listed = RunningSession(session.session_id, session.epoch, PlacementState.SERVING, paused=True)
    back = bench.node("node_of_plr_a", sessions=(listed,))
    assert session.state is SessionState.PAUSED
    silent = RunningSession(session.session_id, session.epoch, PlacementState.SERVING)
    bench.node_says(back, Heartbeat((silent,)))
    assert (session.state,) == (SessionState.RUNNING,), "a node that knows of no pauses has none"


def test_who_comes_to_a_paused_session_gets_a_peer() -> None:
    bench = Bench()
    session, link = running(bench)
    pause(bench, link, session, paused=True)
    tab = bench.tab(session)
    assert bench.to_tab(StateNews, tab) == [StateNews(SessionState.PAUSED)]
    bench.tab_says(tab, OpenPeer(("H264",)))
    assert len(bench.to_node(OpenNodePeer, link)) == 1
    bench.coordinator.node_gone(link, bench.now)
    listed = RunningSession(session.session_id, session.epoch, PlacementState.SERVING, paused=True)
    back = bench.node("node_of_plr_a", sessions=(listed,))
    assert len(bench.to_node(OpenNodePeer, back)) == 1, "whose offer may have been lost with the link"


def test_a_paused_session_ends_like_any_other() -> None:
    for end in ("player", "node", "loss"):
        bench = Bench()
        session, link = running(bench)
        pause(bench, link, session, paused=True)
        if end == "player":
            bench.coordinator.end_session(session.session_id, Reason.ENDED_BY_PLAYER, bench.now)
            for paused in (False, True):
                beat(bench, link, session, paused=paused)
                pause(bench, link, session, paused=paused)
                assert session.state is SessionState.ENDING
            bench.node_reports(link, session, PlacementState.RELEASED)
        elif end == "node":
            bench.node_reports(link, session, PlacementState.RELEASED)
        else:
            bench.wait(6.1)
            bench.wait(84.0)
        assert session.state is SessionState.ENDED


def test_a_session_that_starts_and_pauses_in_one_breath_has_run() -> None:
    bench = Bench()
    link = bench.node()
    session = bench.session()
    assert beat(bench, link, session, paused=True) is SessionState.PAUSED
    assert [e.event for e in bench.effects if isinstance(e, AppendEvent)] == ["running", "paused"]


def test_nobody_attends() -> None:
    bench = Bench()
    session, link = running(bench)
    beat = Heartbeat((RunningSession(session.session_id, 1, PlacementState.SERVING),))
    tab = bench.tab(session)
    bench.wait(1.0)
    for _ in range(50):
        bench.node_says(link, beat)
        bench.wait(5.0)
    assert session.state is SessionState.RUNNING
    bench.coordinator.tab_gone(tab, bench.now)
    for _ in range(24):
        bench.node_says(link, beat)
        assert session.state is SessionState.RUNNING
        bench.wait(5.0)
    assert (session.state, session.reason) == (SessionState.ENDING, Reason.ABANDONED)


def test_a_connected_peer_attends_without_a_socket() -> None:
    bench = Bench(Limits(node_lost_s=1e6))
    session, link = running(bench)
    tab = bench.tab(session)
    bench.tab_says(tab, OpenPeer(("H264",)))
    peer_id = bench.to_node(OpenNodePeer)[0].peer_id
    bench.node_says(link, NodePeerOffer(session.session_id, peer_id, "sdp"))
    offer = bench.to_tab(Offer, tab)[0]
    bench.tab_says(tab, Answer(peer_id, offer.ticket, "sdp"))
    bench.node_says(link, NodePeerState(session.session_id, peer_id, PeerState.CONNECTED))
    bench.coordinator.tab_gone(tab, bench.now)
    bench.wait(1000.0)
    assert session.state is SessionState.RUNNING
    bench.node_says(link, NodePeerState(session.session_id, peer_id, PeerState.LOST, Reason.PEER_SILENT))
    bench.wait(121.0)
    assert session.reason is Reason.ABANDONED


def test_a_peer_that_does_not_connect_is_given_up() -> None:
    bench = Bench(Limits(node_lost_s=1e6))
    session, _ = running(bench)
    tab = bench.tab(session)
    bench.tab_says(tab, OpenPeer(("H264",)))
    bench.wait(15.0)
    assert bench.to_tab(PeerNews, tab)[0].reason is Reason.CONNECT_TIMEOUT
    assert bench.to_node(CloseNodePeer)


def test_only_the_newest_offer_can_be_answered_and_only_once() -> None:
    bench = Bench()
    session, link = running(bench)
    tab = bench.tab(session)
    bench.tab_says(tab, OpenPeer(("H264",)))
    old = bench.to_node(OpenNodePeer)[0].peer_id
    bench.tab_says(tab, OpenPeer(("H264",)))
    new = bench.to_node(OpenNodePeer)[0].peer_id
    bench.node_says(link, NodePeerOffer(session.session_id, old, "late"))
    assert not bench.to_tab(Offer)
    bench.node_says(link, NodePeerOffer(session.session_id, new, "sdp"))
    ticket = bench.to_tab(Offer, tab)[0].ticket
    for peer_id, given, reason in ((old, ticket, Reason.BAD_STATE), (new, "guess", Reason.BAD_TICKET)):
        with pytest.raises(WireError) as refused:
            bench.tab_says(tab, Answer(peer_id, given, "sdp"))
        assert reason_of(refused) is reason
    bench.tab_says(tab, Answer(new, ticket, "sdp"))
    assert bench.to_node(NodePeerAnswer)[0].ticket == ticket
    with pytest.raises(WireError) as refused:
        bench.tab_says(tab, Answer(new, ticket, "sdp"))
    assert reason_of(refused) is Reason.BAD_STATE


def test_the_table_is_full_at_eight() -> None:
    bench = Bench()
    session, _ = running(bench)
    tabs = [bench.tab(session, Role.SPECTATOR) for _ in range(7)]
    with pytest.raises(WireError) as refused:
        bench.tab(session, Role.SPECTATOR)
    assert reason_of(refused) is Reason.TABLE_FULL
    bench.coordinator.tab_gone(tabs[3], bench.now)
    bench.tab(session, Role.SPECTATOR)
    numbers = [p.number for p in session.participants.values()]
    assert len(set(numbers)) == len(numbers) == 8


def test_a_broker_that_stood_still_does_not_blame_its_nodes() -> None:
    bench = Bench()
    running(bench)
    bench.now += 30.0
    bench.coordinator.excuse(29.0)
    bench.wait(0.25)
    assert bench.coordinator.nodes_by_state() == {NodeState.READY: 1}
    bench.wait(5.0)
    assert bench.coordinator.nodes_by_state() == {NodeState.LOST: 1}


def test_a_second_link_of_a_node_replaces_the_first() -> None:
    bench = Bench()
    session, link = running(bench)
    again = bench.node("node_of_plr_a", sessions=(RunningSession(session.session_id, 1, PlacementState.SERVING),))
    assert bench.closed() == [(link, 4000)]
    assert session.state is SessionState.RUNNING
    assert not bench.node_reports(link, session, PlacementState.RELEASED), "the old link is deaf"
    bench.coordinator.node_gone(link, bench.now)
    bench.wait(3.0)
    bench.node_reports(again, session, PlacementState.RELEASED)
    assert bench.coordinator.session(session.session_id) is None


def test_a_start_that_was_lost_with_the_link_is_sent_again() -> None:
    bench = Bench()
    link = bench.node()
    session = bench.session()
    bench.coordinator.node_gone(link, bench.now)
    again = bench.node()
    assert bench.to_node(StartSession, again)[0].epoch == session.epoch == 1


def test_a_session_that_heartbeats_no_longer_list_is_over() -> None:
    bench = Bench()
    session, link = running(bench)
    bench.node_says(link, Heartbeat(()))
    assert session.state is SessionState.RUNNING
    bench.node_says(link, Heartbeat(()))
    assert (session.state, session.reason) == (SessionState.ENDED, Reason.WORKER_LOST)


def test_a_lost_serving_news_heals_with_the_heartbeat() -> None:
    bench = Bench()
    link = bench.node()
    session = bench.session()
    bench.node_says(link, Heartbeat((RunningSession(session.session_id, 1, PlacementState.SERVING),)))
    assert session.state is SessionState.RUNNING


class TestLyingNodes:
    """A node that lies is refused, and other sessions do not notice."""

    def test_figures_of_another_nodes_session(self) -> None:
        bench = Bench()
        victim, link = running(bench)
        liar = bench.node("node_liar")
        listed = (RunningSession(victim.session_id, 1, PlacementState.SERVING),)
        true, false = (SessionFigures(victim.session_id, 1, fps, 8e6, 4.0, 6.0) for fps in (60.0, 1.0))
        bench.node_says(link, Heartbeat(listed, figures=(true,)))
        bench.node_says(liar, Heartbeat((), figures=(false,)))
        assert victim.placement is not None
        assert victim.placement.figures == true

    @pytest.mark.parametrize("state", list(PlacementState))
    def test_news_of_another_nodes_session(self, state: PlacementState) -> None:
        bench = Bench()
        victim, _ = running(bench)
        liar = bench.node("node_liar")
        with pytest.raises(WireError) as refused:
            bench.node_reports(liar, victim, state)
        assert reason_of(refused) is Reason.FORBIDDEN
        assert victim.state is SessionState.RUNNING

    @pytest.mark.parametrize(
        "message",
        [
            NodePeerOffer("SESSION", "PEER", "evil sdp"),
            NodePeerState("SESSION", "PEER", PeerState.LOST),
        ],
    )
    def test_messages_about_a_foreign_peer(self, message: NodePeerOffer | NodePeerState) -> None:
        bench = Bench()
        victim, _ = running(bench)
        tab = bench.tab(victim)
        bench.tab_says(tab, OpenPeer(("VP8",)))
        peer_id = bench.to_node(OpenNodePeer)[0].peer_id
        own, liar = running(bench, "plr_b")
        for session_id in (own.session_id, victim.session_id):
            with pytest.raises(WireError) as refused:
                bench.node_says(liar, replace(message, session_id=session_id, peer_id=peer_id))
            assert reason_of(refused) is Reason.FORBIDDEN
            assert not bench.effects

    @pytest.mark.parametrize("state", [PlacementState.PREPARING, PlacementState.SUPERSEDED, PlacementState.LOST])
    def test_states_that_a_node_may_not_report(self, state: PlacementState) -> None:
        bench = Bench()
        session, link = running(bench)
        with pytest.raises(WireError) as refused:
            bench.node_reports(link, session, state)
        assert reason_of(refused) is Reason.BAD_STATE
        assert session.state is SessionState.RUNNING

    def test_a_peer_cannot_connect_before_the_tab_answered(self) -> None:
        bench = Bench()
        session, link = running(bench)
        tab = bench.tab(session)
        bench.tab_says(tab, OpenPeer(("VP8",)))
        peer_id = bench.to_node(OpenNodePeer)[0].peer_id
        with pytest.raises(WireError) as refused:
            bench.node_says(link, NodePeerState(session.session_id, peer_id, PeerState.CONNECTED))
        assert reason_of(refused) is Reason.BAD_STATE

    def test_wrong_epochs_and_unknown_sessions_are_told_to_end(self) -> None:
        bench = Bench()
        session, link = running(bench)
        bench.node_says(link, PlacementNews(session.session_id, 9, PlacementState.SERVING))
        assert bench.to_node(EndSession, link)[0].epoch == 9
        bench.node_says(link, PlacementNews(STRANGER, 1, PlacementState.SERVING))
        assert bench.to_node(EndSession, link)[0].session_id == STRANGER
        bench.node_says(link, PlacementNews(session.session_id, 9, PlacementState.RELEASED))
        assert session.state is SessionState.RUNNING

    def test_claiming_anothers_session_in_a_hello_or_heartbeat_changes_nothing(self) -> None:
        bench = Bench()
        victim, _ = running(bench)
        listed = RunningSession(victim.session_id, 1, PlacementState.RELEASED)
        serving = RunningSession(victim.session_id, 1, PlacementState.SERVING)
        liar = bench.node("node_liar", sessions=(listed,))
        bench.node_says(liar, Heartbeat((listed,)))
        assert victim.state is SessionState.RUNNING
        bench.node_says(liar, Heartbeat((serving, RunningSession("not an id", 1, PlacementState.SERVING))))
        assert [m.session_id for m in bench.to_node(EndSession)] == [victim.session_id]
        bench.coordinator.node_gone(liar, bench.now)
        bench.wait(2.0)
        assert victim.state is SessionState.RUNNING

    def test_a_second_hello_is_refused(self) -> None:
        bench = Bench()
        _, link = running(bench)
        with pytest.raises(WireError) as refused:
            bench.node_says(link, hello())
        assert reason_of(refused) is Reason.BAD_STATE


def test_a_tabs_second_hello_is_refused_and_a_gone_tab_is_not_heard() -> None:
    bench = Bench()
    session, _ = running(bench)
    tab = bench.tab(session)
    with pytest.raises(WireError):
        bench.tab_says(tab, TabHello(ProtocolRange()))
    bench.tab(session)
    assert not bench.tab_says(tab, Leave(end=True))
    assert session.state is SessionState.RUNNING


def test_a_players_bound_on_the_picture_reaches_the_node_at_once_and_with_every_later_peer() -> None:
    bench = Bench()
    session, link = running(bench)
    tab = bench.tab(session)
    bench.tab_says(tab, SetQuality(2_500_000))
    who = session.host.participant_id
    assert bench.to_node(SetNodeQuality, link) == [SetNodeQuality(session.session_id, who, 2_500_000)]
    bench.tab_says(tab, OpenPeer(("H264",)))
    assert [ask.video_max_bps for ask in bench.to_node(OpenNodePeer, link)] == [2_500_000]
    bench.tab_says(tab, SetQuality(None))
    assert bench.to_node(SetNodeQuality, link) == [SetNodeQuality(session.session_id, who, None)]


@pytest.mark.parametrize("protocol", [1, 3])
def test_the_node_hears_what_each_tab_speaks(protocol: int) -> None:
    bench = Bench()
    session, link = running(bench)
    bench.tab_says(bench.tab(session, protocol=2), OpenPeer(("H264",)))
    bench.tab_says(bench.tab(session, protocol=protocol), OpenPeer(("H264",)))
    assert [ask.tab_protocol for ask in bench.to_node(OpenNodePeer, link)] == [protocol], "the tab that took over"


def test_a_bound_is_kept_for_a_session_that_has_no_node_yet_and_is_not_a_spectators() -> None:
    bench = Bench()
    session = bench.session()
    bench.tab_says(bench.tab(session), SetQuality(4_000_000))
    assert bench.to_node(SetNodeQuality) == []
    assert session.host.video_max_bps == 4_000_000
    with pytest.raises(WireError) as refused:
        bench.tab_says(bench.tab(session, Role.SPECTATOR), SetQuality(100_000))
    assert reason_of(refused) is Reason.FORBIDDEN


def test_the_node_is_told_what_was_set_for_a_session() -> None:
    bench = Bench()
    link = bench.node()
    card = bench.titles[TitleId("testcard")]
    bench.titles[card.title_id] = replace(card, options=(SessionOption("level", variable="LEVEL"),))
    bench.coordinator.create_session(PlayerId("plr_a"), "testcard", bench.now, options={"level": "2"})
    bench.drain()
    (told,) = bench.to_node(StartSession, link)
    assert told.options == (ChosenOption("level", "2"),)
