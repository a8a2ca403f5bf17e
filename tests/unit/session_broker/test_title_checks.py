"""Checks of titles: slots that they take and give back, players before them, and what a node says of them."""

from __future__ import annotations

from dataclasses import replace

from session_broker.core.effects import LinkKey
from session_broker.core.fleet import Needs
from session_broker.core.records import Limits
from session_broker.core.title_checks import Decision, TitleCheck
from tests.support.coordinator_bench import ALL_TITLES, Bench
from tests.support.fake_node import hello
from tests.support.published_title import archive, release_of
from wire.errors import Reason
from wire.ids import NodeId, PlayerId, TitleId
from wire.node_control import EndTitleCheck, Heartbeat, StartTitleCheck
from wire.sandbox import Trust
from wire.version import PROTOCOL_MAX

CHECK_ID = "chk_" + "a" * 24
CHECK = TitleCheck(CHECK_ID, release_of(archive()), Trust.UNTRUSTED, "pygame", Needs())
NODE = NodeId("node_a")


def checking(
    bench: Bench,
    *,
    slots: int = 1,
    checks: tuple[str, ...] = ("approved", "untrusted"),
    running: tuple[str, ...] = (),
) -> LinkKey:
    """Let a node dial in that checks titles."""
    first = hello(slots=slots, titles=ALL_TITLES)
    first = replace(first, capacity=replace(first.capacity, checks=checks, fetches_titles=True), checks=running)
    bench.coordinator.node_joined(LinkKey(77), NODE, first, protocol=PROTOCOL_MAX, key=None, now=bench.now)
    bench.drain()
    return LinkKey(77)


def begin(bench: Bench) -> None:
    assert bench.coordinator.decide_check(CHECK) == Decision(NODE, None)
    assert bench.coordinator.start_check(CHECK, NODE)
    bench.drain()


def test_a_check_takes_a_slot_and_gives_it_to_a_player_who_waits() -> None:
    bench = Bench()
    link = checking(bench)
    begin(bench)
    assert bench.to_node(StartTitleCheck, link) == [StartTitleCheck(CHECK_ID, CHECK.release, Trust.UNTRUSTED)]
    assert bench.coordinator.slots() == (1, 1)
    assert not bench.coordinator.check_gives_way(CHECK_ID, bench.now)
    assert bench.session().reason is Reason.NO_ROOM
    assert bench.coordinator.check_gives_way(CHECK_ID, bench.now)
    bench.coordinator.end_check(CHECK_ID, bench.now)
    bench.drain()
    assert bench.to_node(EndTitleCheck, link) == [EndTitleCheck(CHECK_ID)]
    assert bench.coordinator.running_checks() == {}
    assert bench.session().placement is not None


def test_no_check_takes_a_slot_while_a_player_waits_for_one() -> None:
    bench = Bench()
    bench.session()
    bench.session(player=PlayerId("plr_b"))
    checking(bench, slots=1)
    assert bench.coordinator.decide_check(CHECK) == Decision(None, Reason.NO_ROOM)
    assert not bench.coordinator.start_check(CHECK, NODE), "nor the one that is taken"


def test_a_check_gives_way_only_to_whom_its_node_lacks_nothing_for_but_room() -> None:
    bench = Bench()
    checking(bench)
    begin(bench)
    title = bench.titles[TitleId("testcard")]
    bench.titles[TitleId("testcard")] = replace(title, needs=Needs(gpu=True))
    assert bench.session().reason is Reason.NO_GPU
    assert not bench.coordinator.check_gives_way(CHECK_ID, bench.now)


def test_a_check_goes_to_a_node_with_the_walls_that_its_title_needs() -> None:
    bench = Bench()
    assert bench.coordinator.decide_check(CHECK) == Decision(None, Reason.NO_NODE)
    checking(bench, checks=("approved",))
    assert bench.coordinator.decide_check(CHECK) == Decision(None, Reason.TITLE_UNTRUSTED)
    assert bench.coordinator.decide_check(replace(CHECK, trust=Trust.APPROVED)) == Decision(NODE, None)
    heavy = replace(CHECK, trust=Trust.APPROVED, needs=Needs(gpu=True))
    assert bench.coordinator.decide_check(heavy) == Decision(None, Reason.NO_GPU)


def test_what_a_node_lists_no_more_is_forgotten_at_the_second_heartbeat() -> None:
    bench = Bench()
    link = checking(bench)
    begin(bench)
    bench.node_says(link, Heartbeat(()))
    bench.node_says(link, Heartbeat((), checks=(CHECK_ID,)))
    bench.node_says(link, Heartbeat(()))
    assert bench.coordinator.running_checks() == {CHECK_ID: NODE}
    bench.node_says(link, Heartbeat(()))
    assert bench.coordinator.running_checks() == {}
    assert bench.coordinator.slots() == (1, 0)


def test_what_runs_on_a_node_that_dials_in_holds_its_slot_and_strays_are_ended() -> None:
    bench = Bench()
    link = checking(bench, running=(CHECK_ID, "nonsense"))
    assert bench.coordinator.running_checks() == {CHECK_ID: NODE}
    assert bench.coordinator.slots() == (1, 1)
    stray = "chk_" + "b" * 24
    bench.node_says(link, Heartbeat((), checks=(CHECK_ID, stray, "nonsense")))
    assert bench.to_node(EndTitleCheck, link) == [EndTitleCheck(stray)]


def test_a_node_that_is_lost_or_drained_past_its_time_has_no_checks() -> None:
    bench = Bench(Limits(node_lost_s=5.0, node_grace_s=1.0))
    link = checking(bench)
    begin(bench)
    bench.coordinator.drain(NODE, 0.0, bench.now)
    bench.wait(0.1)
    assert bench.to_node(EndTitleCheck, link) == [EndTitleCheck(CHECK_ID)]
    bench.coordinator.undrain(NODE, bench.now)
    begin(bench)
    bench.wait(7.0)
    bench.wait(7.0)
    assert bench.coordinator.running_checks() == {}
    assert not bench.coordinator.start_check(CHECK, NODE)
