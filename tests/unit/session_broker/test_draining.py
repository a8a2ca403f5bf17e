"""A drained node takes nothing new, keeps what it runs until the deadline, and stays drained through absence."""

from __future__ import annotations

import pytest

from session_broker.core.effects import SaveNode
from session_broker.core.node_table import NodeState
from tests.support.coordinator_bench import Bench
from wire.errors import Reason, WireError
from wire.ids import PlayerId
from wire.node_control import EndSession
from wire.session_control import Closing, Role, SessionState
from wire.version import CLOSING_SINCE
from wire.worker_control import PlacementState


def state_of(bench: Bench) -> NodeState:
    (node,) = bench.coordinator.known_nodes()
    return node.state


def test_a_drained_node_takes_nothing_new_and_keeps_what_it_runs() -> None:
    bench = Bench()
    link = bench.node(slots=2)
    running = bench.session()
    bench.node_reports(link, running, PlacementState.SERVING)
    bench.coordinator.drain("node_a", None, bench.now)
    (row,) = (e for e in bench.drain() if isinstance(e, SaveNode))
    assert (row.drained, row.ready, row.drain_until_ms) == (True, False, None)
    waiting = bench.session(player=PlayerId("plr_b"))
    assert (state_of(bench), running.state, waiting.state) == (
        NodeState.DRAINING,
        SessionState.RUNNING,
        SessionState.QUEUED,
    )
    bench.wait(5.0)
    assert running.state is SessionState.RUNNING
    bench.coordinator.undrain("node_a", bench.now)
    bench.drain()
    assert (state_of(bench), waiting.state) == (NodeState.READY, SessionState.STARTING)


def test_at_the_deadline_the_player_is_told_and_the_session_ends() -> None:
    bench = Bench()
    link = bench.node()
    session = bench.session()
    bench.node_reports(link, session, PlacementState.SERVING)
    bench.coordinator.drain("node_a", 4.0, bench.now)
    bench.drain()
    bench.wait(3.9)
    assert session.state is SessionState.RUNNING
    bench.wait(0.2)
    (ended,) = bench.to_node(EndSession)
    assert (session.state, ended.reason) == (SessionState.ENDING, Reason.NODE_SHUTDOWN)


def test_a_deadline_can_be_moved_and_lifted() -> None:
    bench = Bench()
    link = bench.node()
    session = bench.session()
    bench.node_reports(link, session, PlacementState.SERVING)
    bench.coordinator.drain("node_a", 1.0, bench.now)
    bench.coordinator.drain("node_a", None, bench.now)
    bench.wait(2.0)
    assert session.state is SessionState.RUNNING


def test_a_drained_node_that_was_away_is_still_drained() -> None:
    bench = Bench()
    link = bench.node()
    bench.coordinator.drain("node_a", None, bench.now)
    bench.coordinator.node_gone(link, bench.now)
    bench.wait(10.0)
    assert state_of(bench) is NodeState.LOST
    bench.node()
    assert state_of(bench) is NodeState.DRAINING
    assert bench.session().state is SessionState.QUEUED


def test_a_node_can_be_drained_before_it_comes_back() -> None:
    bench = Bench()
    link = bench.node()
    bench.coordinator.node_gone(link, bench.now)
    bench.wait(10.0)
    bench.coordinator.drain("node_a", None, bench.now)
    bench.node()
    assert state_of(bench) is NodeState.DRAINING


def test_everybody_at_the_table_is_told_how_long_and_when_it_changes() -> None:
    bench = Bench()
    link = bench.node()
    session = bench.session()
    bench.node_reports(link, session, PlacementState.SERVING)
    host = bench.tab(session, protocol=CLOSING_SINCE)
    watcher = bench.tab(session, Role.SPECTATOR, protocol=CLOSING_SINCE)
    old = bench.tab(session, Role.SPECTATOR, protocol=CLOSING_SINCE - 1)
    assert bench.to_tab(Closing) == []

    def told(deadline_s: float | None) -> list[list[Closing]]:
        bench.coordinator.drain("node_a", deadline_s, bench.now)
        bench.drain()
        return [bench.to_tab(Closing, tab) for tab in (host, watcher, old)]

    assert told(600.0) == [[Closing(600_000)], [Closing(600_000)], []]
    assert told(60.0) == [[Closing(60_000)], [Closing(60_000)], []]
    assert told(None) == [[Closing(None)], [Closing(None)], []]
    told(60.0)
    bench.coordinator.undrain("node_a", bench.now)
    bench.drain()
    assert bench.to_tab(Closing, host) == [Closing(None)]


def test_who_comes_later_is_told_what_is_left_and_of_another_node_nothing() -> None:
    bench = Bench()
    link = bench.node(slots=1)
    session = bench.session()
    bench.node_reports(link, session, PlacementState.SERVING)
    bench.node("node_b", slots=1)
    elsewhere = bench.session(player=PlayerId("plr_b"))
    other = bench.tab(elsewhere, protocol=CLOSING_SINCE)
    bench.coordinator.drain("node_a", 600.0, bench.now)
    bench.drain()
    assert bench.to_tab(Closing, other) == []
    bench.now += 200.0
    bench.tab(session, protocol=CLOSING_SINCE)
    assert bench.to_tab(Closing) == [Closing(400_000)]
    bench.tab(elsewhere, protocol=CLOSING_SINCE)
    assert bench.to_tab(Closing) == []


def test_an_unknown_node_is_not_found() -> None:
    bench = Bench()
    with pytest.raises(WireError) as refused:
        bench.coordinator.drain("node_x", None, 0.0)
    assert refused.value.reason is Reason.NOT_FOUND
    with pytest.raises(WireError) as refused:
        bench.coordinator.undrain("node_x", 0.0)
    assert refused.value.reason is Reason.NOT_FOUND
