"""A deployment in memory for the reconcile core: machines that come late or never, players, drains, losses."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from session_broker.core.pools.pool import Pool
from session_broker.core.pools.reconcile import Reconciler
from session_broker.core.pools.records import (
    CreateNode,
    DeleteMachine,
    DrainNode,
    FleetView,
    ForgetNode,
    Machine,
    NodeName,
    Outlook,
    Phase,
    PoolNode,
    RetireNode,
    Trouble,
    Want,
)
from session_broker.core.pools.sharing import helps
from session_broker.core.regions import Line
from wire.ids import NodeId

MONDAY = datetime(2026, 11, 23, 12, tzinfo=UTC)


@dataclass
class ModelMachine:
    """A process or Pod."""

    pool: str
    comes_at: float
    """When it is listed."""
    runs_at: float
    trouble: Trouble | None = None
    gone: bool = False
    deleted_at: float | None = None


@dataclass
class ModelDeployment:
    """Acts on the core's effects as the shells do, and checks after each step what must hold whatever happens."""

    pools: tuple[Pool, ...]
    seed: int = 0
    boot_s: float = 20.0
    rows: dict[NodeName, PoolNode] = field(default_factory=dict)
    machines: dict[NodeName, ModelMachine] = field(default_factory=dict)
    waiting: list[tuple[float, Want]] = field(default_factory=list)
    """Since when, and for what."""
    now: float = 0.0
    unknown: bool = False
    """Whether the adapters know nothing at the moment."""
    refuses: bool = False
    """Whether no machine can be made."""
    full: bool = False
    """Whether new machines find no place to run."""
    outlook: Outlook = field(default_factory=dict)
    created: list[NodeName] = field(default_factory=list)
    deleted: list[NodeName] = field(default_factory=list)
    successors: dict[NodeName, NodeName] = field(default_factory=dict)
    """By the name of the node that was replaced."""

    def __post_init__(self) -> None:
        self.random = random.Random(self.seed)
        self.start_replica()

    def start_replica(self) -> None:
        """Let another replica, which remembers nothing, go on."""
        self.reconciler = Reconciler(self.pools, self.random.randbytes)

    def pool(self, name: str) -> Pool:
        return next(pool for pool in self.pools if pool.name == name)

    def view(self) -> FleetView:
        listed: dict[str, dict[NodeName, Machine] | None] = {pool.name: {} for pool in self.pools}
        for name, machine in self.machines.items():
            if machine.comes_at <= self.now:
                phase = (
                    Phase.GONE if machine.gone else Phase.RUNNING if machine.runs_at <= self.now else Phase.PENDING
                )
                of_pool = listed[machine.pool]
                assert of_pool is not None
                of_pool[name] = Machine(name, phase, machine.trouble)
        long = Counter(want for since, want in self.waiting if self.now - since >= 2.0)
        return FleetView(
            long,
            tuple(self.rows.values()),
            dict.fromkeys(listed) if self.unknown else listed,
            MONDAY + timedelta(seconds=self.now),
        )

    def step(self, seconds: float = 1.0) -> None:
        """Let time pass, place who waits, then let the core act."""
        self.now += seconds
        self._machines_move()
        self.place()
        plan = self.reconciler.step(self.view(), self.now)
        self.outlook = plan.outlook
        for effect in plan.effects:
            match effect:
                case CreateNode():
                    self._create(effect)
                case DrainNode():
                    self.rows[effect.name] = replace(self.rows[effect.name], drained=True, ready=False)
                case RetireNode():
                    self._retire(effect.name)
                case DeleteMachine():
                    self._delete(effect.name)
                case ForgetNode():
                    assert self.rows[effect.name].retired
                    del self.rows[effect.name]
        self._check()

    def run(self, seconds: float) -> None:
        for _ in range(int(seconds)):
            self.step()

    def place(self) -> None:
        for entry in list(self.waiting):
            for row in self.rows.values():
                if row.ready and row.claims < row.slots and helps(self.pool(row.pool), entry[1]):
                    self.rows[row.name] = replace(row, claims=row.claims + 1)
                    self.waiting.remove(entry)
                    break

    def come(self, players: int, *, gpu: bool = False, line: Line = None) -> None:
        self.waiting += [(self.now, Want(gpu, line))] * players

    def leave(self, players: int) -> None:
        for _ in range(players):
            busy = [row for row in self.rows.values() if row.claims]
            if busy:
                row = self.random.choice(sorted(busy, key=lambda r: r.name))
                self.rows[row.name] = replace(row, claims=row.claims - 1)

    def lose(self, name: NodeName, trouble: Trouble = Trouble.LOST) -> None:
        """Let a machine die; its broker ends the sessions on it."""
        self.machines[name].gone = True
        self.machines[name].trouble = trouble
        if name in self.rows:
            self.rows[name] = replace(self.rows[name], ready=False, claims=0)

    def alive(self, pool: str | None = None) -> list[NodeName]:
        return [n for n, m in self.machines.items() if not m.gone and pool in (None, m.pool)]

    @property
    def playing(self) -> int:
        return sum(row.claims for row in self.rows.values())

    def _machines_move(self) -> None:
        for name, machine in list(self.machines.items()):
            if machine.deleted_at is not None and machine.deleted_at <= self.now:
                del self.machines[name]
                continue
            row = self.rows.get(name)
            ours = row is not None and not row.retired and not row.joined
            if row is not None and ours and machine.runs_at <= self.now and not machine.gone:
                slots = self.pool(row.pool).slots
                self.rows[name] = replace(
                    row, node_id=NodeId(f"node_{name}"), joined=True, ready=not row.drained, slots=slots
                )

    def _create(self, effect: CreateNode) -> None:
        assert effect.name not in self.rows
        assert effect.name not in self.machines
        self.rows[effect.name] = PoolNode(effect.name, effect.pool)
        if effect.succeeds is not None:
            former = self.rows[effect.succeeds]
            assert former.replace, "once each"
            assert former.pool == effect.pool
            self.rows[effect.succeeds] = replace(former, replace=False)
            self.successors[effect.succeeds] = effect.name
        self.created.append(effect.name)
        if self.refuses:
            self.reconciler.create_failed(effect.pool, self.now)
            return
        late = self.random.uniform(0.1, 5.0)
        runs_at = float("inf") if self.full else self.now + late + self.boot_s * self.random.uniform(0.5, 1.5)
        trouble = Trouble.NO_ROOM if self.full else None
        self.machines[effect.name] = ModelMachine(effect.pool, self.now + late, runs_at, trouble)

    def _retire(self, name: NodeName) -> None:
        row = self.rows[name]
        if not row.claims and not row.ready:
            self.rows[name] = replace(row, retired=True, ready=False)

    def _delete(self, name: NodeName) -> None:
        row = self.rows.get(name)
        assert row is None or row.retired, "only a retired node, or nobody's machine, is deleted"
        assert row is None or not row.claims, "nobody plays there"
        self.deleted.append(name)
        machine = self.machines.get(name)
        if machine is not None and machine.deleted_at is None:
            machine.deleted_at = self.now + self.random.uniform(0.0, 15.0)

    def _is_over(self, row: PoolNode) -> bool:
        return row.retired and row.name not in self.machines

    def upgrade(self, name: NodeName) -> None:
        """Let the operator drain a node and have another made in its place."""
        self.rows[name] = replace(self.rows[name], drained=True, ready=False, replace=True)

    def _check(self) -> None:
        for pool in self.pools:
            # A row that outlives its machine only keeps the wish for another in its place.
            rows = [row for row in self.rows.values() if row.pool == pool.name and not self._is_over(row)]
            there = {n for n, m in self.machines.items() if m.pool == pool.name and not m.gone}
            assert len({row.name for row in rows} | there) <= pool.max_nodes
