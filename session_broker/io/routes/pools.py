"""What operators see of the pools: how many nodes each has, what they cost, what keeps others from starting."""

from __future__ import annotations

from datetime import UTC, datetime

from fastapi import APIRouter
from pydantic import BaseModel

from session_broker.core.pools.figures import figures_of
from session_broker.core.pools.pool import Adapter, Pool, in_order
from session_broker.core.pools.records import PoolNodeState, Trouble
from session_broker.io.clock import wall_ms
from session_broker.io.fleet.rows import ListedNode
from session_broker.io.rights import BrokerDep, Right, require

router = APIRouter(prefix="/api/v1/operator")

NODES_SHOWN = 200
"""Nodes of one pool that an answer lists."""

FORMER = "it is not in the pools file any more, so nobody deletes its machines; put it back with max_nodes = 0"


class PoolNodeRow(BaseModel):
    """A node that the fleet has made."""

    name: str
    node_id: str | None
    """Null until it has enrolled."""
    state: PoolNodeState
    slots: int
    slots_used: int
    trouble: Trouble | None
    """What keeps it from starting, or ended it."""
    words: str
    """What the place where it runs says about it."""
    created_at_ms: int


class PoolRow(BaseModel):
    """A pool."""

    name: str
    adapter: str | None
    """Null for one that is no longer in the pools file."""
    priority: int
    price_per_hour: float
    """Of one node."""
    regions: list[str]
    max_nodes: int
    idle_wanted: int
    """Slots that are kept free at this time."""
    states: dict[PoolNodeState, int]
    """Nodes by state."""
    slots: int
    """Of the nodes that are ready."""
    slots_used: int
    cost_per_hour: float
    """Of all its nodes."""
    trouble: str
    """Why nodes can be neither made nor deleted, if so."""
    nodes: list[PoolNodeRow]


class Pools(BaseModel):
    """All pools, the one to be used first in front."""

    pools: list[PoolRow]


@router.get("/pools", dependencies=[require(Right.OPERATOR)])
async def pools(broker: BrokerDep) -> Pools:
    """Show the pools and their nodes."""
    fleet, nodes = broker.config.fleet, await broker.fleet_rows.nodes()
    _, troubles = await broker.fleet_rows.news()
    configured = in_order(fleet.pools) if fleet is not None else []
    local = datetime.fromtimestamp(wall_ms() / 1000, UTC).astimezone(fleet.timezone if fleet is not None else UTC)
    former = sorted({each.node.pool for each in nodes} - {pool.name for pool in configured})
    shown: list[tuple[Pool, str | None, str]] = [
        (pool, str(pool.adapter), troubles.get(pool.name, "")) for pool in configured
    ]
    shown += [(Pool(name, Adapter.LOCAL, max_nodes=0), None, FORMER) for name in former]
    return Pools(
        pools=[
            _row(pool, adapter, trouble, [each for each in nodes if each.node.pool == pool.name], local)
            for pool, adapter, trouble in shown
        ]
    )


def _row(pool: Pool, adapter: str | None, trouble: str, nodes: list[ListedNode], local: datetime) -> PoolRow:
    figures = figures_of(pool, [(each.node, each.trouble) for each in nodes], local, refused=bool(trouble))
    return PoolRow(
        name=pool.name,
        adapter=adapter,
        priority=pool.priority,
        price_per_hour=pool.price_per_hour,
        regions=list(pool.regions),
        max_nodes=pool.max_nodes,
        idle_wanted=figures.idle_wanted,
        states=dict(figures.states),
        slots=figures.slots,
        slots_used=figures.slots_used,
        cost_per_hour=figures.cost_per_hour,
        trouble=trouble,
        nodes=[_node_row(each) for each in nodes[:NODES_SHOWN]],
    )


def _node_row(each: ListedNode) -> PoolNodeRow:
    node = each.node
    return PoolNodeRow(
        name=node.name,
        node_id=node.node_id,
        state=node.state,
        slots=node.slots,
        slots_used=node.claims,
        trouble=each.trouble,
        words=each.words,
        created_at_ms=each.created_at_ms,
    )
