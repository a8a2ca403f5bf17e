"""What sessions that wait are told of the fleet."""

from __future__ import annotations

from dataclasses import replace

from session_broker.core.fleet import Needs
from session_broker.core.pools.records import Outlook, Want
from tests.support.coordinator_bench import Bench
from wire.errors import Reason
from wire.ids import PlayerId, TitleId
from wire.session_control import Coming, SessionState, StateNews
from wire.worker_control import PlacementState

QUEUED, STARTING = SessionState.QUEUED, {Want(): Coming.STARTING}


def see(bench: Bench, outlook: Outlook) -> None:
    bench.coordinator.see_outlook(outlook, bench.now)
    bench.drain()


def test_where_no_machine_is_there_who_waits_is_in_a_queue_as_soon_as_one_is_being_started() -> None:
    bench = Bench()
    first, second = (bench.session(player=PlayerId(name)) for name in "ab")
    tabs = [bench.tab(session) for session in (first, second)]
    assert (first.reason, first.place, first.coming) == (Reason.NO_NODE, None, None)
    see(bench, STARTING)
    assert bench.to_tab(StateNews, tabs[1]) == [StateNews(QUEUED, Reason.NO_NODE, place=2, coming=Coming.STARTING)]
    see(bench, STARTING)
    assert bench.to_tab(StateNews) == [], "once"
    see(bench, {Want(): Coming.NONE_FREE})
    assert bench.to_tab(StateNews, tabs[0]) == [StateNews(QUEUED, Reason.NO_NODE, place=1, coming=Coming.NONE_FREE)]
    link = bench.node(slots=1)
    assert (first.state, first.coming) == (SessionState.STARTING, None)
    bench.node_reports(link, first, PlacementState.SERVING)
    assert (second.reason, second.place, second.coming) == (Reason.NO_ROOM, 1, Coming.NONE_FREE)
    see(bench, {})
    assert bench.to_tab(StateNews, tabs[1]) == [StateNews(QUEUED, Reason.NO_ROOM, place=1)]


def test_who_waits_for_something_that_no_machine_brings_is_told_nothing_of_them() -> None:
    bench = Bench()
    session = bench.session()
    session.reason = Reason.TITLE_MISSING
    see(bench, STARTING)
    assert session.coming is None


def test_who_needs_a_gpu_is_told_of_machines_that_have_one() -> None:
    bench = Bench()
    duel = TitleId("duel")
    bench.titles[duel] = replace(bench.titles[duel], needs=Needs(gpu=True))
    see(bench, {Want(gpu=True): Coming.NONE_FREE, Want(): Coming.STARTING})
    assert bench.session().coming is Coming.STARTING
    assert bench.session("duel").coming is Coming.NONE_FREE
