"""Nodes that are lost: tabs arbitrate, games begin anew elsewhere, and nothing is served twice."""

from __future__ import annotations

import pytest

from session_broker.core.effects import AppendEvent, Count, LinkKey, SavePlacement, TabKey, Tally
from session_broker.core.node_loss import PLACEMENTS_MAX
from session_broker.core.node_table import NodeState
from session_broker.core.records import Limits, Session
from tests.support.coordinator_bench import Bench
from wire.errors import Reason, WireError
from wire.node_control import EndSession, NodePeerState, OpenNodePeer, PlacementNews, RunningSession, StartSession
from wire.session_control import MediaReport, OpenPeer, PeerState, Role, SessionState, StateNews
from wire.worker_control import PlacementState


def playing(bench: Bench) -> tuple[Session, LinkKey, TabKey]:
    """Return a session that runs on ``node_a``, that node's link, and the player's tab."""
    link = bench.node("node_a")
    session = bench.session()
    tab = bench.tab(session)
    bench.node_reports(link, session, PlacementState.SERVING)
    bench.wait(3.0)
    return session, link, tab


def lose_node(bench: Bench, link: LinkKey) -> None:
    bench.coordinator.node_gone(link, bench.now)
    bench.drain()
    bench.wait(1.5)


def told(bench: Bench, tab: TabKey) -> list[tuple[SessionState, Reason | None]]:
    return [(news.state, news.reason) for news in bench.to_tab(StateNews, tab)]


def test_a_game_on_a_dead_node_begins_anew_on_another_and_its_player_is_told() -> None:
    bench = Bench()
    session, link, tab = playing(bench)
    other = bench.node("node_b")
    lose_node(bench, link)
    assert told(bench, tab) == [(SessionState.QUEUED, Reason.NODE_LOST), (SessionState.STARTING, None)]
    start = bench.to_node(StartSession, other)[0]
    assert (start.session_id, start.epoch) == (session.session_id, 2)
    placements = [(e.epoch, e.node_id, e.state) for e in bench.effects if isinstance(e, SavePlacement)]
    assert placements == [(1, "node_a", PlacementState.LOST), (2, "node_b", PlacementState.PREPARING)]
    events = [(e.event, e.reason) for e in bench.effects if isinstance(e, AppendEvent)]
    assert events == [("queued", Reason.NODE_LOST), ("placement", None), ("starting", None)]
    assert Count(Tally.SESSION_RESTART, "node_lost") in bench.effects
    bench.tab_says(tab, OpenPeer(("H264",)))
    bench.node_reports(other, session, PlacementState.SERVING)
    assert session.state is SessionState.RUNNING
    assert bench.to_node(OpenNodePeer, other)


def test_a_game_that_ended_while_its_node_had_no_link_does_not_begin_anew() -> None:
    bench = Bench()
    session, link, tab = playing(bench)
    bench.coordinator.node_gone(link, bench.now)
    bench.drain()
    bench.node("node_b")
    back = bench.node("node_a", sessions=(RunningSession(session.session_id, 1, PlacementState.RELEASED),))
    assert told(bench, tab) == []
    crash = PlacementNews(session.session_id, 1, PlacementState.RELEASED, Reason.TITLE_CRASHED, "last words")
    bench.node_says(back, crash)
    assert [(news.state, news.reason, news.detail) for news in bench.to_tab(StateNews, tab)] == [
        (SessionState.ENDED, Reason.TITLE_CRASHED, "last words")
    ]
    assert [dict(node.claims) for node in bench.coordinator.known_nodes()] == [{}, {}]
    # A node whose connection broke cannot know what arrived, and says it again.
    bench.coordinator.node_gone(back, bench.now)
    back = bench.node("node_a", sessions=(RunningSession(session.session_id, 1, PlacementState.RELEASED),))
    bench.node_says(back, crash)
    assert [dict(node.claims) for node in bench.coordinator.known_nodes()] == [{}, {}]


def test_why_a_game_ended_that_began_anew_elsewhere_meanwhile_comes_too_late_and_is_no_lie() -> None:
    bench = Bench()
    session, link, _ = playing(bench)
    lose_node(bench, link)
    other = bench.node("node_b")
    bench.node_reports(other, session, PlacementState.SERVING)
    back = bench.node("node_a", sessions=(RunningSession(session.session_id, 1, PlacementState.RELEASED),))
    bench.node_says(back, PlacementNews(session.session_id, 1, PlacementState.RELEASED, Reason.TITLE_CRASHED))
    assert (session.state, session.epoch) == (SessionState.RUNNING, 2)
    assert [dict(node.claims) for node in bench.coordinator.known_nodes()] == [{}, {session.session_id: 2}]


def test_without_the_news_that_it_ended_a_game_begins_anew() -> None:
    bench = Bench()
    session, link, tab = playing(bench)
    bench.coordinator.node_gone(link, bench.now)
    first = bench.node("node_a", sessions=(RunningSession(session.session_id, 1, PlacementState.RELEASED),))
    bench.coordinator.node_gone(first, bench.now)
    # The agent was started anew meanwhile and knows of nothing.
    bench.drain()
    bench.node("node_a")
    heard = told(bench, tab)
    assert (heard[0], heard[-1]) == ((SessionState.QUEUED, Reason.NODE_LOST), (SessionState.STARTING, None))


def test_a_node_that_returns_late_is_told_to_end_what_was_taken_from_it() -> None:
    bench = Bench()
    session, link, _ = playing(bench)
    other = bench.node("node_b")
    lose_node(bench, link)
    stale = RunningSession(session.session_id, 1, PlacementState.SERVING)
    back = bench.node("node_a", sessions=(stale,))
    ended = bench.to_node(EndSession, back)[0]
    assert (ended.session_id, ended.epoch, ended.reason) == (session.session_id, 1, Reason.SUPERSEDED)
    bench.node_reports(other, session, PlacementState.SERVING)
    assert (session.state, session.epoch) == (SessionState.RUNNING, 2)


def test_without_room_elsewhere_it_waits_before_all_who_came_later() -> None:
    bench = Bench()
    session, link, tab = playing(bench)
    lose_node(bench, link)
    assert told(bench, tab)[0] == (SessionState.QUEUED, Reason.NODE_LOST)
    later = bench.session(player=type(session.player_id)("plr_b"))
    other = bench.node("node_b", slots=1)
    assert [m.session_id for m in bench.to_node(StartSession, other)] == [session.session_id]
    assert later.state is SessionState.QUEUED


def test_a_game_that_was_just_starting_begins_anew_though_its_tab_is_not_here_yet() -> None:
    bench = Bench()
    link = bench.node("node_a")
    session = bench.session()
    other = bench.node("node_b")
    lose_node(bench, link)
    assert bench.to_node(StartSession, other)[0].epoch == 2
    assert session.state is SessionState.STARTING


@pytest.mark.parametrize("silent_s", [0.0, 3.0])
def test_a_tab_that_gets_pictures_keeps_its_silent_node(silent_s: float) -> None:
    bench = Bench()
    session, link, tab = playing(bench)
    bench.node("node_b")
    bench.coordinator.node_gone(link, bench.now)
    for _ in range(300):
        bench.wait(0.5)
        bench.tab_says(tab, MediaReport("peer", 9, int(silent_s * 1000)))
    plays_on = silent_s == 0.0
    assert session.epoch == (1 if plays_on else 2)
    back = bench.node("node_a", sessions=(RunningSession(session.session_id, 1, PlacementState.SERVING),))
    assert bool(bench.to_node(EndSession, back)) is not plays_on


def test_once_the_pictures_stop_it_is_taken_from_its_silent_node() -> None:
    bench = Bench(Limits(node_lost_s=1e6))
    session, link, tab = playing(bench)
    bench.node("node_b")
    bench.coordinator.node_gone(link, bench.now)
    for _ in range(10):
        bench.wait(1.0)
        bench.tab_says(tab, MediaReport("peer", 9, 0))
    assert session.epoch == 1
    bench.wait(2.1)
    assert session.epoch == 2


def test_a_tab_that_has_just_come_may_first_say_what_it_sees() -> None:
    bench = Bench(Limits(node_lost_s=1e6))
    session, link, tab = playing(bench)
    bench.node("node_b")
    bench.coordinator.tab_gone(tab, bench.now)
    lose_node(bench, link)
    bench.wait(20.0)
    assert session.epoch == 1
    tab = bench.tab(session)
    bench.wait(1.5)
    assert session.epoch == 1
    bench.tab_says(tab, MediaReport("peer", 9, 100))
    bench.wait(1.0)
    assert session.epoch == 1
    bench.wait(1.5)
    assert session.epoch == 2


def test_while_no_player_is_here_the_lease_must_run_out_and_nobody_is_given_a_new_game() -> None:
    bench = Bench(Limits(abandon_s=1e6))
    session, link, tab = playing(bench)
    other = bench.node("node_b")
    bench.tab(session, Role.SPECTATOR)
    bench.coordinator.tab_gone(tab, bench.now)
    lose_node(bench, link)
    bench.wait(88.4)
    assert session.state is SessionState.RUNNING
    bench.wait(0.2)
    assert (session.state, session.reason) == (SessionState.ENDED, Reason.NODE_LOST)
    assert not bench.to_node(StartSession, other)


def test_silence_on_an_open_socket_loses_the_node() -> None:
    bench = Bench()
    session, link, _ = playing(bench)
    bench.wait(2.9)
    assert session.state is SessionState.RUNNING
    bench.wait(0.2)
    assert (session.state, session.reason) == (SessionState.QUEUED, Reason.NO_NODE)
    assert bench.closed() == [(link, 4000)]
    assert bench.coordinator.nodes_by_state() == {NodeState.LOST: 1}


@pytest.mark.parametrize("linked", [True, False])
def test_a_node_that_comes_back_without_the_session_starts_it_anew(linked: bool) -> None:
    bench = Bench()
    session, link, tab = playing(bench)
    if not linked:
        bench.coordinator.node_gone(link, bench.now)
    back = bench.node("node_a", slots=1)
    assert (told(bench, tab)[0], told(bench, tab)[-1]) == (
        (SessionState.QUEUED, Reason.NODE_LOST), (SessionState.STARTING, None),
    )  # fmt: skip
    assert [m.epoch for m in bench.to_node(StartSession, back)] == [2]
    assert [dict(node.claims) for node in bench.coordinator.known_nodes()] == [{session.session_id: 2}]


def test_a_game_that_was_to_end_does_not_begin_anew() -> None:
    bench = Bench()
    session, link, _ = playing(bench)
    bench.node("node_b")
    bench.coordinator.end_session(session.session_id, Reason.ENDED_BY_PLAYER, bench.now)
    lose_node(bench, link)
    assert (session.state, session.reason) == (SessionState.ENDED, Reason.ENDED_BY_PLAYER)


def test_a_title_that_takes_its_nodes_down_does_not_go_through_the_fleet() -> None:
    bench = Bench()
    session, link, _ = playing(bench)
    for number in range(2, PLACEMENTS_MAX + 1):
        name = f"node_{number}"
        other = bench.node(name)
        lose_node(bench, link)
        assert (session.state, session.epoch) == (SessionState.STARTING, number)
        bench.node_reports(other, session, PlacementState.SERVING)
        link = other
    other = bench.node("node_last")
    lose_node(bench, link)
    assert (session.state, session.reason) == (SessionState.ENDED, Reason.NODE_LOST)
    assert not bench.to_node(StartSession, other)


def test_what_a_node_says_late_of_a_session_that_was_taken_from_it_is_no_lie() -> None:
    bench = Bench()
    session, link, _ = playing(bench)
    lose_node(bench, link)
    other = bench.node("node_b")
    bench.node_reports(other, session, PlacementState.SERVING)
    stale = RunningSession(session.session_id, 1, PlacementState.SERVING)
    back = bench.node("node_a", sessions=(stale,))
    bench.node_says(back, NodePeerState(session.session_id, "peer_" + "a" * 24, PeerState.LOST))
    bench.node_says(back, PlacementNews(session.session_id, 1, PlacementState.SERVING))
    assert bench.to_node(EndSession, back)
    bench.node_says(back, PlacementNews(session.session_id, 1, PlacementState.RELEASED))
    assert [dict(n.claims) for n in bench.coordinator.known_nodes()] == [{}, {session.session_id: 2}]
    with pytest.raises(WireError) as refused:
        bench.node_says(back, PlacementNews(session.session_id, 2, PlacementState.RELEASED))
    assert refused.value.reason is Reason.FORBIDDEN
    assert session.state is SessionState.RUNNING
