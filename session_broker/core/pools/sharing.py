"""Who waits is shared out over the pools: first to what is there or comes, then to what can be made."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from session_broker.core.pools.pool import Pool
from session_broker.core.pools.records import Demand, Want


@dataclass(frozen=True, slots=True)
class Shares:
    """What each pool is for, by its name."""

    needed: dict[str, int]
    """Slots, free or coming, that those who wait need; what is beyond is spare."""
    create: dict[str, int]
    """Nodes to be made."""
    left: Demand
    """Those for whom no pool has anything, of every want."""


def share(
    order: Sequence[Pool],
    free: Mapping[str, int],
    room: Mapping[str, int],
    idle: Mapping[str, int],
    demand: Demand,
) -> Shares:
    """Share out.

    Args:
        order: The pools, the one to be used first in front.
        free: Slots of each that are free or coming.
        room: Nodes that may be made in each.
        idle: Slots that each shall have free beyond those that are needed.
        demand: Who waits.
    """
    needed = {pool.name: 0 for pool in order}
    new = {pool.name: 0 for pool in order}
    left = dict(demand)
    for source, taken in ((free, needed), ({p.name: room[p.name] * p.slots for p in order}, new)):
        for want in sorted(left, key=_choice):
            for pool in order:
                if not helps(pool, want):
                    continue
                take = min(left[want], source[pool.name] - taken[pool.name])
                taken[pool.name] += take
                left[want] -= take
    create = {}
    for pool in order:
        lacking = new[pool.name] + idle[pool.name] - (free[pool.name] - needed[pool.name])
        wanted = max(new[pool.name], lacking)
        create[pool.name] = min(math.ceil(wanted / pool.slots), room[pool.name])
    return Shares(needed, create, left)


def helps(pool: Pool, want: Want) -> bool:
    """Tell whether a node of a pool could run what is waited for, and would be where it is waited for."""
    return bool(pool.gpus or not want.gpu) and pool.serves(want.line)


def _choice(want: Want) -> tuple[bool, bool, int, list[str]]:
    """Sort those first who have the fewest pools to choose from; the rest of the order only has to be one."""
    return not want.gpu, want.line is None, len(want.line or ()), sorted(want.line or ())
