"""The fleet's loop: one replica holds the lease, looks every second, and does what the reconcile core wants.

What an adapter is asked for may fail, or happen later than the answer; the core looks at everything anew in the next
step. A machine is made only after its row is written, and deleted only after its row says that it is retired.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime

import structlog
from sqlalchemy.exc import SQLAlchemyError

from session_broker.core.pools.figures import PoolFigures, figures_of
from session_broker.core.pools.pool import FleetConfig
from session_broker.core.pools.reconcile import Reconciler
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
    Outlook,
    Plan,
    PoolNode,
    RetireNode,
    Trouble,
    Want,
)
from session_broker.core.regions import RegionRules
from session_broker.core.tickets import TOKEN_RANDOM_BYTES, make_token
from session_broker.io.clock import monotonic_s, wall_ms
from session_broker.io.fleet.adapter import CALL_TIMEOUT_S, FleetAdapter, MachineRefused
from session_broker.io.fleet.rows import FleetRows, LeaseLost, ListedNode
from session_broker.io.runner import StoreUnavailable
from wire.errors import WireError
from wire.ids import NodeId

LOOK_S = 1.0
"""Seconds between steps, and between looks at what the holder of the lease says."""

LEASE_S = 30.0
"""Seconds that the lease lasts: longer than a step with calls that hang. A dead holder is replaced at once."""

_log = structlog.get_logger()


class FleetLoop:
    """Owns the adapters. ``run`` keeps trying for the lease, and leads while it has it.

    Args:
        config: The pools.
        rows: The fleet in SQL.
        adapters: One for each pool, by its name.
        regions: Where sessions wait for a node.
        needs_gpu: Tells of a title of the catalogue whether its sessions need a GPU.
        drain: Lets a node take no more sessions, on whichever replica it is.
        tell: Tells the sessions of this replica what they may hope for.
        show: Takes the pools' figures after each step, and none when another replica leads.
    """

    def __init__(
        self,
        config: FleetConfig,
        rows: FleetRows,
        adapters: Mapping[str, FleetAdapter],
        regions: RegionRules,
        *,
        needs_gpu: Callable[[str], bool],
        drain: Callable[[NodeId], Awaitable[None]],
        tell: Callable[[Outlook], Awaitable[None]],
        show: Callable[[Sequence[PoolFigures]], None],
    ) -> None:
        self._config = config
        self._rows = rows
        self._adapters = adapters
        self._regions = regions
        self._needs_gpu = needs_gpu
        self._drain = drain
        self._tell = tell
        self._show = show
        self._noted: dict[NodeName, tuple[Trouble | None, str]] = {}
        self._told: tuple[Outlook, dict[str, str]] | None = None
        self._troubles: dict[str, str] = {}

    async def run(self) -> None:
        """Live until cancelled; then the lease is given up and what the adapters own is ended."""
        try:
            while True:
                with self._faults_logged():
                    epoch = await self._rows.hold(LEASE_S)
                    if epoch is not None:
                        await self._lead(epoch)
                    await self._tell((await self._rows.news())[0])
                await asyncio.sleep(LOOK_S)
        finally:
            for adapter in self._adapters.values():
                await adapter.close()
            with contextlib.suppress(SQLAlchemyError, OSError, StoreUnavailable):
                await self._rows.leave()

    async def _lead(self, epoch: int) -> None:
        """Act until the lease is lost."""
        _log.info("fleet_led", epoch=epoch, pools=[pool.name for pool in self._config.pools])
        reconciler = Reconciler(self._config.pools, secrets.token_bytes)
        self._noted, self._told, self._troubles = {}, None, {}
        async with self._following():
            try:
                while True:
                    with self._faults_logged():
                        if await self._rows.hold(LEASE_S) != epoch:
                            return
                        await self._step(reconciler, epoch)
                    await asyncio.sleep(LOOK_S)
            finally:
                self._show(())

    @contextlib.asynccontextmanager
    async def _following(self) -> AsyncIterator[None]:
        tasks = [
            asyncio.create_task(adapter.follow(), name=f"pool {name}") for name, adapter in self._adapters.items()
        ]
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    @contextlib.contextmanager
    def _faults_logged(self) -> Iterator[None]:
        try:
            yield
        except LeaseLost:
            _log.info("fleet_lease_lost")
        except (SQLAlchemyError, OSError, WireError) as error:
            _log.warning("fleet_unseen", error=type(error).__name__)
        except Exception:
            # One pool's fault must not keep the others from being looked after.
            _log.exception("fleet_step_failed")

    async def _step(self, reconciler: Reconciler, epoch: int) -> None:
        machines = {name: adapter.machines() for name, adapter in self._adapters.items()}
        # After the machines: all that are to be kept have their rows by now. Before the demand: of a session that is
        # placed in between, the slot counts as free, and no node is made for it.
        listed = await self._rows.nodes()
        local = datetime.fromtimestamp(wall_ms() / 1000, UTC).astimezone(self._config.timezone)
        view = FleetView(await self._demand(), [each.node for each in listed], machines, local)
        plan = reconciler.step(view, monotonic_s())
        done = await asyncio.gather(
            *(self._do(effect, reconciler, epoch) for effect in plan.effects), return_exceptions=True
        )
        await self._note(epoch, machines)
        await self._publish(epoch, plan)
        self._show(self._figures(listed, local))
        for fault in done:
            if fault is not None:
                raise fault

    def _figures(self, listed: Sequence[ListedNode], local: datetime) -> list[PoolFigures]:
        by_pool: dict[str, list[tuple[PoolNode, Trouble | None]]] = {}
        for each in listed:
            by_pool.setdefault(each.node.pool, []).append((each.node, each.trouble))
        troubles = self._all_troubles()
        return [
            figures_of(pool, by_pool.get(pool.name, ()), local, refused=pool.name in troubles)
            for pool in self._config.pools
        ]

    async def _demand(self) -> Demand:
        return Counter(
            Want(self._needs_gpu(each.title_id), self._regions.line(each.round_trips_ms, each.waited_s))
            for each in await self._rows.waiting()
        )

    async def _do(self, effect: FleetEffect, reconciler: Reconciler, epoch: int) -> None:
        match effect:
            case CreateNode():
                await self._create(effect, reconciler, epoch)
            case DrainNode(name, node_id):
                _log.info("pool_node_drained", name=name, node_id=node_id)
                await self._drain(node_id)
            case RetireNode(name, why):
                if await self._rows.retire(epoch, name):
                    _log.info("pool_node_retired", name=name, why=why)
            case DeleteMachine(pool, name):
                await self._delete(pool, name)
            case ForgetNode(name):
                await self._rows.forget(epoch, name)

    async def _create(self, wish: CreateNode, reconciler: Reconciler, epoch: int) -> None:
        pool, name, token = wish.pool, wish.name, make_token(secrets.token_bytes(TOKEN_RANDOM_BYTES))
        await self._rows.add(epoch, pool, name, token, wish.succeeds)
        _log.info("pool_node_created", pool=pool, name=name, succeeds=wish.succeeds)
        try:
            async with asyncio.timeout(CALL_TIMEOUT_S):
                await self._adapters[pool].create(name, token)
        except TimeoutError:
            # It may come all the same: the core waits for it, and gives it up if it does not.
            self._troubled(pool, "no answer in time")
            reconciler.create_failed(pool, monotonic_s())
        except MachineRefused as refused:
            self._troubled(pool, refused.words)
            reconciler.create_failed(pool, monotonic_s(), refused.retry_after_s)
            await self._rows.retire(epoch, name)
        else:
            self._troubles.pop(pool, None)

    async def _delete(self, pool: str, name: NodeName) -> None:
        adapter = self._adapters.get(pool)
        if adapter is None:
            _log.warning("pool_unknown", pool=pool, name=name)
            return
        try:
            async with asyncio.timeout(CALL_TIMEOUT_S):
                await adapter.delete(name)
        except TimeoutError:
            self._troubled(pool, "no answer in time")
        except MachineRefused as refused:
            self._troubled(pool, refused.words)

    def _troubled(self, pool: str, words: str) -> None:
        _log.warning("pool_troubled", pool=pool, words=words)
        self._troubles[pool] = words

    def _all_troubles(self) -> dict[str, str]:
        """Return what is wrong with whole pools: where its machines are not known, nothing else can be said."""
        unseen = {name: adapter.unseen() for name, adapter in self._adapters.items()}
        return self._troubles | {name: words for name, words in unseen.items() if words}

    async def _note(self, epoch: int, machines: Mapping[str, Mapping[NodeName, Machine] | None]) -> None:
        listed = [machine for of_pool in machines.values() for machine in (of_pool or {}).values()]
        noted = {machine.name: (machine.trouble, machine.words) for machine in listed}
        news = [machine for machine in listed if self._noted.get(machine.name, (None, "")) != noted[machine.name]]
        if news:
            await self._rows.note(epoch, news)
        self._noted = noted

    async def _publish(self, epoch: int, plan: Plan) -> None:
        troubles = self._all_troubles()
        if self._told != (plan.outlook, troubles):
            await self._rows.tell(epoch, plan.outlook, troubles)
            self._told = (plan.outlook, troubles)
        await self._tell(plan.outlook)
