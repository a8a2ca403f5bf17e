"""What the reconcile core does in each single case."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_broker.core.pools.backoff import Backoff
from session_broker.core.pools.pool import Adapter, Hours, Pool, in_order
from session_broker.core.pools.reconcile import Reconciler
from session_broker.core.pools.records import (
    DeleteMachine,
    DrainNode,
    FleetView,
    ForgetNode,
    Machine,
    NodeName,
    Phase,
    PoolNode,
    RetireNode,
    Trouble,
    Want,
)
from session_broker.core.pools.sharing import helps, share
from tests.support.pool_model import MONDAY, ModelDeployment
from wire.ids import NodeId
from wire.session_control import Coming

POOL = Pool("a", Adapter.KUBERNETES, max_nodes=3, slots=2, idle_s=60)


def one(**changes: object) -> ModelDeployment:
    return ModelDeployment((replace(POOL, **changes),))  # type: ignore[arg-type]


def test_nobody_waits_so_there_is_nothing() -> None:
    model = one()
    model.run(100)
    assert not model.created


@pytest.mark.parametrize(("players", "nodes"), [(1, 1), (2, 1), (3, 2), (6, 3), (50, 3)])
def test_as_many_nodes_come_as_those_who_wait_need_up_to_the_maximum(players: int, nodes: int) -> None:
    model = one()
    model.come(players)
    model.run(60)
    assert len(model.created) == nodes
    assert model.playing == min(players, 2 * nodes)


def test_who_has_only_just_come_brings_no_node_yet() -> None:
    model = one()
    model.come(1)
    model.step()
    assert not model.created
    model.step()
    assert len(model.created) == 1


def test_what_is_starting_is_counted_on() -> None:
    model = one(max_nodes=9)
    model.boot_s = 200
    model.come(2)
    model.run(80)
    assert len(model.created) == 1
    assert model.outlook == {Want(): Coming.STARTING}


def test_an_idle_node_goes_after_its_cool_down_and_the_pool_to_zero_and_back() -> None:
    model = one()
    model.come(1)
    model.run(40)
    model.leave(1)
    model.run(55)
    assert len(model.alive()) == 1
    model.run(60)
    assert not model.alive()
    assert not model.rows
    model.come(1)
    model.run(60)
    assert model.playing == 1


def test_a_node_that_is_played_on_outlives_any_cool_down() -> None:
    model = one()
    model.come(3)
    model.run(60)
    model.leave(1)
    model.run(600)
    assert model.playing == 2


def test_the_pool_in_front_is_filled_first_and_those_behind_take_what_is_left() -> None:
    own = Pool("own", Adapter.LOCAL, max_nodes=1, priority=0, price_per_hour=9.0)
    cheap = Pool("cheap", Adapter.KUBERNETES, max_nodes=1, priority=1, price_per_hour=0.5)
    dear = Pool("dear", Adapter.KUBERNETES, max_nodes=5, priority=1, price_per_hour=1.5)
    assert [pool.name for pool in in_order((dear, cheap, own))] == ["own", "cheap", "dear"]
    model = ModelDeployment((dear, cheap, own))
    for _ in range(4):
        model.come(1)
        model.run(4)
    assert [name.split("-")[0] for name in model.created] == ["own", "cheap", "dear", "dear"]


def test_room_that_is_there_is_used_before_more_is_made_in_a_better_pool() -> None:
    own = Pool("own", Adapter.LOCAL, max_nodes=5)
    rented = Pool("rented", Adapter.KUBERNETES, max_nodes=5, slots=2, priority=1)
    model = ModelDeployment((own, rented))
    node = PoolNode(NodeName("rented-x"), "rented", False, NodeId("node_x"), True, True, False, 2, 0)
    view = FleetView({Want(): 2}, [node], {"own": {}, "rented": {node.name: running(node.name)}}, MONDAY)
    assert not model.reconciler.step(view, 0.0).effects


def test_who_needs_a_gpu_gets_a_node_that_has_one() -> None:
    model = ModelDeployment((POOL, Pool("g", Adapter.KUBERNETES, max_nodes=1, gpus=1, priority=9)))
    model.come(3, gpu=True)
    model.run(40)
    assert [name[0] for name in model.created] == ["g"]
    assert (model.playing, model.outlook) == (1, {Want(gpu=True): Coming.NONE_FREE})


def in_region(name: str, region: str, **changes: Any) -> Pool:
    return replace(Pool(name, Adapter.KUBERNETES, max_nodes=2, slots=1, regions=(region,)), **changes)


def test_pools_burst_in_the_region_that_is_waited_for_though_another_is_cheaper() -> None:
    model = ModelDeployment((in_region("eu", "eu", price_per_hour=9.0), in_region("us", "us", price_per_hour=0.1)))
    model.come(1, line=frozenset({"eu"}))
    model.run(60)
    assert [name.split("-")[0] for name in model.created] == ["eu"]
    model.come(1)
    model.run(60)
    assert [name.split("-")[0] for name in model.created] == ["eu", "us"], "the cheapest for who may go anywhere"
    assert model.playing == 2


def test_who_may_go_anywhere_takes_nothing_from_who_has_one_region_left() -> None:
    model = ModelDeployment((in_region("eu", "eu", max_nodes=1), in_region("us", "us", priority=1)))
    model.come(1)
    model.come(1, line=frozenset({"eu"}))
    model.run(4)
    assert sorted(name.split("-")[0] for name in model.created) == ["eu", "us"]


def test_only_those_are_told_of_a_machine_for_whom_it_comes() -> None:
    eu, us, asia = (Want(line=frozenset({name})) for name in ("eu", "us", "asia"))
    model = ModelDeployment((in_region("eu", "eu"), in_region("us", "us", max_nodes=0)))
    for want in (eu, us, asia):
        model.come(1, line=want.line)
    model.run(4)
    assert model.outlook == {eu: Coming.STARTING, us: Coming.NONE_FREE, asia: Coming.NONE_FREE}


def test_a_pool_that_may_be_in_several_regions_serves_whom_all_of_them_are_near() -> None:
    both = replace(in_region("both", "eu"), regions=("eu", "us"))
    served = [both.serves(line) for line in (None, frozenset({"eu"}), frozenset({"eu", "us"}))]
    assert served == [True, False, True]
    assert replace(both, regions=()).serves(frozenset({"eu"})), "it may be anywhere, as far as is known"


@given(
    st.lists(
        st.builds(
            Want,
            st.booleans(),
            st.none() | st.frozensets(st.sampled_from(["eu", "us", "asia"]), min_size=1, max_size=2),
        ),
        max_size=12,
    ),
    st.integers(0, 4),
)
def test_everybody_has_a_share_that_helps_them_or_is_left(wants: list[Want], room: int) -> None:
    pools = [in_region(n, n, gpus=g) for n, g in (("eu", 1), ("us", 0), ("asia", 0))]
    demand = Counter(wants)
    none = dict.fromkeys(("eu", "us", "asia"), 0)
    shares = share(pools, none, dict.fromkeys(none, room), none, demand)
    assert sum(shares.create.values()) + sum(shares.left.values()) == len(wants)
    assert all(count <= room for count in shares.create.values())
    for want, left in shares.left.items():
        if left:
            assert all(shares.create[pool.name] == room for pool in pools if helps(pool, want)), "else it had helped"


def test_a_full_cluster_is_waited_for_a_moment_and_then_the_next_pool_helps() -> None:
    model = ModelDeployment((POOL, Pool("next", Adapter.KUBERNETES, max_nodes=1, priority=1)))
    model.full = True
    model.come(2)
    model.run(20)
    assert [name.split("-")[0] for name in model.created] == ["a"]
    model.run(30)
    assert [name.split("-")[0] for name in model.created] == ["a", "next"]
    model.run(60)
    assert [name.split("-")[0] for name in model.created] == ["a", "next"], "no more while one finds no place"


def test_a_node_that_never_comes_is_replaced_ever_more_slowly() -> None:
    model = one(start_timeout_s=20)
    model.boot_s = 1e6
    model.come(1)
    model.run(600)
    assert 5 <= len(model.created) <= 10


def test_once_a_node_has_come_the_next_failure_counts_as_the_first() -> None:
    model = one(start_timeout_s=20)
    model.boot_s = 1e6
    model.come(1)
    model.run(150)
    model.boot_s = 5
    model.run(200)
    assert model.playing == 1
    model.boot_s = 1e6
    model.come(2)
    before = len(model.created)
    model.run(45)
    assert len(model.created) == before + 2, "one that failed, and five seconds later another"


def test_pools_rest_twice_as_long_after_each_failure_or_as_long_as_they_are_told() -> None:
    backoff = Backoff()
    assert not backoff.rests("a", 0.0)
    for n, rest_s in enumerate((5, 10, 20, 40, 80, 160, 300, 300)):
        backoff.failed("a", 1000.0 * n)
        assert backoff.rests("a", 1000.0 * n + rest_s - 0.1)
        assert not backoff.rests("a", 1000.0 * n + rest_s)
    backoff.failed("b", 0.0, retry_after_s=50.0)
    assert backoff.rests("b", 49.9)
    backoff.worked("b")
    assert not backoff.rests("b", 0.1)


def test_a_machine_that_dies_is_replaced() -> None:
    model = one()
    model.come(2)
    model.run(40)
    (first,) = model.alive()
    model.lose(first)
    model.come(2)
    model.run(60)
    assert model.playing == 2
    assert first in model.deleted
    assert first not in model.rows


def test_a_node_that_is_drained_is_retired_when_its_last_player_has_gone() -> None:
    model = one(max_nodes=2)
    model.come(4)
    model.run(60)
    first, second = sorted(model.alive())
    model.rows[first] = replace(model.rows[first], drained=True, ready=False)
    model.run(300)
    assert model.rows[first].claims == 2
    model.rows[first] = replace(model.rows[first], claims=0)
    model.run(20)
    assert set(model.deleted) == {first}
    assert second in model.rows


def test_slots_are_kept_free_beyond_those_that_are_played_on() -> None:
    model = one(min_idle=2, max_nodes=9)
    model.run(40)
    assert len(model.alive()) == 1
    model.come(3)
    model.run(90)
    assert len(model.alive()) == 3
    model.leave(3)
    model.run(200)
    assert len(model.alive()) == 1


def test_at_its_hours_a_pool_keeps_another_number_free() -> None:
    evening = Hours(frozenset({0}), 18 * 60, 23 * 60, 4)
    pool = replace(POOL, min_idle=1, schedule=(evening, Hours(frozenset({0}), 22 * 60, 2 * 60, 6)))
    at = {(23, 17): 1, (23, 18): 4, (23, 22): 6, (23, 23): 6, (24, 1): 6, (24, 2): 1, (24, 19): 1, (23, 1): 1}
    for (day, hour), idle in at.items():
        assert pool.idle_wanted(datetime(2026, 11, day, hour, tzinfo=UTC)) == idle, (day, hour)


def running(name: str) -> Machine:
    return Machine(NodeName(name), Phase.RUNNING)


def ready_node(name: str, pool: str = "a", claims: int = 0) -> PoolNode:
    return PoolNode(NodeName(name), pool, False, NodeId(f"node_{name}"), True, True, False, 2, claims)


def test_nodes_beyond_a_lowered_maximum_are_drained_the_emptiest_first() -> None:
    reconciler = Reconciler((replace(POOL, max_nodes=1),), bytes)
    nodes = [ready_node("x", claims=1), ready_node("y"), ready_node("z", claims=2)]
    machines = {"a": {node.name: running(node.name) for node in nodes}}
    plan = reconciler.step(FleetView({}, nodes, machines, MONDAY), 0.0)
    assert [effect.name for effect in plan.effects if isinstance(effect, DrainNode)] == ["y", "x"]


def test_nodes_of_a_pool_that_is_no_longer_configured_are_drained_and_retired_when_empty() -> None:
    reconciler = Reconciler((POOL,), bytes)
    gone = ready_node("x", "former", claims=1)
    plan = reconciler.step(FleetView({}, [gone], {"a": {}}, MONDAY), 0.0)
    assert plan.effects == [DrainNode(gone.name, NodeId("node_x"))]
    drained = replace(gone, ready=False, drained=True)
    assert not reconciler.step(FleetView({}, [drained], {"a": {}}, MONDAY), 1.0).effects
    empty = replace(drained, claims=0)
    plan = reconciler.step(FleetView({}, [empty], {"a": {}}, MONDAY), 2.0)
    assert plan.effects == [RetireNode(gone.name, "drained")]


def test_a_machine_without_a_row_is_deleted_and_again_if_it_stays() -> None:
    reconciler = Reconciler((POOL,), bytes)
    view = FleetView({Want(): 9}, [], {"a": {NodeName("x"): running("x")}}, MONDAY)
    first = reconciler.step(view, 0.0).effects
    assert DeleteMachine("a", NodeName("x")) in first
    assert len(first) == 3, "it takes one of the pool's three places until it is gone"
    assert DeleteMachine("a", NodeName("x")) not in reconciler.step(view, 9.0).effects
    assert DeleteMachine("a", NodeName("x")) in reconciler.step(view, 10.0).effects


def test_while_an_adapter_knows_nothing_its_pool_stays_as_it_is() -> None:
    reconciler = Reconciler((POOL,), bytes)
    starting = PoolNode(NodeName("s"), "a")
    for now in range(0, 500, 10):
        view = FleetView({Want(): 9}, [ready_node("x", claims=1), starting], {"a": None}, MONDAY)
        assert not reconciler.step(view, float(now)).effects


def test_a_retired_node_is_forgotten_only_when_its_adapter_says_that_it_is_gone() -> None:
    reconciler = Reconciler((POOL,), bytes)
    retired = replace(ready_node("x"), ready=False, drained=True, retired=True)
    listed: list[dict[NodeName, Machine] | None] = [None, {retired.name: running("x")}, {}]
    did = [
        reconciler.step(FleetView({}, [retired], {"a": machines}, MONDAY), 20.0 * n).effects
        for n, machines in enumerate(listed)
    ]
    assert did == [[DeleteMachine("a", retired.name)], [DeleteMachine("a", retired.name)], [ForgetNode(retired.name)]]


def test_a_node_that_is_here_is_kept_though_its_adapter_does_not_list_it() -> None:
    reconciler = Reconciler((POOL,), bytes)
    for now in range(0, 50, 10):
        assert not reconciler.step(FleetView({}, [ready_node("x")], {"a": {}}, MONDAY), float(now)).effects


def test_one_that_is_away_is_counted_on_for_a_moment_and_given_up_after_a_minute() -> None:
    reconciler = Reconciler((replace(POOL, max_nodes=2),), lambda n: b"\0" * n)
    away = replace(ready_node("x"), ready=False)
    did: dict[int, list[str]] = {}
    for now in range(0, 65, 5):
        view = FleetView({Want(): 1}, [away], {"a": {away.name: running("x")}}, MONDAY)
        did[now] = [type(effect).__name__ for effect in reconciler.step(view, float(now)).effects]
    assert next(at for at, effects in did.items() if "CreateNode" in effects) == 10
    assert [at for at, effects in did.items() if "RetireNode" in effects] == [60]


@pytest.mark.parametrize("trouble", [Trouble.IMAGE, Trouble.NO_ROOM])
def test_a_stuck_node_that_nobody_waits_for_any_more_goes(trouble: Trouble) -> None:
    reconciler = Reconciler((POOL,), bytes)
    stuck = PoolNode(NodeName("s"), "a")
    machine = Machine(stuck.name, Phase.PENDING, trouble)
    effects = []
    for now in range(0, 65, 5):
        effects = reconciler.step(FleetView({}, [stuck], {"a": {stuck.name: machine}}, MONDAY), float(now)).effects
    assert effects == [RetireNode(stuck.name, "not needed")]


def test_another_comes_in_the_place_of_a_node_at_once_and_the_old_one_goes_when_nobody_plays_there() -> None:
    model = one(idle_s=3600)
    model.come(1)
    model.run(60)
    (old,) = model.created
    model.upgrade(old)
    model.run(2)
    new = model.successors[old]
    assert model.created == [old, new]
    model.run(200)
    assert model.alive() == [old, new], "somebody plays on the old one"
    model.leave(1)
    model.run(60)
    assert model.alive() == [new]


def test_at_the_maximum_another_comes_when_exactly_the_old_one_is_gone() -> None:
    model = one(max_nodes=1, idle_s=3600)
    model.come(1)
    model.run(60)
    (old,) = model.created
    model.upgrade(old)
    model.run(100)
    assert model.created == [old]
    model.leave(1)
    model.run(60)
    assert (model.deleted[0], len(model.created), list(model.rows)) == (old, 2, [model.successors[old]])


def test_a_successor_counts_as_what_is_kept_free() -> None:
    model = one(min_idle=2, idle_s=3600)
    model.run(60)
    (old,) = model.created
    model.upgrade(old)
    model.run(60)
    assert model.created == [old, model.successors[old]]


@pytest.mark.parametrize("pools", [(), (replace(POOL, max_nodes=0),)])
def test_in_a_pool_that_may_have_no_nodes_none_comes(pools: tuple[Pool, ...]) -> None:
    reconciler = Reconciler(pools, bytes)
    over = replace(ready_node("x"), ready=False, drained=True, retired=True, replace=True)
    machines: dict[str, dict[NodeName, Machine] | None] = {"a": {}}
    assert reconciler.step(FleetView({}, [over], machines, MONDAY), 0.0).effects == [ForgetNode(over.name)]
