"""How a node of a pool stands: what it can still give to those who wait, and whether it is time to let go of it."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from session_broker.core.pools.pool import Pool
from session_broker.core.pools.records import Machine, NodeName, Phase, PoolNode
from session_broker.core.pools.timers import Timers

APPEAR_S = 30.0
"""Seconds after which a machine that its adapter does not list was never made, or is gone."""

TROUBLED_S = 30.0
"""Seconds of trouble after which a starting node is not counted on any more, though it may still come."""

AWAY_S = 10.0
"""The same for a node that had joined and is away: its broker may have died, and then it is back at once."""

RETURN_S = 60.0
"""Seconds that such a node has to come back before it is replaced for good."""


class Stage(StrEnum):
    """Where a node is between its row and its end."""

    STARTING = "starting"
    READY = "ready"
    AWAY = "away"
    """It had joined, and is not here."""
    DRAINING = "draining"
    OVER = "over"
    """It has to be retired as soon as nothing is placed there."""
    RETIRED = "retired"


ENDING = frozenset({Stage.DRAINING, Stage.OVER, Stage.RETIRED})
"""Stages from which no node comes back."""


class Standing(NamedTuple):
    """A node as one step sees it. A tuple, since each step makes one for every node."""

    node: PoolNode
    stage: Stage
    troubled: bool = False
    """Whether something keeps it from starting."""
    free: int = 0
    """Slots that whoever waits can count on, now or soon."""
    failed: bool = False
    """Whether it never came to take sessions."""
    why: str = ""
    """Why it is over."""
    idle_s: float = 0.0
    """Seconds for which nobody has played there."""

    @property
    def name(self) -> NodeName:
        """Return the node's name."""
        return self.node.name


def standing_of(
    node: PoolNode, machine: Machine | None, pool: Pool, timers: Timers, now: float, *, known: bool
) -> Standing:
    """Judge one node.

    Args:
        node: Its row.
        machine: What its adapter says of it; None if it is not listed.
        pool: Its pool.
        timers: Of all nodes; told what holds.
        now: Monotonic seconds.
        known: Whether the adapter's list is known at all.
    """
    age_s = 0.0 if node.joined else timers.held_s((node.name, "age"), now)
    unseen_s = timers.held_s((node.name, "unseen"), now) if known and machine is None else 0.0
    if node.retired:
        return Standing(node, Stage.RETIRED)
    idle_s = 0.0 if node.claims or node.drained else timers.held_s((node.name, "idle"), now)
    if node.ready:
        # Whatever its adapter says: it is here, and people may play on it.
        return Standing(node, Stage.READY, free=max(0, node.slots - node.claims), idle_s=idle_s)
    away_s = timers.held_s((node.name, "away"), now) if node.joined and not node.drained else 0.0
    troubled = machine is not None and machine.phase is Phase.PENDING and machine.trouble is not None
    troubled_s = timers.held_s((node.name, "troubled"), now) if troubled else 0.0
    gone = machine is not None and machine.phase is Phase.GONE
    if gone or unseen_s >= APPEAR_S:
        words = str(machine.trouble or "ended") if machine is not None else "not there"
        return Standing(node, Stage.OVER, failed=not node.joined, why=words)
    if node.drained:
        return Standing(node, Stage.DRAINING, idle_s=idle_s)
    if node.joined:
        if away_s >= RETURN_S:
            return Standing(node, Stage.OVER, why="away")
        return Standing(node, Stage.AWAY, free=max(0, node.slots - node.claims) if away_s < AWAY_S else 0)
    if age_s >= pool.start_timeout_s:
        return Standing(node, Stage.OVER, failed=True, why="start_timeout")
    return Standing(node, Stage.STARTING, troubled, 0 if troubled_s >= TROUBLED_S else pool.slots, idle_s=idle_s)
