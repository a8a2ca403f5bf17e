"""Placement by distance and by what an account has where: near nodes first, far ones only where nothing else is."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_broker.core.fleet import Fleet, Needs
from session_broker.core.placing import NO_AFFINITY, Affinity, place
from tests.support.fake_node import capacity
from wire.errors import Reason
from wire.ids import NodeId

TITLE = ("testcard", "1.0.0")
FAR = {"eu": 20.0, "us": 110.0, "asia": 200.0}
EU = frozenset({"eu"})
NEAR = Affinity(FAR, EU, unsaid_ms=80.0)
REGIONS = st.sampled_from(["", "eu", "us", "asia"])
NODES = st.lists(st.tuples(REGIONS, st.integers(1, 5), st.integers(0, 5)), max_size=30)
DRAWS = st.floats(0, 1, exclude_max=True)


def fleet_of(*nodes: tuple[str, int, int]) -> Fleet:
    """Return nodes ``n0``, ``n1``, … with their region, slots and claims."""
    fleet = Fleet()
    for number, (region, slots, claims) in enumerate(nodes):
        name = NodeId(f"n{number}")
        fleet.describe(name, capacity(slots), ["pygame"], [TITLE], region)
        fleet.set_ready(name, True)
        fleet.set_claims(name, claims)
    return fleet


def row_of(node_id: NodeId | None) -> int:
    assert node_id is not None
    return int(node_id[1:])


@given(NODES, DRAWS, st.booleans())
def test_nobody_is_sent_far_while_anything_near_is_there_or_comes(
    nodes: list[tuple[str, int, int]], draw: float, comes: bool
) -> None:
    decision = place(fleet_of(*nodes), *TITLE, "pygame", draw, affinity=replace(NEAR, comes=comes))
    near = [region in ("", "eu") for region, _, _ in nodes]
    room = [slots > claims for _, slots, claims in nodes]
    bounded = comes or any(near)
    fitting = [has and (is_near or not bounded) for has, is_near in zip(room, near, strict=True)]
    if not any(fitting):
        assert decision.node_id is None
        assert decision.reason in (Reason.NO_ROOM, Reason.NO_NODE)
    else:
        assert fitting[row_of(decision.node_id)]
    assert decision.refused.get("too_far", 0) == (near.count(False) if bounded else 0)


@given(NODES, DRAWS)
def test_nearer_nodes_come_first_by_more_than_fullness_can_make_up_for(
    nodes: list[tuple[str, int, int]], draw: float
) -> None:
    decision = place(fleet_of(*nodes), *TITLE, "pygame", draw, affinity=replace(NEAR, regions=None))
    known = {"": 80.0, **FAR}
    times = [known[region] for region, slots, claims in nodes if slots > claims]
    if times:
        region = nodes[row_of(decision.node_id)][0]
        assert known[region] == min(times)
        assert decision.region == region
        assert decision.round_trip_ms == FAR.get(region)
        assert decision.behind.get("farther", 0) == len(times) - times.count(min(times))


@given(NODES, DRAWS)
def test_without_knowledge_regions_change_nothing(nodes: list[tuple[str, int, int]], draw: float) -> None:
    somewhere, nowhere = fleet_of(*nodes), fleet_of(*(("", slots, claims) for _, slots, claims in nodes))
    there, here = (place(fleet, *TITLE, "pygame", draw, affinity=NO_AFFINITY) for fleet in (somewhere, nowhere))
    assert (there.node_id, there.reason, there.refused) == (here.node_id, here.reason, here.refused)
    assert (there.round_trip_ms, there.behind) == (None, {})


@given(st.lists(st.tuples(st.integers(1, 5), st.integers(0, 5), st.integers(0, 3)), max_size=30), DRAWS)
def test_an_accounts_sessions_are_spread_over_nodes(nodes: list[tuple[int, int, int]], draw: float) -> None:
    fleet = fleet_of(*(("", slots, claims) for slots, claims, _ in nodes))
    plays_on = {NodeId(f"n{number}"): theirs for number, (_, _, theirs) in enumerate(nodes)}
    decision = place(fleet, *TITLE, "pygame", draw, affinity=Affinity(plays_on=plays_on))
    theirs = [count for slots, claims, count in nodes if slots > claims]
    if theirs:
        assert nodes[row_of(decision.node_id)][2] == min(theirs)
        assert decision.behind.get("same_account", 0) == len(theirs) - theirs.count(min(theirs))


def test_a_region_whose_round_trip_is_not_known_counts_as_out_of_reach() -> None:
    fleet = fleet_of(("asia", 4, 3), ("us", 4, 0))
    affinity = Affinity({"eu": 20.0, "us": 110.0})
    assert {place(fleet, *TITLE, "pygame", draw, affinity=affinity).node_id for draw in (0.0, 0.9)} == {"n1"}


def test_a_few_milliseconds_do_not_keep_nodes_from_being_filled() -> None:
    fleet = fleet_of(("eu", 10, 0), ("us", 10, 9))
    affinity = Affinity({"eu": 20.0, "us": 24.0})
    picked = Counter(place(fleet, *TITLE, "pygame", n / 30, affinity=affinity).node_id for n in range(30))
    assert picked[NodeId("n1")] > 0
    wide = Affinity({"eu": 20.0, "us": 45.0})
    assert {place(fleet, *TITLE, "pygame", n / 30, affinity=wide).node_id for n in range(30)} == {"n0"}


def test_a_near_gpu_is_used_rather_than_a_far_node_and_an_archive_is_fetched_rather_than_played_far_away() -> None:
    fleet = fleet_of(("us", 4, 0))
    big = replace(capacity(4), gpus=("GPU",), fetches_titles=True)
    fleet.describe(NodeId("gpu"), big, ["pygame"], [TITLE], "eu")
    fleet.set_ready(NodeId("gpu"), True)
    free = replace(NEAR, regions=None)
    assert place(fleet, *TITLE, "pygame", 0.5, affinity=free).node_id == "gpu"
    archive = {"ab" * 32: 5000}
    fleet.describe(NodeId("n0"), replace(capacity(4), fetches_titles=True), ["pygame"], [], "us")
    fleet.set_archives(NodeId("n0"), ["ab" * 32])
    decision = place(fleet, *TITLE, "pygame", 0.5, fetched=archive, affinity=free)
    assert (decision.node_id, decision.bytes_to_fetch) == ("gpu", 5000)
    alike = Affinity({"eu": 20.0, "us": 20.0})
    assert place(fleet, *TITLE, "pygame", 0.5, fetched=archive, affinity=alike).node_id == "n0"


@pytest.mark.parametrize("needs", [Needs(gpu=True), Needs(memory_mib=1 << 20)])
def test_near_nodes_that_cannot_run_it_hold_nobody_back(needs: Needs) -> None:
    fleet = fleet_of(("eu", 4, 0))
    big = replace(capacity(4), gpus=("GPU",), memory_bytes=1 << 42)
    fleet.describe(NodeId("far"), big, ["pygame"], [TITLE], "us")
    fleet.set_ready(NodeId("far"), True)
    assert place(fleet, *TITLE, "pygame", 0.5, needs, affinity=NEAR).node_id == "far"
    awaited = place(fleet, *TITLE, "pygame", 0.5, needs, affinity=replace(NEAR, comes=True))
    assert (awaited.node_id, awaited.refused["too_far"]) == (None, 1)


def test_where_only_some_nodes_are_looked_at_the_others_still_count_as_there() -> None:
    fleet = fleet_of(("us", 4, 0), ("eu", 1, 1))
    among = fleet.rows_of([NodeId("n0")])
    assert place(fleet, *TITLE, "pygame", 0.5, among=among, affinity=NEAR).node_id is None
    assert place(fleet, *TITLE, "pygame", 0.5, among=among).node_id == "n0"


def test_a_row_that_is_used_again_is_where_its_new_node_is() -> None:
    fleet = fleet_of(("eu", 1, 0), *((("us", 1, 1),) * 20))
    fleet.forget(NodeId("n0"))
    fleet.describe(NodeId("n99"), capacity(1), ["pygame"], [TITLE], "asia")
    fleet.set_ready(NodeId("n99"), True)
    assert place(fleet, *TITLE, "pygame", 0.5).region == "asia"
