"""Pools in figures: what is counted where, and what Prometheus reads of it."""

from __future__ import annotations

from datetime import UTC, datetime

from session_broker.core.pools.figures import PoolFigures, figures_of
from session_broker.core.pools.pool import Adapter, Pool
from session_broker.core.pools.records import NodeName, PoolNode, PoolNodeState, Trouble
from session_broker.io.metrics import Metrics
from wire.ids import NodeId

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
POOL = Pool("l4", Adapter.KUBERNETES, max_nodes=20, min_idle=4, price_per_hour=0.71)


def node(name: str, *, slots: int = 4, claims: int = 0, ready: bool = False, **flags: bool) -> PoolNode:
    return PoolNode(
        NodeName(name), "l4", node_id=NodeId(name), joined=True, ready=ready, slots=slots, claims=claims, **flags
    )


def figures() -> PoolFigures:
    starting = PoolNode(NodeName("e"), "l4")
    nodes = [node("a", ready=True, claims=3), node("b"), node("c", drained=True, claims=1), node("d", retired=True)]
    listed = [*((each, None) for each in nodes), (starting, Trouble.NO_ROOM)]
    return figures_of(POOL, listed, NOON, refused=True)


def test_every_node_is_counted_once_and_slots_only_where_sessions_go() -> None:
    shown = figures()
    assert shown.states == dict.fromkeys(PoolNodeState, 1)
    assert (shown.nodes, shown.slots, shown.slots_used, shown.idle_wanted) == (5, 4, 4, 4)
    assert round(shown.cost_per_hour, 2) == 3.55
    assert shown.troubles == {Trouble.NO_ROOM: 1}


def test_metrics_have_every_state_and_trouble_of_every_pool_and_nothing_once_another_leads() -> None:
    metrics = Metrics()
    assert "farplay_pool_nodes{" not in metrics.render().decode()
    metrics.show_pools([figures()])
    told = metrics.render().decode()
    assert told.count("farplay_pool_nodes{") == len(PoolNodeState)
    assert told.count("farplay_pool_nodes_troubled{") == len(Trouble)
    for line in (
        'farplay_pool_nodes{pool="l4",state="away"} 1.0',
        'farplay_pool_nodes_troubled{pool="l4",trouble="image"} 0.0',
        'farplay_pool_nodes_max{pool="l4"} 20.0',
        'farplay_pool_slots_kept_free{pool="l4"} 4.0',
        'farplay_pool_refused{pool="l4"} 1.0',
    ):
        assert line in told
    metrics.show_pools(())
    assert 'pool="l4"' not in metrics.render().decode()
