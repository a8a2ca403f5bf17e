"""Which replicas live: a row each, with a time on the database's clock, so that no machines' clocks are compared."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import BigInteger, ColumnElement, cast, delete, extract, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from session_broker.core.effects import ReplicaId
from session_broker.core.steadiness import Renewal
from session_broker.io import tables
from session_broker.io.database import single_statements


@dataclass(frozen=True, slots=True)
class Roll:
    """Who is a replica. Work is given only to who lives, and taken only from who is not listed any more."""

    living: frozenset[ReplicaId]
    """Those whose leases hold."""
    listed: frozenset[ReplicaId]
    """Those, and those whose leases have lapsed and whom nobody has buried: after an outage they may live."""


class Leases:
    """The lease of this replica, and a look at those of others; every method is one transaction."""

    def __init__(self, engine: AsyncEngine, me: ReplicaId) -> None:
        self._engine = engine
        self._single = single_statements(engine)
        self._me = me
        self._now_ms = clock_ms(engine)

    async def register(self, lease_s: float, *, alone: bool) -> None:
        """Begin to live; ``alone`` on a database that nobody else may use, where all others are dead."""
        async with self._engine.begin() as connection:
            if alone:
                await connection.execute(delete(tables.replica))
            row = {"id": self._me, "started_at_ms": self._now_ms, "expires_at_ms": self._until(lease_s)}
            await connection.execute(insert(tables.replica).values(row))

    async def renew(self, lease_s: float) -> Renewal:
        """Live on, unless the others have taken this replica for dead."""
        table = tables.replica
        mine = table.c.id == self._me
        held = select(table.c.expires_at_ms >= self._now_ms).where(mine).with_for_update()
        async with self._engine.begin() as connection:
            before: bool | None = await connection.scalar(held)
            if before is None:
                return Renewal.BURIED
            await connection.execute(update(table).where(mine).values(expires_at_ms=self._until(lease_s)))
        return Renewal.HELD if before else Renewal.LAPSED

    async def clock_ms(self) -> int:
        """Return the database's clock in milliseconds since 1970."""
        async with self._single.connect() as connection:
            return int((await connection.execute(select(self._now_ms))).scalar_one())

    async def roll(self) -> Roll:
        """Return the replicas on this database."""
        table = tables.replica
        query = select(table.c.id, (table.c.expires_at_ms >= self._now_ms).label("holds"))
        async with self._single.connect() as connection:
            rows = list(await connection.execute(query))
        living = frozenset(ReplicaId(row.id) for row in rows if row.holds)
        return Roll(living, frozenset(ReplicaId(row.id) for row in rows))

    async def bury(self) -> None:
        """Forget replicas whose leases ran out, and what was sent to them."""
        table, posted = tables.replica, tables.bus_message
        async with self._engine.begin() as connection:
            await connection.execute(delete(table).where(table.c.expires_at_ms < self._now_ms))
            await connection.execute(delete(posted).where(posted.c.to_replica.not_in(select(table.c.id))))

    async def leave(self) -> None:
        """End in good order: everything is anybody's at once."""
        node, session, replica = tables.node, tables.session, tables.replica
        async with self._engine.begin() as connection:
            await connection.execute(update(node).where(node.c.home == self._me).values(home=None, ready=False))
            mine = session.c.owner == self._me, session.c.ended_at_ms.is_(None)
            await connection.execute(update(session).where(*mine).values(owner=None))
            await connection.execute(delete(replica).where(replica.c.id == self._me))

    def _until(self, lease_s: float) -> ColumnElement[int]:
        return self._now_ms + int(lease_s * 1000)


def clock_ms(engine: AsyncEngine) -> ColumnElement[int]:
    """Return the database's own clock in milliseconds since 1970."""
    if engine.dialect.name == "postgresql":
        return cast(extract("epoch", func.clock_timestamp()) * 1000, BigInteger)
    return cast((func.julianday("now") - 2440587.5) * 86_400_000, BigInteger)
