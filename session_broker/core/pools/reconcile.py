"""The reconcile core: from who waits, what there is and what the adapters say, to what is done about it.

Every step looks at everything anew, so that nothing depends on a step before it having been carried out. What it
remembers are times: for how long a node has been idle, away or unseen. Rules that hold whatever happens:

- a node is created only while its pool, with all that is starting or ending, has fewer than ``max_nodes``;
- a node is deleted only when it is retired, and retired only when nothing runs there and nothing can be placed there;
- a machine without a row is nobody's and is deleted; a row is forgotten only when its machine is gone;
- in the place of a node that the operator wants replaced, exactly one other is made, as soon as there is room.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Sequence

from session_broker.core.pools.backoff import Backoff
from session_broker.core.pools.pool import Adapter, Pool, in_order
from session_broker.core.pools.records import (
    CreateNode,
    DeleteMachine,
    Demand,
    DrainNode,
    FleetEffect,
    FleetView,
    ForgetNode,
    NodeName,
    Outlook,
    Phase,
    Plan,
    RetireNode,
    Want,
)
from session_broker.core.pools.sharing import Shares, helps, share
from session_broker.core.pools.standing import ENDING, Stage, Standing, standing_of
from session_broker.core.pools.timers import Timers
from wire.session_control import Coming

DELETE_AGAIN_S = 10.0
"""Seconds after which a machine that is still there is deleted again."""

CREATED_AT_ONCE = 20
"""Most nodes of a pool that one step creates."""

NAME_RANDOM_BYTES = 5


class Reconciler:
    """Steps of one replica; ``draw`` gives that many random bytes."""

    def __init__(self, pools: Iterable[Pool], draw: Callable[[int], bytes]) -> None:
        self._order = in_order(pools)
        self._draw = draw
        self._timers = Timers()
        self._backoff = Backoff()
        self._starting: set[NodeName] = set()
        self._failed: set[NodeName] = set()
        self._deleted_at: dict[NodeName, float] = {}

    def create_failed(self, pool: str, now: float, retry_after_s: float = 0.0) -> None:
        """Take note that a machine could not be made; ``now`` in monotonic seconds."""
        self._backoff.failed(pool, now, retry_after_s)

    def step(self, view: FleetView, now: float) -> Plan:
        """Return what is to be done now; ``now`` in monotonic seconds."""
        standings = self._judge(view, now)
        self._take_note(standings, now)
        effects: list[FleetEffect] = []
        for each in standings:
            if each.stage in ENDING:
                effects += self._end(each, view, now)
        effects += self._clear_strangers(view, now)
        by_pool: dict[str, list[Standing]] = {pool.name: [] for pool in self._order}
        for each in standings:
            if each.node.pool in by_pool:
                by_pool[each.node.pool].append(each)
        room = {pool.name: self._room(pool, by_pool[pool.name], view, now) for pool in self._order}
        successors = [each for pool in self._order for each in self._replace(pool, by_pool[pool.name], room)]
        effects += successors
        shares = self._share(by_pool, room, successors, view)
        for pool in self._order:
            for _ in range(min(shares.create[pool.name], CREATED_AT_ONCE)):
                effects.append(CreateNode(pool.name, self._new_name(pool)))
            idle = pool.idle_wanted(view.local)
            effects += _shrink(pool, by_pool[pool.name], shares.needed[pool.name] + idle, view.demand)
        effects += [_drain(s) for s in standings if s.stage is Stage.READY and s.node.pool not in by_pool]
        self._timers.forget_unseen()
        return Plan(effects, _outlook(self._order, by_pool, shares, view.demand))

    def _judge(self, view: FleetView, now: float) -> list[Standing]:
        pools = {pool.name: pool for pool in self._order}
        standings = []
        for node in view.nodes:
            machines = view.machines.get(node.pool)
            machine = machines.get(node.name) if machines is not None else None
            pool = pools.get(node.pool) or Pool(node.pool, Adapter.LOCAL, max_nodes=0)
            standings.append(standing_of(node, machine, pool, self._timers, now, known=machines is not None))
        return standings

    def _take_note(self, standings: Sequence[Standing], now: float) -> None:
        """Learn of nodes that have come, and of those that never will, once each."""
        for each in standings:
            if each.failed and each.name not in self._failed:
                self._backoff.failed(each.node.pool, now)
            elif each.node.joined and each.node.name in self._starting:
                self._backoff.worked(each.node.pool)
        self._starting = {s.node.name for s in standings if s.stage is Stage.STARTING}
        self._failed = {s.node.name for s in standings if s.failed}

    def _end(self, each: Standing, view: FleetView, now: float) -> list[FleetEffect]:
        """Take a node that is over, drained or retired one step further."""
        node = each.node
        if each.stage is Stage.RETIRED:
            machines = view.machines.get(node.pool)
            if machines is not None and node.name not in machines:
                # Until another has come in its place, its row keeps the wish; it takes no room.
                return [] if node.replace and self._may_have_nodes(node.pool) else [ForgetNode(node.name)]
            return self._delete(node.pool, node.name, now)
        if node.claims:
            return []
        return [RetireNode(node.name, each.why if each.stage is Stage.OVER else "drained")]

    def _may_have_nodes(self, name: str) -> bool:
        return any(pool.name == name and pool.max_nodes for pool in self._order)

    def _delete(self, pool: str, name: NodeName, now: float) -> list[FleetEffect]:
        if now - self._deleted_at.get(name, -DELETE_AGAIN_S) < DELETE_AGAIN_S:
            return []
        self._deleted_at[name] = now
        return [DeleteMachine(pool, name)]

    def _clear_strangers(self, view: FleetView, now: float) -> list[FleetEffect]:
        """Delete machines without a row: of a replica that died, or made after it had been given up."""
        rows = {node.name for node in view.nodes}
        strangers = {
            name: pool
            for pool, machines in view.machines.items()
            for name in sorted(machines.keys() - rows if machines else ())
        }
        self._deleted_at = {name: at for name, at in self._deleted_at.items() if name in rows or name in strangers}
        return [effect for name, pool in strangers.items() for effect in self._delete(pool, name, now)]

    def _replace(self, pool: Pool, standings: Sequence[Standing], room: dict[str, int]) -> list[CreateNode]:
        """Return the nodes that come in the place of others, and take their room; one at the maximum waits."""
        wished = [s for s in standings if s.node.replace][: room[pool.name]]
        room[pool.name] -= len(wished)
        return [CreateNode(pool.name, self._new_name(pool), s.name) for s in wished]

    def _share(
        self, by_pool: dict[str, list[Standing]], room: dict[str, int], made: Sequence[CreateNode], view: FleetView
    ) -> Shares:
        slots = {pool.name: pool.slots * sum(each.pool == pool.name for each in made) for pool in self._order}
        return share(
            self._order,
            {name: sum(s.free for s in standings) + slots[name] for name, standings in by_pool.items()},
            room,
            {pool.name: pool.idle_wanted(view.local) for pool in self._order},
            view.demand,
        )

    def _room(self, pool: Pool, standings: Sequence[Standing], view: FleetView, now: float) -> int:
        """Return how many nodes may be made in a pool now."""
        machines = view.machines.get(pool.name)
        stuck = any(s.stage is Stage.STARTING and not s.free for s in standings)
        if machines is None or stuck or self._backoff.rests(pool.name, now):
            return 0
        strangers = machines.keys() - {s.node.name for s in standings}
        there = sum(machines[name].phase is not Phase.GONE for name in strangers)
        gone = sum(s.stage is Stage.RETIRED and s.node.name not in machines for s in standings)
        return max(0, pool.max_nodes - (len(standings) - gone) - there)

    def _new_name(self, pool: Pool) -> NodeName:
        random = base64.b32encode(self._draw(NAME_RANDOM_BYTES)).decode().lower()
        return NodeName(f"{pool.name}-{random}")


def _shrink(pool: Pool, standings: Sequence[Standing], wanted: int, demand: Demand) -> list[FleetEffect]:
    """Let go of what has been idle for long, and of what is beyond the pool's maximum.

    Args:
        pool: The pool.
        standings: Its nodes.
        wanted: Slots that are needed or kept free.
        demand: Who waits.
    """
    effects: list[FleetEffect] = []
    spare = sum(s.free for s in standings) - wanted
    kept = [s for s in standings if s.stage in (Stage.STARTING, Stage.READY)]
    excess = len(kept) - pool.max_nodes

    def is_idle(each: Standing) -> bool:
        return not each.node.claims and each.idle_s >= pool.idle_s

    may_go = kept if excess > 0 else [each for each in kept if is_idle(each)]
    # The newest names last, so that every step picks the same ones; first those that cost nobody anything.
    for each in sorted(may_go, key=lambda s: (s.stage is Stage.READY, s.node.claims, s.name)):
        useless = not each.free and not any(demand.values()) and wanted <= 0
        if excess <= 0 and not (is_idle(each) and (0 < each.free <= spare or useless)):
            continue
        excess -= 1
        spare -= each.free
        effects.append(_drain(each) if each.stage is Stage.READY else RetireNode(each.name, "not needed"))
    return effects


def _drain(each: Standing) -> DrainNode:
    assert each.node.node_id is not None
    return DrainNode(each.name, each.node.node_id)


def _outlook(order: Sequence[Pool], by_pool: dict[str, list[Standing]], shares: Shares, demand: Demand) -> Outlook:
    """Return what those who wait may hope for: a node that starts, or none."""

    def coming(want: Want) -> Coming | None:
        pools = [pool for pool in order if helps(pool, want)]
        starting = [s for p in pools for s in by_pool[p.name] if s.stage is Stage.STARTING]
        if any(shares.create[p.name] for p in pools) or not all(s.troubled for s in starting):
            return Coming.STARTING
        return Coming.NONE_FREE if shares.left[want] or starting else None

    told = {want: coming(want) for want, waiting in demand.items() if waiting}
    return {want: words for want, words in told.items() if words is not None}
