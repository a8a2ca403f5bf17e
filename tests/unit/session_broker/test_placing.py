"""Placement decisions over small and large fleets."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_broker.core.fleet import Fleet, Needs
from session_broker.core.placing import BEST_FEW, place
from tests.support.fake_node import capacity
from wire.errors import Reason
from wire.ids import NodeId

TITLE = ("testcard", "1.0.0")
ARCHIVE = {"ab" * 32: 5000}


def fleet_of(*nodes: tuple[str, int, int], kinds: tuple[str, ...] = ("pygame",), cached: bool = True) -> Fleet:
    fleet = Fleet()
    for name, slots, claims in nodes:
        fleet.describe(NodeId(name), capacity(slots, kinds), kinds, [TITLE] if cached else [])
        fleet.set_ready(NodeId(name), True)
        fleet.set_claims(NodeId(name), claims)
    return fleet


def test_an_empty_fleet_has_no_node() -> None:
    decision = place(Fleet(), *TITLE, "pygame", 0.5)
    assert (decision.node_id, decision.reason, dict(decision.refused)) == (None, Reason.NO_NODE, {})


@pytest.mark.parametrize(
    ("fleet", "reason", "refused"),
    [
        (fleet_of(("a", 2, 2), ("b", 1, 1)), Reason.NO_ROOM, {"no_room": 2}),
        (fleet_of(("a", 2, 0), kinds=("native",)), Reason.NO_CAPABILITY, {"no_capability": 1}),
        (fleet_of(("a", 2, 0), cached=False), Reason.TITLE_MISSING, {"title_missing": 1}),
        (fleet_of(("a", 0, 0)), Reason.NO_ROOM, {"no_room": 1}),
    ],
)
def test_the_reason_is_that_of_the_nodes_that_came_furthest(
    fleet: Fleet, reason: Reason, refused: dict[str, int]
) -> None:
    decision = place(fleet, *TITLE, "pygame", 0.0)
    assert (decision.node_id, decision.reason, dict(decision.refused)) == (None, reason, refused)


def test_a_published_title_goes_to_nodes_that_fetch_wherever_it_lies() -> None:
    fleet = fleet_of(("old", 1, 0), ("new", 1, 0))
    assert place(fleet, "chess", "1.0.0", "pygame", 0.0, fetched=ARCHIVE).reason is Reason.TITLE_MISSING
    fleet.describe(NodeId("new"), replace(capacity(1, ("pygame",)), fetches_titles=True), ("pygame",), [])
    assert place(fleet, "chess", "1.0.0", "pygame", 0.0, fetched=ARCHIVE).node_id == "new"
    assert place(fleet, "chess", "1.0.0", "pygame", 0.0).reason is Reason.TITLE_MISSING


def test_the_node_with_the_least_to_fetch_of_title_and_runtime_comes_first() -> None:
    fleet, title, runtime = Fleet(), "ab" * 32, "ef" * 32
    both = {title: 35_000, runtime: 65_000}
    for name, archives in {"none": [], "title": [title], "runtime": [runtime], "both": [*both]}.items():
        fleet.describe(NodeId(name), replace(capacity(1, ("pygame",)), fetches_titles=True), ("pygame",), [])
        fleet.set_ready(NodeId(name), True)
        fleet.set_archives(NodeId(name), archives)
    for name, to_fetch in (("both", 0), ("runtime", 35_000), ("title", 65_000), ("none", 100_000)):
        decision = place(fleet, *TITLE, "pygame", 0.5, fetched=both)
        assert (decision.node_id, decision.bytes_to_fetch) == (name, to_fetch)
        fleet.set_claims(NodeId(name), 1)


def test_a_node_on_which_the_archive_lies_comes_before_fuller_ones_that_would_fetch_it() -> None:
    fleet = Fleet()
    for index in range(10):
        name = NodeId(f"n{index}")
        fleet.describe(name, replace(capacity(10, ("pygame",)), fetches_titles=True), ("pygame",), [])
        fleet.set_ready(name, True)
        fleet.set_claims(name, index)

    def picked() -> set[tuple[NodeId | None, int]]:
        decisions = [place(fleet, *TITLE, "pygame", draw / 30, fetched=ARCHIVE) for draw in range(30)]
        return {(decision.node_id, decision.bytes_to_fetch) for decision in decisions}

    assert picked() == {("n7", 5000), ("n8", 5000), ("n9", 5000)}
    fleet.set_archives(NodeId("n0"), ["ab" * 32, "cd" * 32])
    fleet.set_archives(NodeId("n1"), ["cd" * 32])
    assert picked() == {("n0", 0)}
    fleet.set_claims(NodeId("n0"), 10)
    assert picked() == {("n7", 5000), ("n8", 5000), ("n9", 5000)}, "a full one helps nobody"
    fleet.set_claims(NodeId("n0"), 0)
    fleet.set_archives(NodeId("n0"), ["cd" * 32])
    assert picked() == {("n7", 5000), ("n8", 5000), ("n9", 5000)}, "it made room for others"


@pytest.mark.parametrize(
    ("needs", "reason"),
    [
        (Needs(gpu=True), Reason.NO_GPU),
        (Needs(memory_mib=4096), None),
        (Needs(memory_mib=4097), Reason.NO_MEMORY),
        (Needs(python_minor=13), Reason.NO_CAPABILITY),
    ],
)
def test_a_node_must_have_what_the_title_needs(needs: Needs, reason: Reason | None) -> None:
    decision = place(fleet_of(("plain", 1, 0)), *TITLE, "pygame", 0.0, needs)
    assert decision.reason is reason
    fleet = fleet_of(*((f"plain{n}", 1, 0) for n in range(20)))
    big = replace(capacity(1), gpus=("GPU",), memory_bytes=64 << 30, python_minor=13)
    fleet.describe(NodeId("big"), big, ["pygame"], [TITLE])
    fleet.set_ready(NodeId("big"), True)
    if reason is not None:
        assert place(fleet, *TITLE, "pygame", 0.0, needs).node_id == "big"


def test_each_node_is_counted_under_its_first_refusal() -> None:
    fleet = fleet_of(("full", 1, 1), ("good", 2, 0), ("away", 2, 0))
    fleet.set_ready(NodeId("away"), False)
    decision = place(fleet, *TITLE, "pygame", 0.0)
    assert decision.node_id == "good"
    assert dict(decision.refused) == {"no_node": 1, "no_room": 1}


def test_sessions_are_packed_and_the_draw_spreads_over_the_best_few() -> None:
    fleet = fleet_of(*((f"n{fill}", 10, fill) for fill in range(10)))
    picked = {place(fleet, *TITLE, "pygame", draw / 30).node_id for draw in range(30)}
    assert picked == {"n9", "n8", "n7"}
    assert len(picked) == BEST_FEW


def test_a_faster_encoder_breaks_a_tie() -> None:
    fleet = Fleet()
    for index in range(BEST_FEW + 1):
        name = NodeId(f"n{index}")
        fleet.describe(name, capacity(4, encode_ms=20.0 - index), ["pygame"], [TITLE])
        fleet.set_ready(name, True)
    picked = {place(fleet, *TITLE, "pygame", draw / 30).node_id for draw in range(30)}
    assert "n0" not in picked


def test_a_node_that_no_longer_has_the_title_is_refused() -> None:
    fleet = fleet_of(("a", 1, 0))
    fleet.describe(NodeId("a"), capacity(1), ["pygame"], [])
    assert place(fleet, *TITLE, "pygame", 0.0).reason is Reason.TITLE_MISSING


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(0, 6), st.booleans()), max_size=40),
    st.floats(0, 1, exclude_max=True),
)
def test_only_a_ready_node_with_a_free_slot_is_picked(nodes: list[tuple[int, int, bool]], draw: float) -> None:
    fleet = fleet_of(*((str(index), slots, claims) for index, (slots, claims, _) in enumerate(nodes)))
    for index, (_, _, ready) in enumerate(nodes):
        fleet.set_ready(NodeId(str(index)), ready)
    decision = place(fleet, *TITLE, "pygame", draw)
    fitting = [str(index) for index, (slots, claims, ready) in enumerate(nodes) if ready and slots > claims]
    assert (decision.node_id in fitting) if fitting else decision.node_id is None
    assert sum(decision.refused.values()) == len(nodes) - len(fitting)


def test_columns_grow_whatever_is_said_of_a_new_node_first() -> None:
    fleet = fleet_of(*((f"node_{number}", 1, 0) for number in range(16)))
    fleet.set_claims(NodeId("node_16"), 3)
    assert (len(fleet), int(fleet.claims[16])) == (17, 3)


def test_a_node_that_is_forgotten_is_not_picked_and_leaves_its_row_to_another() -> None:
    fleet = fleet_of(("a", 2, 1), ("b", 2, 1))
    fleet.forget(NodeId("a"))
    fleet.forget(NodeId("never"))
    assert {place(fleet, *TITLE, "pygame", draw).node_id for draw in (0.1, 0.9)} == {NodeId("b")}
    assert place(fleet, *TITLE, "pygame", 0.5).refused == {}
    fleet.describe(NodeId("c"), capacity(2, ("sdk",)), ("sdk",), [TITLE])
    fleet.set_ready(NodeId("c"), True)
    assert (len(fleet), fleet.known, int(fleet.claims.sum())) == (2, 2, 1)
    assert place(fleet, *TITLE, "sdk", 0.5).node_id == NodeId("c")


def test_a_gpu_is_left_to_those_who_need_it_while_there_are_other_nodes() -> None:
    fleet = fleet_of(*((f"plain_{number}", 2, 0) for number in range(BEST_FEW)))
    with_gpu = replace(capacity(4), gpus=("a",))
    fleet.describe(NodeId("gpu"), with_gpu, ("pygame",), [TITLE])
    fleet.set_ready(NodeId("gpu"), True)
    fleet.set_claims(NodeId("gpu"), 3)
    plain = {place(fleet, *TITLE, "pygame", draw).node_id for draw in (0.0, 0.4, 0.9)}
    assert plain == {NodeId(f"plain_{number}") for number in range(BEST_FEW)}
    assert place(fleet, *TITLE, "pygame", 0.0, Needs(gpu=True)).node_id == NodeId("gpu")
    for number in range(BEST_FEW):
        fleet.set_claims(NodeId(f"plain_{number}"), 2)
    assert place(fleet, *TITLE, "pygame", 0.0).node_id == NodeId("gpu"), "rather than wait"


def test_a_node_shares_its_slots_with_the_one_before_it_on_its_machine() -> None:
    fleet = fleet_of(("old", 2, 2), ("new", 2, 0), ("other", 2, 1))
    old, new, other = NodeId("old"), NodeId("new"), NodeId("other")
    fleet.set_ready(old, False)
    fleet.set_former(new, old)
    assert list(fleet.has_room & fleet.ready) == [False, False, True]
    fleet.set_claims(old, 1)
    assert list(fleet.has_room & fleet.ready) == [False, True, True]
    fleet.set_claims(new, 1)
    assert list(fleet.has_room & fleet.ready) == [False, False, True]
    fleet.forget(old)
    fleet.set_claims(NodeId("stranger"), 2)
    assert fleet.has_room[fleet.node_ids.index(new)], "a row that is another node's by now counts no more"
    assert fleet.has_room[fleet.node_ids.index(other)]
