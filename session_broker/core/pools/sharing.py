"""Who waits is shared out over the pools: first to what is there or comes, then to what can be made."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from session_broker.core.pools.pool import Pool
from session_broker.core.pools.records import Demand


@dataclass(frozen=True, slots=True)
class Shares:
    """What each pool is for, by its name."""

    needed: dict[str, int]
    """Slots, free or coming, that those who wait need; what is beyond is spare."""
    create: dict[str, int]
    """Nodes to be made."""
    left: Demand
    """Those for whom no pool has anything."""


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
    left = {True: demand.gpu, False: demand.plain}
    for source, taken in ((free, needed), ({p.name: room[p.name] * p.slots for p in order}, new)):
        for wants_gpu in (True, False):
            for pool in order:
                if wants_gpu and not pool.gpus:
                    continue
                take = min(left[wants_gpu], source[pool.name] - taken[pool.name])
                taken[pool.name] += take
                left[wants_gpu] -= take
    create = {}
    for pool in order:
        lacking = new[pool.name] + idle[pool.name] - (free[pool.name] - needed[pool.name])
        wanted = max(new[pool.name], lacking)
        create[pool.name] = min(math.ceil(wanted / pool.slots), room[pool.name])
    return Shares(needed, create, Demand(left[True], left[False]))
