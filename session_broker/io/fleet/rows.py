"""The fleet in SQL: who may act, which nodes it has made, who waits, what is told of it all.

Only the holder of the lease writes. Its epoch goes up with every change of holder, and every write compares it, so
that a holder which was overtaken without noticing changes nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, exists, insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from session_broker.core.effects import ReplicaId
from session_broker.core.pools.records import Machine, NodeName, Outlook, PoolNode, Trouble, Want
from session_broker.core.tickets import digest
from session_broker.io import tables
from session_broker.io.clock import wall_ms
from session_broker.io.leases import clock_ms
from session_broker.io.runner import StoreUnavailable
from wire.ids import NodeId, TenantId
from wire.session_control import Coming, SessionState

PATIENCE_MS = 2000
"""Milliseconds for which a session has waited when it counts: until then room that is there may not be seen yet."""


ANSWER_TIMEOUT_S = 10.0
"""Seconds that a transaction may take: a database that hangs must not hold up who looks after the nodes for ever."""


class LeaseLost(Exception):
    """Another replica holds the lease by now; nothing was written."""


@dataclass(frozen=True, slots=True)
class ListedNode:
    """A node of a pool, with what operators see of it beside."""

    node: PoolNode
    created_at_ms: int
    trouble: Trouble | None
    """What keeps it from starting, or ended it."""
    words: str
    """What the place where it runs says about it."""


@dataclass(frozen=True, slots=True)
class WaitingRow:
    """A session that waits for a node."""

    title_id: str
    round_trips_ms: Mapping[str, float]
    waited_s: float


class FleetRows:
    """Every public method is one transaction, and raises ``StoreUnavailable`` if the database hangs."""

    def __init__(self, engine: AsyncEngine, me: ReplicaId, tenant_id: TenantId) -> None:
        self._engine = engine
        self._me = me
        self._tenant_id = tenant_id
        self._now_ms = clock_ms(engine)

    async def hold(self, lease_s: float) -> int | None:
        """Take or renew the lease; returns its epoch, None while another living replica holds it."""
        table, replica = tables.fleet_lease, tables.replica
        until = self._now_ms + int(lease_s * 1000)
        free = (table.c.expires_at_ms < self._now_ms) | ~exists().where(replica.c.id == table.c.holder)
        mine = table.c.tenant_id == self._tenant_id
        renewed = update(table).where(mine, table.c.holder == self._me).values(expires_at_ms=until)
        taken = update(table).where(mine, table.c.holder != self._me, free)
        taken = taken.values(holder=self._me, epoch=table.c.epoch + 1, expires_at_ms=until)
        first = {"tenant_id": self._tenant_id, "holder": self._me, "epoch": 1, "expires_at_ms": until, "news": {}}
        try:
            async with self._transaction() as connection:
                held = (await connection.execute(renewed)).rowcount or (await connection.execute(taken)).rowcount
                if not held and await connection.scalar(select(table.c.epoch).where(mine)) is None:
                    held = (await connection.execute(insert(table).values(first))).rowcount
                return await connection.scalar(select(table.c.epoch).where(mine)) if held else None
        except IntegrityError:
            return None  # Another replica made the row at the same time.

    async def leave(self) -> None:
        """Give the lease up, so that another replica need not wait for it."""
        table = tables.fleet_lease
        async with self._transaction() as connection:
            mine = update(table).where(table.c.tenant_id == self._tenant_id, table.c.holder == self._me)
            await connection.execute(mine.values(expires_at_ms=0))

    async def nodes(self) -> list[ListedNode]:
        """Return the nodes that the fleet has made and not forgotten, by pool and name."""
        made, enrolment, node = tables.pool_node, tables.node_enrolment, tables.node
        query = (
            select(made, node.c.id, node.c.ready, node.c.drained, node.c.slots, node.c.claims, node.c.offers)
            .select_from(made.join(enrolment, enrolment.c.token_sha256 == made.c.enrolment_sha256))
            .outerjoin(node, node.c.id == enrolment.c.node_id)
            .where(made.c.tenant_id == self._tenant_id)
            .order_by(made.c.pool, made.c.name)
        )
        async with self._transaction() as connection:
            return [_listed(row) for row in await connection.execute(query)]

    async def waiting(self) -> list[WaitingRow]:
        """Return the sessions that have been waiting for a node for a moment."""
        session = tables.session
        waited_ms = (self._now_ms - session.c.queued_at_ms).label("waited_ms")
        query = select(session.c.title_id, session.c.round_trips_ms, waited_ms).where(
            session.c.ended_at_ms.is_(None),
            session.c.state == SessionState.QUEUED,
            session.c.queued_at_ms <= self._now_ms - PATIENCE_MS,
        )
        async with self._transaction() as connection:
            rows = await connection.execute(query)
            return [WaitingRow(row.title_id, dict(row.round_trips_ms), row.waited_ms / 1000) for row in rows]

    async def add(self, epoch: int, pool: str, name: NodeName, token: str, succeeds: NodeName | None = None) -> None:
        """Write down a node that is about to be made, and let it enrol with this token.

        Args:
            epoch: Of the lease.
            pool: Whose node it is.
            name: Its name, never used before.
            token: One-time.
            succeeds: The node of the pool in whose place it comes, which is not replaced again.

        Raises:
            LeaseLost: nothing was written.
        """
        at_ms, hashed = wall_ms(), digest(token)
        whose = {"tenant_id": self._tenant_id, "created_at_ms": at_ms}
        made, enrolment = tables.pool_node, tables.node_enrolment
        async with self._transaction() as connection:
            await self._check(connection, epoch)
            former = None
            if succeeds is not None:
                await connection.execute(update(made).where(made.c.name == succeeds).values(replace=False))
                of_former = select(made.c.enrolment_sha256).where(made.c.name == succeeds).scalar_subquery()
                former = await connection.scalar(
                    select(enrolment.c.node_id).where(enrolment.c.token_sha256 == of_former)
                )
            await connection.execute(insert(enrolment).values(token_sha256=hashed, succeeds=former, **whose))
            row = {"name": name, "pool": pool, "enrolment_sha256": hashed, "words": "", **whose}
            await connection.execute(insert(tables.pool_node).values(row))

    async def retire(self, epoch: int, name: NodeName) -> bool:
        """Shut a node out for good if nothing runs there; returns whether it is out.

        The node's row loses its home and its key, so no replica can place anything there or welcome it any more; one
        that has not enrolled never will.

        Raises:
            LeaseLost: nothing was written.
        """
        made, enrolment, node, at_ms = tables.pool_node, tables.node_enrolment, tables.node, wall_ms()
        async with self._transaction() as connection:
            await self._check(connection, epoch)
            hashed = await connection.scalar(select(made.c.enrolment_sha256).where(made.c.name == name))
            if hashed is None:
                return False
            void = update(enrolment).where(enrolment.c.token_sha256 == hashed, enrolment.c.used_at_ms.is_(None))
            await connection.execute(void.values(used_at_ms=at_ms))
            node_id = await connection.scalar(select(enrolment.c.node_id).where(enrolment.c.token_sha256 == hashed))
            if node_id is not None:
                empty = update(node).where(node.c.id == node_id, node.c.claims == 0, ~node.c.ready)
                shut = await connection.execute(empty.values(home=None, revoked_at_ms=at_ms))
                if shut.rowcount != 1:
                    return False
            await connection.execute(update(made).where(made.c.name == name).values(retired_at_ms=at_ms))
        return True

    async def forget(self, epoch: int, name: NodeName) -> None:
        """Delete the row of a retired node of which nothing is left.

        Raises:
            LeaseLost: nothing was written.
        """
        made = tables.pool_node
        async with self._transaction() as connection:
            await self._check(connection, epoch)
            await connection.execute(made.delete().where(made.c.name == name, made.c.retired_at_ms.is_not(None)))

    async def note(self, epoch: int, machines: Iterable[Machine]) -> None:
        """Write down what adapters say of machines.

        Raises:
            LeaseLost: nothing was written.
        """
        made = tables.pool_node
        async with self._transaction() as connection:
            await self._check(connection, epoch)
            for machine in machines:
                values = {"trouble": machine.trouble, "words": machine.words}
                await connection.execute(update(made).where(made.c.name == machine.name).values(values))

    async def tell(self, epoch: int, outlook: Outlook, troubles: Mapping[str, str]) -> None:
        """Write down what those who wait may hope for, and what is wrong with whole pools.

        Raises:
            LeaseLost: nothing was written.
        """
        table, news = tables.fleet_lease, {**_news_of(outlook), "pools": dict(troubles)}
        async with self._transaction() as connection:
            await self._check(connection, epoch)
            await connection.execute(update(table).where(table.c.tenant_id == self._tenant_id).values(news=news))

    async def news(self) -> tuple[Outlook, dict[str, str]]:
        """Return what was told last: by a holder that lives, since nobody else brings what it promised."""
        table, replica = tables.fleet_lease, tables.replica
        query = select(table.c.news).join(replica, replica.c.id == table.c.holder)
        async with self._transaction() as connection:
            news: dict[str, Any] | None = await connection.scalar(query.where(table.c.tenant_id == self._tenant_id))
        if not news:
            return {}, {}
        return _outlook_of(news), dict(news["pools"])

    @contextlib.asynccontextmanager
    async def _transaction(self) -> AsyncIterator[AsyncConnection]:
        try:
            async with asyncio.timeout(ANSWER_TIMEOUT_S), self._engine.begin() as connection:
                yield connection
        except TimeoutError as error:
            raise StoreUnavailable from error

    async def _check(self, connection: AsyncConnection, epoch: int) -> None:
        """Lock the lease for the length of the transaction."""
        table = tables.fleet_lease
        mine = (table.c.tenant_id == self._tenant_id, table.c.holder == self._me, table.c.epoch == epoch)
        # An update, since SQLite locks nothing for a SELECT.
        if (await connection.execute(update(table).where(*mine).values(epoch=epoch))).rowcount != 1:
            raise LeaseLost


def _news_of(outlook: Outlook) -> dict[str, Any]:
    near = [
        {"gpu": want.gpu, "line": sorted(want.line), "coming": coming}
        for want, coming in outlook.items()
        if want.line is not None
    ]
    return {"gpu": outlook.get(Want(gpu=True)), "plain": outlook.get(Want()), "near": near}


def _outlook_of(news: Mapping[str, Any]) -> Outlook:
    anywhere = {Want(gpu=True): news["gpu"], Want(): news["plain"]}
    # A replica of an earlier version, which knows no regions, may lead.
    near = {Want(each["gpu"], frozenset(each["line"])): each["coming"] for each in news.get("near", ())}
    return {want: Coming(coming) for want, coming in (anywhere | near).items() if coming}


def _listed(row: Row[Any]) -> ListedNode:
    node = PoolNode(
        NodeName(row.name), row.pool, retired=row.retired_at_ms is not None,
        node_id=NodeId(row.id) if row.id is not None else None, joined=bool(row.offers), ready=bool(row.ready),
        drained=bool(row.drained), slots=row.slots or 0, claims=row.claims or 0, replace=row.replace,
    )  # fmt: skip
    trouble = Trouble(row.trouble) if row.trouble is not None else None
    return ListedNode(node, row.created_at_ms, trouble, row.words)
