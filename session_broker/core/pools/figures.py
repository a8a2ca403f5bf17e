"""A pool in figures, as operators and metrics see it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from session_broker.core.pools.pool import Pool
from session_broker.core.pools.records import PoolNode, PoolNodeState, Trouble


@dataclass(frozen=True, slots=True)
class PoolFigures:
    """One pool at one time."""

    name: str
    max_nodes: int
    idle_wanted: int
    """Slots that are kept free at this time."""
    price_per_hour: float
    """Of one node."""
    states: Mapping[PoolNodeState, int]
    """Nodes by state; states without nodes are left out."""
    slots: int
    """Of the nodes that are ready."""
    slots_used: int
    """Of all its nodes."""
    troubles: Mapping[Trouble, int]
    """Nodes that do not start, or have ended, by why."""
    refused: bool
    """Whether nodes can be neither made nor deleted."""

    @property
    def nodes(self) -> int:
        """How many nodes there are, starting and ending ones included."""
        return sum(self.states.values())

    @property
    def cost_per_hour(self) -> float:
        """Of all its nodes."""
        return self.price_per_hour * self.nodes


def figures_of(
    pool: Pool, nodes: Iterable[tuple[PoolNode, Trouble | None]], local: datetime, *, refused: bool
) -> PoolFigures:
    """Count a pool's nodes.

    Args:
        pool: The pool.
        nodes: Its nodes, each with what keeps it from starting or ended it.
        local: Now, in the operator's time zone.
        refused: Whether its adapter refused the last thing that was asked of it.
    """
    listed = list(nodes)
    return PoolFigures(
        name=pool.name,
        max_nodes=pool.max_nodes,
        idle_wanted=pool.idle_wanted(local),
        price_per_hour=pool.price_per_hour,
        states=Counter(node.state for node, _ in listed),
        slots=sum(node.slots for node, _ in listed if node.state is PoolNodeState.READY),
        slots_used=sum(node.claims for node, _ in listed),
        troubles=Counter(trouble for _, trouble in listed if trouble is not None),
        refused=refused,
    )
