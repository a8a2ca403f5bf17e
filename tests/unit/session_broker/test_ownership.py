"""Sessions and nodes of several replicas, as one replica's core sees them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from session_broker.core.effects import (
    AppendEvent,
    DetachTab,
    HandOver,
    LinkKey,
    NodeOffer,
    ReplicaId,
    SaveNode,
    SaveSession,
    WatchMedia,
)
from session_broker.core.node_table import NodeState
from session_broker.core.queue import Waiting
from session_broker.core.records import DistantNode, Limits, Node
from session_broker.core.waiting import THOUGHT_OF_S
from session_broker.io.session_rows import catalogue_title
from tests.support.coordinator_bench import ALL_TITLES, Bench
from tests.support.fake_node import capacity, hello
from wire.errors import Reason, WireError
from wire.ids import NodeId, PlayerId, SessionId, TenantId, TitleId
from wire.node_control import Heartbeat, OpenNodePeer, RunningSession, StartSession
from wire.session_control import SessionState, Welcome
from wire.title_manifest import KINDS, TitleManifest
from wire.title_release import Release
from wire.version import PROTOCOL_MAX
from wire.worker_control import PlacementState

OTHER = ReplicaId("rep_other")


def distant(name: str = "node_far", *, slots: int = 2, claims: int = 0, ready: bool = True) -> DistantNode:
    offer = NodeOffer(capacity(slots), ALL_TITLES)
    return DistantNode(NodeId(name), OTHER, name, NodeState.READY, ready, False, slots, claims, offer)


def see(bench: Bench, *nodes: DistantNode) -> None:
    bench.coordinator.see_distant(nodes, bench.now)
    bench.drain()


def test_a_session_is_handed_to_the_home_of_the_node_that_has_room() -> None:
    bench = Bench()
    see(bench, distant())
    session, _ = bench.coordinator.create_session(PlayerId("plr_a"), "testcard", bench.now)
    effects = bench.drain()
    (given,) = (e for e in effects if isinstance(e, HandOver))
    assert (given.session_id, given.to) == (session.session_id, OTHER)
    assert effects.index(given) > max(n for n, e in enumerate(effects) if isinstance(e, SaveSession | AppendEvent))
    assert bench.coordinator.session(session.session_id) is None


def test_slots_are_counted_where_their_node_is() -> None:
    bench = Bench()
    bench.node(slots=3)
    bench.session()
    see(bench, distant(slots=2, claims=2))
    assert bench.coordinator.slots() == (3, 1), "all replicas together count each slot once"


def test_its_tabs_follow_a_session_that_is_handed_over() -> None:
    bench = Bench()
    session = bench.session()
    tab = bench.tab(session)
    see(bench, distant(ready=False))
    bench.coordinator.see_distant([distant()], bench.now)
    assert DetachTab(tab) in bench.drain()


def test_what_was_sent_after_one_slot_counts_until_the_rows_say_so() -> None:
    bench = Bench()
    see(bench, distant(slots=1))
    first = bench.session(player=PlayerId("plr_a"))
    second = bench.session(player=PlayerId("plr_b"))
    assert bench.coordinator.session(first.session_id) is None
    assert second.state is SessionState.QUEUED
    assert second.reason is Reason.NO_ROOM
    see(bench, distant(slots=1, claims=0))
    assert bench.coordinator.session(second.session_id) is None


def test_a_distant_node_serves_a_kind_that_the_catalogue_got_later() -> None:
    bench = Bench()
    chess = catalogue_title(TitleManifest("chess", "1.0.0", "native", "chess", {"en": "Chess"}))
    offer = NodeOffer(replace(capacity(2), title_kinds=KINDS, fetches_titles=True), ALL_TITLES)
    node = replace(distant(), offer=offer)
    see(bench, node)
    release = Release("chess", "1.0.0", "a" * 64, 1, "b" * 64, "c" * 128)
    bench.titles[TitleId("chess")] = replace(chess, release=release)
    see(bench, node)
    bench.coordinator.create_session(PlayerId("plr_a"), "chess", bench.now)
    assert [e.to for e in bench.drain() if isinstance(e, HandOver)] == [OTHER]


def test_a_session_that_came_over_is_placed_here_though_there_is_room_elsewhere() -> None:
    giver, bench = Bench(), Bench()
    given = giver.session()
    giver.coordinator.let_go_session(given.session_id)
    link = bench.node(slots=4)
    see(bench, distant(slots=8, claims=7))
    bench.coordinator.take_handed_over(given, bench.now)
    bench.drain()
    assert [m.session_id for m in bench.to_node(StartSession, link)] == [given.session_id]


def test_one_that_finds_no_room_any_more_goes_on_or_waits() -> None:
    giver, bench = Bench(), Bench()
    bench.node(slots=0)
    given = giver.session()
    giver.coordinator.let_go_session(given.session_id)
    bench.coordinator.take_handed_over(given, bench.now)
    bench.drain()
    assert (given.state, given.reason) == (SessionState.QUEUED, Reason.NO_ROOM)


def test_nobody_of_ours_takes_the_room_of_who_comes_before_with_another_replica() -> None:
    bench = Bench()
    mine = bench.session()
    ahead = Waiting(SessionId("ses_ahead"), PlayerId("plr_z"), TitleId("testcard"), 0)
    bench.coordinator.see_queue([ahead], {}, bench.now)
    bench.drain()
    bench.node(slots=1)
    assert (mine.state, mine.reason, mine.place) == (SessionState.QUEUED, Reason.NO_ROOM, 2)
    assert [entry.session_id for entry, _ in bench.coordinator.queue(bench.now)] == ["ses_ahead", mine.session_id]
    bench.coordinator.see_queue([], {}, bench.now)
    bench.drain()
    assert mine.state is SessionState.STARTING


def test_rows_that_still_call_a_session_of_ours_waiting_are_not_believed() -> None:
    bench = Bench()
    link = bench.node(slots=1)
    mine = bench.session()
    bench.node_reports(link, mine, PlacementState.SERVING)
    waiting = bench.session(player=PlayerId("plr_b"))
    see(bench, distant())
    late = Waiting(mine.session_id, mine.player_id, TitleId("testcard"), 0)
    bench.coordinator.see_queue([late], {}, bench.now)
    bench.drain()
    assert mine.state is SessionState.RUNNING
    assert bench.coordinator.session(mine.session_id) is mine
    assert [entry.session_id for entry, _ in bench.coordinator.queue(bench.now)] in ([], [waiting.session_id])


def test_room_is_kept_for_another_replicas_session_for_a_while_only() -> None:
    bench = Bench(Limits(node_lost_s=1e6))
    mine = bench.session()
    ahead = Waiting(SessionId("ses_ahead"), PlayerId("plr_z"), TitleId("testcard"), 0)
    bench.coordinator.see_queue([ahead], {}, bench.now)
    bench.node(slots=1)
    states = []
    for seconds in (THOUGHT_OF_S - 0.5, 1.0):
        bench.wait(seconds)
        states.append(mine.state)
    assert states == [SessionState.QUEUED, SessionState.STARTING]


def test_room_that_was_kept_in_thought_is_neither_claimed_nor_freed_by_it() -> None:
    bench = Bench()
    ahead = Waiting(SessionId("ses_ahead"), PlayerId("plr_z"), TitleId("testcard"), 0)
    bench.coordinator.see_queue([ahead], {}, bench.now)
    bench.node(slots=2)
    sessions = [bench.session(player=PlayerId(f"plr_{name}")) for name in "abc"]
    assert [each.state for each in sessions].count(SessionState.STARTING) == 1
    bench.coordinator.see_queue([], {}, bench.now)
    bench.drain()
    assert [each.state for each in sessions].count(SessionState.STARTING) == 2
    assert bench.coordinator.slots() == (2, 2)


def test_a_node_that_moves_away_takes_its_sessions_and_frees_nothing_here() -> None:
    bench = Bench()
    link = bench.node(slots=1)
    session = bench.session()
    bench.node_reports(link, session, PlacementState.SERVING)
    tab = bench.tab(session)
    assert bench.coordinator.let_go_node(NodeId("node_a")) == link
    assert bench.drain() == [DetachTab(tab)]
    assert list(bench.coordinator.live_sessions()) == []
    assert bench.session(player=PlayerId("plr_b")).state is SessionState.QUEUED
    bench.coordinator.node_gone(link, bench.now)
    assert bench.drain() == []


def test_a_session_whose_node_is_not_here_is_left_and_comes_with_its_node() -> None:
    giver, bench = Bench(), Bench()
    giver.node(slots=1)
    session, waiting = giver.session(), giver.session(player=PlayerId("plr_b"))
    bench.coordinator.take_over((), [session, waiting], bench.now)
    assert bench.coordinator.session(session.session_id) is None
    assert bench.coordinator.session(waiting.session_id) is waiting
    bench.wait(1.0)
    node = Node(NodeId("node_a"), TenantId("ten_a"), "node_a", 2)
    bench.coordinator.take_over([node], [session], bench.now)
    assert bench.coordinator.session(session.session_id) is session


def test_a_faulty_session_holds_up_no_deadlines_but_its_own() -> None:
    bench = Bench(Limits(abandon_s=30.0))
    faulty, sound = bench.session(player=PlayerId("plr_a")), bench.session(player=PlayerId("plr_b"))
    faulty.participants = None  # type: ignore[assignment]
    with pytest.raises(ExceptionGroup):
        bench.wait(31.0)
    assert bench.coordinator.session(sound.session_id) is None, "abandoned"
    ended = {e.session_id for e in bench.drain() if isinstance(e, SaveSession) and e.state is SessionState.ENDED}
    assert ended == {sound.session_id}


def test_a_tab_that_followed_gets_what_it_had_asked_for() -> None:
    giver, bench = Bench(), Bench()
    link = giver.node()
    session = giver.session()
    giver.node_reports(link, session, PlacementState.SERVING)
    giver.coordinator.let_go_node(NodeId("node_a"))
    node = Node(NodeId("node_a"), TenantId("ten_a"), "node_a", 2)
    bench.coordinator.take_over([node], [session], bench.now)
    bench.drain()
    tab = bench.tab(session)
    assert len(bench.to_tab(Welcome, tab)) == 1
    bench.coordinator.rejoin(tab, ("H264",), None, bench.now)
    bench.drain()
    assert bench.to_node(OpenNodePeer) == [], "its node is not here yet"
    serving = RunningSession(session.session_id, session.epoch, PlacementState.SERVING)
    back = bench.node(sessions=(serving,))
    assert len(bench.to_node(OpenNodePeer, back)) == 1


def test_while_a_node_is_silent_the_reports_of_its_tabs_are_asked_for() -> None:
    bench = Bench()
    link = bench.node()
    session = bench.session()
    tab = bench.tab(session)
    bench.coordinator.node_gone(link, bench.now)
    assert WatchMedia(tab) in bench.drain()


def test_a_slot_that_was_waited_for_is_given_up_when_nobody_comes() -> None:
    bench = Bench(Limits(reserve_s=30.0, node_lost_s=1e6))
    session = bench.session()
    link = bench.node()
    bench.node_reports(link, session, PlacementState.SERVING)
    bench.wait(29.0)
    assert session.state is SessionState.RUNNING
    bench.wait(2.0)
    assert (session.state, session.reason) == (SessionState.ENDING, Reason.ABANDONED)


def test_who_comes_in_time_keeps_the_slot() -> None:
    bench = Bench(Limits(reserve_s=30.0, node_lost_s=1e6))
    session = bench.session()
    link = bench.node()
    bench.node_reports(link, session, PlacementState.SERVING)
    tab = bench.tab(session)
    bench.coordinator.tab_gone(tab, bench.now)
    bench.wait(60.0)
    assert session.state is SessionState.RUNNING


def test_who_waited_with_a_tab_may_leave_as_long_as_anybody() -> None:
    bench = Bench(Limits(reserve_s=30.0, abandon_s=120.0, node_lost_s=1e6))
    session = bench.session()
    tab = bench.tab(session)
    link = bench.node()
    bench.node_reports(link, session, PlacementState.SERVING)
    bench.wait(60.0)
    bench.coordinator.tab_gone(tab, bench.now)
    bench.wait(119.0)
    assert session.state is SessionState.RUNNING
    bench.wait(2.0)
    assert (session.state, session.reason) == (SessionState.ENDING, Reason.ABANDONED)


def test_a_place_is_full_by_the_sessions_of_all_replicas() -> None:
    bench = Bench(Limits(sessions_per_tenant=3))
    bench.session()
    bench.coordinator.see_queue([], {PlayerId("plr_x"): 2}, bench.now)
    with pytest.raises(WireError) as refused:
        bench.coordinator.create_session(PlayerId("plr_b"), "testcard", bench.now)
    assert refused.value.reason is Reason.TOO_MANY_SESSIONS
    with pytest.raises(WireError) as refused:
        Bench().coordinator.create_session(PlayerId("plr_b"), "testcard", 0.0, elsewhere=[None] * 4)
    assert refused.value.reason is Reason.TOO_MANY_SESSIONS


def test_a_raised_session_goes_first() -> None:
    bench = Bench()
    first, second = bench.session(player=PlayerId("plr_a")), bench.session(player=PlayerId("plr_b"))
    bench.coordinator.set_priority(second.session_id, 1, bench.now)
    bench.drain()
    bench.node(slots=1)
    assert (first.state, second.state) == (SessionState.QUEUED, SessionState.STARTING)
    with pytest.raises(WireError) as refused:
        bench.coordinator.set_priority(first.session_id, 10, bench.now)
    assert refused.value.reason is Reason.MALFORMED


def test_a_distant_node_that_has_the_archive_comes_before_one_of_ours_that_would_fetch_it() -> None:
    bench = Bench()
    release = Release("chess", "1.0.0", "a" * 64, 5000, "b" * 64, "c" * 128)
    chess = catalogue_title(TitleManifest("chess", "1.0.0", "pygame", "chess.py", {"en": "Chess"}), release)
    bench.titles[TitleId("chess")] = chess
    fetching = replace(capacity(2), fetches_titles=True)
    ours = replace(hello(slots=2), capacity=fetching)
    bench.coordinator.node_joined(
        LinkKey(99), NodeId("node_ours"), ours, protocol=PROTOCOL_MAX, key=None, now=bench.now
    )
    see(bench, replace(distant(), offer=NodeOffer(fetching, ALL_TITLES, archives=("a" * 64,))))
    bench.coordinator.create_session(PlayerId("plr_a"), "chess", bench.now)
    effects = bench.drain()
    assert [e.to for e in effects if isinstance(e, HandOver)] == [OTHER]
    assert [e.data for e in effects if isinstance(e, AppendEvent) and e.event == "placement"] == [
        {"node_id": "node_far", "refused": {}}
    ]
    effects = bench.node_says(LinkKey(99), Heartbeat((), archives=("a" * 64, "no digest")))
    (written,) = (e for e in effects if isinstance(e, SaveNode))
    assert written.offer is not None
    assert (written.offer.archives, written.offer.capacity) == (("a" * 64,), fetching)
    assert not any(isinstance(e, SaveNode) for e in bench.node_says(LinkKey(99), Heartbeat(())))
    see(bench)
    bench.coordinator.create_session(PlayerId("plr_b"), "chess", bench.now)
    assert not any(isinstance(e, HandOver) for e in bench.drain())


def test_what_a_node_has_to_fetch_is_written_down_with_why_it_was_chosen() -> None:
    bench = Bench()
    release = Release("chess", "1.0.0", "a" * 64, 5000, "b" * 64, "c" * 128)
    chess = catalogue_title(TitleManifest("chess", "1.0.0", "pygame", "chess.py", {"en": "Chess"}), release)
    bench.titles[TitleId("chess")] = chess
    see(bench, replace(distant(), offer=NodeOffer(replace(capacity(2), fetches_titles=True), ALL_TITLES)))
    bench.coordinator.create_session(PlayerId("plr_a"), "chess", bench.now)
    (data,) = (e.data for e in bench.drain() if isinstance(e, AppendEvent) and e.event == "placement")
    assert data == {"node_id": "node_far", "refused": {}, "bytes_to_fetch": 5000}
