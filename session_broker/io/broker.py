"""One broker, put together: database, coordinator, runner, counters; and the clock that drives deadlines."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import structlog
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import AsyncEngine

import web_client
from session_broker.config import BrokerConfig
from session_broker.core.coordinator import Coordinator
from session_broker.core.effects import ReplicaId, TabKey
from session_broker.core.pools.pool import FleetConfig
from session_broker.core.pools.records import Outlook
from session_broker.core.rate_limit import TokenBucket
from session_broker.core.reach import Reach
from session_broker.core.records import Limits
from session_broker.io.accounts import Accounts
from session_broker.io.bus import Bus, LocalBus, PostgresBus
from session_broker.io.catalogue import Catalogue
from session_broker.io.check_rows import CheckRows
from session_broker.io.client_files import ClientFiles
from session_broker.io.clock import monotonic_s
from session_broker.io.database import is_shared, open_database, starting
from session_broker.io.devices import Devices
from session_broker.io.distant_rows import DistantRows
from session_broker.io.edge import Edge
from session_broker.io.fleet.adapters import adapter_of
from session_broker.io.fleet.local import StartLocal
from session_broker.io.fleet.loop import FleetLoop
from session_broker.io.fleet.rows import FleetRows
from session_broker.io.forwarding import Forwarding
from session_broker.io.holdings import Holdings
from session_broker.io.leases import Leases
from session_broker.io.ledger import Ledger
from session_broker.io.listen import url_of
from session_broker.io.metrics import Metrics
from session_broker.io.objects import Objects
from session_broker.io.publishing import Publishing
from session_broker.io.releases import Releases
from session_broker.io.replicas import Replicas
from session_broker.io.runner import MovedOn, Runner, StoreUnavailable
from session_broker.io.session_history import SessionHistory
from session_broker.io.store import Store
from session_broker.io.title_checks import TitleChecks
from session_broker.io.upgrades import UpgradeRows
from wire.ids import ID_RANDOM_BYTES, TenantId, TitleId, make_id
from wire.tracing import SpanSink

TICK_S = 0.25
"""Seconds between looks at the deadlines."""

_STALL_S = 1.0
"""Lateness of a look at the deadlines from which on the broker blames itself for what it has not heard."""

_SIGN_INS_PER_S = 5.0
_SIGN_INS_AT_ONCE = 50.0
_INVITATIONS_PER_S = 10.0
_INVITATIONS_AT_ONCE = 100.0
_log = structlog.get_logger()


@dataclass(slots=True)
class Broker:
    """What routes and sockets use."""

    config: BrokerConfig
    store: Store
    history: SessionHistory
    accounts: Accounts
    runner: Runner
    rows: DistantRows
    replicas: Replicas
    edge: Edge
    forwarding: Forwarding
    metrics: Metrics
    tenant_id: TenantId
    owner_token: str
    """Token of the sign-in link that was minted at this start."""
    sign_in_bucket: TokenBucket
    invitation_bucket: TokenBucket
    """Looks at invitations and redemptions by anybody; a code cannot be guessed at any rate."""
    client_files: ClientFiles
    port: int
    devices: Devices
    catalogue: Catalogue
    releases: Releases
    publishing: Publishing
    title_checks: TitleChecks
    fleet_rows: FleetRows
    upgrades: UpgradeRows
    ledger: Ledger
    reach: Reach | None = None
    """Where other devices find this broker; None if they cannot."""
    device_token: str = ""
    """Token of a second sign-in link for the owner; empty without ``reach``."""
    tabs_by_device: dict[str, set[TabKey]] = field(default_factory=dict)
    """Open tab sockets by the signed-in browser that they belong to."""
    greeting_nodes: int = 0
    """Node sockets that have not proved themselves yet."""

    @property
    def cookie_name(self) -> str:
        """Name of the sign-in cookie: the same for all replicas, and another for every deployment on a host, since
        browsers give the cookies of one port to all others.
        """
        return f"farplay_{self.tenant_id.rpartition('_')[2][:8]}"


@contextlib.asynccontextmanager
async def open_broker(
    config: BrokerConfig,
    port: int,
    reach: Reach | None = None,
    start_local: StartLocal | None = None,
    on_span: SpanSink | None = None,
) -> AsyncIterator[Broker]:
    """Open the database, restore what lives, and drive the deadlines until the block ends.

    Args:
        config: The broker's configuration.
        port: The TCP port that is really listened on.
        reach: Where other devices find it.
        start_local: Starts nodes on this machine, for pools of it.
        on_span: Takes spans of the starts of sessions; None traces nothing.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database cannot be opened.
    """
    if config.database_url is None:
        _private_dir(config.data_dir)
    engine = await open_database(config.url_of_database())
    try:
        broker = await _open(config, port, reach, engine)
        broker.runner.on_span = on_span
        working = [
            asyncio.create_task(_tick(broker), name="broker deadlines"),
            asyncio.create_task(broker.publishing.follow(), name="catalogue"),
            asyncio.create_task(broker.title_checks.follow(), name="title checks"),
        ]
        if not broker.replicas.alone:
            working.append(asyncio.create_task(broker.replicas.run(broker.edge), name="replicas"))
        if config.fleet is not None:
            working.append(asyncio.create_task(_fleet(broker, config.fleet, start_local).run(), name="fleet"))
        try:
            yield broker
        finally:
            for task in working:
                task.cancel()
            await asyncio.gather(*working, return_exceptions=True)
            await broker.edge.close()
            await broker.forwarding.close()
            await broker.replicas.end()
    finally:
        await engine.dispose()


def _private_dir(path: Path) -> None:
    path.mkdir(parents=True, exist_ok=True)
    database = path / "broker.sqlite3"
    # Made before SQLite does, with rights for its owner only; the journal files inherit them.
    os.close(os.open(database, os.O_CREAT | os.O_RDWR, 0o600))


async def _open(config: BrokerConfig, port: int, reach: Reach | None, engine: AsyncEngine) -> Broker:
    me = ReplicaId(make_id("rep", secrets.token_bytes(ID_RANDOM_BYTES)))
    store, accounts = Store(engine, me), Accounts(engine)
    manifests = [installed.manifest for installed in config.titles]
    objects, releases = Objects(config.objects_url, config.data_dir / "objects"), Releases(engine)
    catalogue = Catalogue(config.titles, objects)
    async with starting(engine):
        owner = await accounts.ensure_owner()
        await accounts.forget_expired()
        await store.sync_titles(owner.tenant_id, manifests)
        if config.node_enrolment_token is not None:
            await accounts.add_enrolment(owner.tenant_id, config.node_enrolment_token)
        catalogue.offer(await releases.offered(owner.tenant_id))
    titles = catalogue.titles()
    coordinator = Coordinator(owner.tenant_id, titles, _limits(config), secrets.token_bytes)
    metrics = Metrics()
    runner = Runner(coordinator, store, metrics)
    metrics.watch(coordinator, lambda: (len(runner.tabs), len(runner.links)))
    rows, bus = DistantRows(engine, me), _bus(engine, me, config)
    leases, holdings = Leases(engine, me), Holdings(engine, me, titles)
    replicas = Replicas(me, runner, leases, holdings, rows, bus, config.replica_lease_s, alone=not is_shared(engine))
    await replicas.begin()
    publishing = Publishing(
        owner.tenant_id,
        objects,
        releases,
        catalogue,
        runner,
        spool=_spool(config.data_dir),
        archive_max_bytes=config.archive_max_bytes,
        violations_max=config.violations_max,
    )
    check_rows = CheckRows(engine, owner.tenant_id)
    return Broker(
        config=config,
        store=store,
        history=SessionHistory(engine),
        accounts=accounts,
        runner=runner,
        rows=rows,
        replicas=replicas,
        edge=Edge(me, runner, store, rows, bus, lambda: replicas.members),
        forwarding=Forwarding(replicas, bus),
        metrics=metrics,
        tenant_id=owner.tenant_id,
        owner_token=await accounts.mint_link(owner),
        sign_in_bucket=TokenBucket(_SIGN_INS_PER_S, _SIGN_INS_AT_ONCE, monotonic_s()),
        invitation_bucket=TokenBucket(_INVITATIONS_PER_S, _INVITATIONS_AT_ONCE, monotonic_s()),
        client_files=ClientFiles(config.static_dir or web_client.STATIC_DIR),
        port=port,
        devices=Devices(engine),
        catalogue=catalogue,
        releases=releases,
        publishing=publishing,
        title_checks=TitleChecks(
            me, check_rows, objects, publishing, runner, lambda: replicas.members, most=config.title_checks_max
        ),
        fleet_rows=FleetRows(engine, me, owner.tenant_id),
        upgrades=UpgradeRows(engine),
        ledger=Ledger(engine),
        reach=reach,
        device_token=await accounts.mint_link(owner) if reach is not None else "",
    )


def _fleet(broker: Broker, config: FleetConfig, start_local: StartLocal | None) -> FleetLoop:
    coordinator, titles = broker.runner.coordinator, broker.catalogue.titles()

    def needs_gpu(title_id: str) -> bool:
        title = titles.get(TitleId(title_id))
        return title is not None and title.needs.gpu

    async def tell(outlook: Outlook) -> None:
        await broker.runner.run(partial(coordinator.see_outlook, outlook))

    url = config.broker_url or url_of(broker.config.host, broker.port)
    adapters = {pool.name: adapter_of(pool, url, broker.tenant_id, start_local) for pool in config.pools}
    return FleetLoop(
        config,
        broker.fleet_rows,
        adapters,
        broker.config.regions,
        needs_gpu=needs_gpu,
        drain=broker.replicas.drain,
        tell=tell,
        show=broker.metrics.show_pools,
    )


def _bus(engine: AsyncEngine, me: ReplicaId, config: BrokerConfig) -> Bus:
    if not is_shared(engine):
        return LocalBus()
    return PostgresBus(engine, make_url(config.url_of_database()), me, notified=config.bus_notify)


def _spool(data_dir: Path) -> Path:
    """Return the folder of uploads on their way, without what a killed broker left in it."""
    spool = data_dir / "uploads"
    shutil.rmtree(spool, ignore_errors=True)
    spool.mkdir(mode=0o700, parents=True)
    return spool


def _limits(config: BrokerConfig) -> Limits:
    return Limits(
        abandon_s=config.abandon_s,
        start_timeout_s=config.start_timeout_s,
        end_timeout_s=config.end_timeout_s,
        connect_timeout_s=config.connect_timeout_s,
        node_lost_s=config.node_lost_s,
        node_grace_s=config.node_grace_s,
        node_return_s=config.node_return_s,
        media_lease_s=config.media_lease_s,
        seat_hold_s=config.seat_hold_s,
        heartbeat_s=config.heartbeat_s,
        sessions_per_player=config.sessions_per_player,
        sessions_per_tenant=config.sessions_per_tenant,
        reserve_s=config.reserve_s,
        session_starts_per_min=config.session_starts_per_min,
        fleet=config.fleet,
        regions=config.regions,
    )


async def _tick(broker: Broker) -> None:
    stepped_at = monotonic_s()

    def step(now: float) -> None:
        """Look at the deadlines, unless time was lost to a busy machine or a database that was slow to answer."""
        nonlocal stepped_at
        late_s, stepped_at = now - stepped_at - TICK_S, now
        if late_s >= _STALL_S:
            _log.warning("broker_stalled", late_s=round(late_s, 3))
            broker.runner.coordinator.excuse(late_s)
        else:
            broker.runner.coordinator.handle_timeout(now)

    while True:
        await asyncio.sleep(TICK_S)
        try:
            await broker.runner.run(step)
        except (StoreUnavailable, MovedOn):
            continue  # Logged by the runner; the next tick tries again what is still ours.
        except Exception:
            # One session's fault must not stop the deadlines of all others.
            broker.metrics.handler_errors.labels("tick").inc()
            _log.exception("deadline_step_failed")
