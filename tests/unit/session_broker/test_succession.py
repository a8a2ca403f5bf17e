"""Who can be asked to have its successor started, and what those are told who cannot."""

from __future__ import annotations

from dataclasses import replace

import pytest

from session_broker.core.effects import LinkKey
from tests.support.coordinator_bench import ALL_TITLES, Bench
from tests.support.fake_node import hello
from wire.errors import Reason, WireError
from wire.ids import NodeId, PlayerId
from wire.node_control import StartSuccessor
from wire.session_control import SessionState
from wire.version import SUCCESSORS_SINCE
from wire.worker_control import PlacementState

OLD, NEW = NodeId("node_old"), NodeId("node_new")


def join(
    bench: Bench,
    node_id: NodeId,
    link: LinkKey,
    *,
    successors: bool = True,
    protocol: int = SUCCESSORS_SINCE,
    beside: NodeId | None = None,
) -> None:
    first = replace(hello(slots=1, titles=ALL_TITLES), successors=successors)
    bench.coordinator.node_joined(link, node_id, first, protocol=protocol, key=None, now=bench.now, beside=beside)
    bench.drain()


def refusal(bench: Bench) -> WireError:
    with pytest.raises(WireError) as refused:
        bench.coordinator.ask_successor(OLD, "token")
    assert not bench.drain()
    return refused.value


def test_a_node_that_can_is_asked_with_the_token() -> None:
    bench, link = Bench(), LinkKey(70)
    join(bench, OLD, link)
    bench.coordinator.check_succession(OLD)
    assert not bench.drain()
    bench.coordinator.ask_successor(OLD, "token")
    bench.drain()
    assert bench.to_node(StartSuccessor, link) == [StartSuccessor("token")]
    assert "token" not in repr(StartSuccessor("token"))


def test_one_that_cannot_is_not_asked_and_the_operator_reads_what_to_do() -> None:
    bench, link = Bench(), LinkKey(70)
    assert refusal(bench).reason is Reason.NOT_FOUND
    join(bench, OLD, link, successors=False)
    assert "Drain it" in refusal(bench).detail
    join(bench, OLD, link, protocol=SUCCESSORS_SINCE - 1)
    assert "Drain it" in refusal(bench).detail, "an older one would not understand"
    join(bench, OLD, link)
    bench.coordinator.node_gone(link, bench.now)
    bench.drain()
    assert "away" in refusal(bench).detail


def test_the_two_take_no_more_sessions_than_the_machine_has_slots() -> None:
    bench, old, new = Bench(), LinkKey(70), LinkKey(71)
    join(bench, OLD, old)
    session = bench.session()
    bench.node_reports(old, session, PlacementState.SERVING)
    bench.coordinator.drain(OLD, None, bench.now)
    join(bench, NEW, new, beside=OLD)
    waiting = bench.session(player=PlayerId("plr_b"))
    assert waiting.state is SessionState.QUEUED
    bench.coordinator.end_session(session.session_id, Reason.ENDED_BY_PLAYER, bench.now)
    bench.node_reports(old, session, PlacementState.RELEASED)
    assert (waiting.state, waiting.placement and waiting.placement.node_id) == (SessionState.STARTING, NEW)
