"""The machines of all pools, as their adapters would report them: they take time to come, and they die."""

from __future__ import annotations

import heapq
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from session_broker.core.fleet import Fleet
from session_broker.core.pools.records import (
    CreateNode,
    DeleteMachine,
    Demand,
    DrainNode,
    FleetEffect,
    FleetView,
    ForgetNode,
    Machine,
    NodeName,
    Phase,
    PoolNode,
    RetireNode,
    Trouble,
)
from tests.bench.sim.scenario import CLASSES, REGIONS, Machines, Scenario
from wire.ids import NodeId
from wire.node_control import NodeCapacity

MIDNIGHT = datetime(2026, 1, 5, tzinfo=UTC)
ENDS_S = 5.0
"""Seconds that a machine takes to go."""
VERSION = "1.0.0"
TITLES = tuple((each.name, VERSION) for each in CLASSES)
"""They lie on every machine."""
KINDS = tuple(dict.fromkeys(each.kind for each in CLASSES))


@dataclass(slots=True)
class SimNode:
    """A node, from the wish for it until its row is forgotten."""

    name: NodeName
    pool: str
    sort: Machines
    region: str
    dies_at: float
    made_at: float
    phase: Phase | None = Phase.PENDING
    """None once its machine is gone and deleted."""
    joined: bool = False
    drained: bool = False
    retired: bool = False
    sessions: set[int] = field(default_factory=set)
    machine: Machine | None = None
    """What its adapter said of it last."""
    _row: PoolNode | None = None

    @property
    def node_id(self) -> NodeId:
        """Its id, which is also the name of its row in the fleet."""
        return NodeId(self.name)

    def row(self) -> PoolNode:
        """Return what the reconcile core sees of it; the same as before where nothing has changed."""
        ready = self.joined and self.phase is Phase.RUNNING and not self.drained
        kept, now = self._row, (self.joined, ready, self.drained, self.retired, len(self.sessions))
        if kept is None or (kept.joined, kept.ready, kept.drained, kept.retired, kept.claims) != now:
            kept = self._row = PoolNode(
                self.name, self.pool, self.retired, self.node_id if self.joined else None, self.joined, ready,
                self.drained, self.sort.slots, len(self.sessions),
            )  # fmt: skip
        return kept


class Park:
    """Every machine there is. ``step`` lets them come and die; ``apply`` does what the reconcile core wants."""

    def __init__(self, scenario: Scenario, fleet: Fleet, rng: random.Random) -> None:
        self._scenario, self._fleet, self._rng = scenario, fleet, rng
        self.nodes: dict[NodeName, SimNode] = {}
        self._sorts = {f"{m.sort}-{r.name}": (m, r.name) for r in REGIONS for m in scenario.machines}
        self._closed: dict[str, float] = {}
        """Until when a region has no machines."""
        self._due: list[tuple[float, NodeName]] = []
        """When something happens to a node next: it comes, or it dies."""
        self.lived_s: defaultdict[str, float] = defaultdict(float)
        """Seconds for which machines of each sort have been there, those that have gone."""
        self.created = self.died = self.deleted_playing = 0

    def close_region(self, region: str, until: float, now: float) -> list[SimNode]:
        """Let all machines of a region die; returns those on which somebody may have played."""
        self._closed[region] = until
        return [self._die(node, now) for node in list(self.nodes.values()) if node.region == region and node.phase]

    def step(self, now: float) -> list[SimNode]:
        """Let machines come, and those die whose time it is; returns those that died."""
        dead = []
        while self._due and self._due[0][0] <= now:
            at, name = heapq.heappop(self._due)
            node = self.nodes.get(name)
            if node is None or node.phase not in (Phase.PENDING, Phase.RUNNING):
                continue
            if node.phase is Phase.RUNNING:
                dead.append(self._die(node, now))
            elif self._closed.get(node.region, at) > at:
                heapq.heappush(self._due, (self._closed[node.region], name))
            else:
                self._come(node)
                heapq.heappush(self._due, (node.dies_at, name))
        return dead

    def view(self, demand: Demand, now: float) -> FleetView:
        """Return what the reconcile core sees."""
        machines: dict[str, dict[NodeName, Machine]] = {pool: {} for pool in self._sorts}
        for node in self.nodes.values():
            if node.phase is not None:
                machines[node.pool][node.name] = self._machine(node, now)
        rows = [node.row() for node in self.nodes.values()]
        clock = MIDNIGHT + timedelta(seconds=self._scenario.begin_s + now)
        return FleetView(demand, rows, machines, clock)

    def apply(self, effects: Iterable[FleetEffect], now: float) -> None:
        """Do what the reconcile core wants."""
        for effect in effects:
            match effect:
                case CreateNode():
                    self._create(effect, now)
                case DrainNode():
                    self.nodes[effect.name].drained = True
                    self._fleet.set_ready(effect.node_id, False)
                case RetireNode():
                    self._retire(self.nodes[effect.name])
                case DeleteMachine():
                    self._delete(self.nodes[effect.name], now)
                case ForgetNode():
                    del self.nodes[effect.name]

    def cost(self, now: float) -> dict[str, float]:
        """Return what each sort has cost: owned machines the whole time, others while they were there."""
        lived_s = self.lived_s.copy()
        for node in self.nodes.values():
            if node.phase is not None:
                lived_s[node.sort.sort] += now - node.made_at
        return {
            m.sort: m.price_per_hour / 3600 * (m.nodes * len(REGIONS) * now if m.owned else lived_s[m.sort])
            for m in self._scenario.machines
        }

    def ready_by_sort(self) -> Mapping[str, int]:
        """Return how many machines of each sort are there and run."""
        return Counter(node.sort.sort for node in self.nodes.values() if node.phase is Phase.RUNNING)

    def _create(self, wanted: CreateNode, now: float) -> None:
        sort, region = self._sorts[wanted.pool]
        starts_s = sort.start_s * self._rng.lognormvariate(0.0, 0.3)
        dies_at = now + starts_s + self._rng.expovariate(1 / self._scenario.node_life_s)
        self.nodes[wanted.name] = SimNode(wanted.name, wanted.pool, sort, region, dies_at, now)
        heapq.heappush(self._due, (now + starts_s, wanted.name))
        self.created += 1

    def _come(self, node: SimNode) -> None:
        node.phase, node.joined = Phase.RUNNING, not node.retired
        if node.retired:
            # Brokers refuse it; it runs for nobody until it is deleted.
            return
        memory_bytes, gpus = (32 << 30), ("gpu",) * node.sort.gpus
        capacity = NodeCapacity(
            node.sort.slots, 8, memory_bytes, 4.0, ("libx264",), gpus, KINDS
        )  # fmt: skip
        self._fleet.describe(node.node_id, capacity, KINDS, TITLES, node.region)
        self._fleet.set_claims(node.node_id, 0)
        self._fleet.set_ready(node.node_id, True)

    def _die(self, node: SimNode, now: float) -> SimNode:
        self.died += node.joined
        self._fleet.forget(node.node_id)
        if node.joined:
            node.phase = Phase.GONE
        else:
            self._delete(node, now)
        return node

    def _retire(self, node: SimNode) -> None:
        """Shut a node out for good, unless somebody plays there after all."""
        if not node.sessions:
            node.retired = True
            self._fleet.forget(node.node_id)

    def _delete(self, node: SimNode, now: float) -> None:
        if node.phase is None:
            return
        self.deleted_playing += len(node.sessions)
        self.lived_s[node.sort.sort] += now + ENDS_S - node.made_at
        node.phase = None

    def _machine(self, node: SimNode, now: float) -> Machine:
        trouble = None
        if node.phase is Phase.GONE:
            trouble = Trouble.LOST
        elif node.phase is Phase.PENDING and now < self._closed.get(node.region, 0.0):
            trouble = Trouble.NO_ROOM
        kept = node.machine
        if kept is None or kept.phase is not node.phase or kept.trouble is not trouble:
            assert node.phase is not None
            kept = node.machine = Machine(node.name, node.phase, trouble)
        return kept
