"""The ledger: how long each session was played, on which node; a row for each stretch without a break.

A row is written with the step that ends play, in its transaction, under a key that the session's row knows since play
began: done again after a failure, or by the replica that took the session over, it is the same row. Pauses, waiting
and starting are in no row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import bindparam, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from session_broker.core.effects import SaveInterval
from session_broker.io import tables
from session_broker.io.database import single_statements
from session_broker.io.upsert import Put, put
from wire.ids import TenantId

PAGE_MAX = 1000
"""Entries that are read at once."""

_made, _enrolled = tables.pool_node, tables.node_enrolment
_POOLS = (
    select(_enrolled.c.node_id, _made.c.pool)
    .join(_made, _made.c.enrolment_sha256 == _enrolled.c.token_sha256)
    .where(_enrolled.c.node_id.in_(bindparam("ids", expanding=True)))
)


@dataclass(frozen=True, slots=True)
class Entry:
    """A stretch of play; times in milliseconds since 1970, on the database's clock."""

    session_id: str
    began_at_ms: int
    ended_at_ms: int
    player_id: str
    title_id: str
    title_version: str
    node_id: str
    pool: str | None
    """Of the node; None for one of no pool."""
    epoch: int
    ended_by: str
    """What the session became: ``paused``, ``ending``, ``ended`` or, without its node, ``queued``."""
    reason: str | None


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last entry of a page."""

    ended_at_ms: int
    session_id: str
    began_at_ms: int


async def write_intervals(connection: AsyncConnection, intervals: Sequence[SaveInterval]) -> None:
    """Enter stretches of play, in a transaction; one that is there already stays as it is."""
    if not intervals:
        return
    asked = {"ids": sorted({each.node_id for each in intervals})}
    pools = {row.node_id: row.pool for row in await connection.execute(_POOLS, asked)}
    for each in intervals:
        entry = {
            "ended_at_ms": each.ended_at_ms, "tenant_id": each.tenant_id, "player_id": each.player_id,
            "title_id": each.title_id, "title_version": each.title_version, "node_id": each.node_id,
            "pool": pools.get(each.node_id), "epoch": each.epoch, "ended_by": each.ended_by, "reason": each.reason,
        }  # fmt: skip
        key = {"session_id": each.session_id, "began_at_ms": each.began_at_ms}
        await put(connection, tables.ledger_entry, Put(key, {}, entry))


class Ledger:
    """Reads only."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._single = single_statements(engine)

    async def page(
        self, tenant_id: TenantId, since_ms: int, until_ms: int, after: Cursor | None, limit: int
    ) -> list[Entry]:
        """Return a tenant's entries in the order of their ends.

        Args:
            tenant_id: Whose.
            since_ms: First end.
            until_ms: First end that is left out.
            after: The last entry of the page before; None for the first page.
            limit: How many at most, up to ``PAGE_MAX``.
        """
        table = tables.ledger_entry.c
        order = (table.ended_at_ms, table.session_id, table.began_at_ms)
        query = select(tables.ledger_entry).where(
            table.tenant_id == tenant_id, table.ended_at_ms >= since_ms, table.ended_at_ms < until_ms
        )
        if after is not None:
            query = query.where(tuple_(*order) > (after.ended_at_ms, after.session_id, after.began_at_ms))
        async with self._single.connect() as connection:
            rows = await connection.execute(query.order_by(*order).limit(min(limit, PAGE_MAX)))
            return [
                Entry(
                    row.session_id, row.began_at_ms, row.ended_at_ms, row.player_id, row.title_id, row.title_version,
                    row.node_id, row.pool, row.epoch, row.ended_by, row.reason,
                )
                for row in rows
            ]  # fmt: skip
