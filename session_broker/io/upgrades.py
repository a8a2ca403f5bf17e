"""Upgrades in SQL: which node comes in the place of which, and how far that is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, exists, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from session_broker.core.node_table import NodeState
from session_broker.core.pools.records import Trouble
from session_broker.core.tickets import digest
from session_broker.io import tables
from session_broker.io.clock import wall_ms
from session_broker.io.leases import clock_ms
from wire.ids import NodeId

_node, _enrolment, _made = tables.node, tables.node_enrolment, tables.pool_node


@dataclass(frozen=True, slots=True)
class Successor:
    """The node that comes in the place of another."""

    node_id: NodeId | None
    """None until it has enrolled."""
    name: str | None
    """None for one beside its predecessor that has not enrolled."""
    ready: bool
    trouble: Trouble | None
    """What keeps a pool's node from starting, or ended it."""
    words: str
    """What the place where it runs says about it."""


@dataclass(frozen=True, slots=True)
class Upgrading:
    """A node that is, or was, taken out of service."""

    name: str
    pool: str | None
    """None for one that no pool has made."""
    ended: bool
    """Whether it is gone, with all that ran there."""
    drained: bool
    sessions: int
    ends_in_ms: int | None
    """Until what still runs there is ended; None leaves it to the players."""
    awaited: bool
    """Whether another is to come in its place and has not been made yet."""
    successor: Successor | None
    """The newest one that has enrolled, or that shall."""


class UpgradeRows:
    """Every method is one transaction."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        self._now_ms = clock_ms(engine)

    async def look(self, node_id: NodeId) -> Upgrading | None:
        """Return how far a node is; None if there is no such node."""
        row = (
            select(_node, _made.c.pool, _made.c.replace, _made.c.retired_at_ms, self._now_ms.label("now_ms"))
            .outerjoin(_enrolment, _enrolment.c.node_id == _node.c.id)
            .outerjoin(_made, _made.c.enrolment_sha256 == _enrolment.c.token_sha256)
            .where(_node.c.id == node_id)
        )
        shown: list[ColumnElement[Any]] = [
            *(_node.c.id, _node.c.name, _node.c.ready),
            *(_made.c.name.label("made"), _made.c.trouble, _made.c.words),
        ]
        after = (
            select(*shown)
            .select_from(_enrolment)
            .outerjoin(_node, _node.c.id == _enrolment.c.node_id)
            .outerjoin(_made, _made.c.enrolment_sha256 == _enrolment.c.token_sha256)
            .where(_enrolment.c.succeeds == node_id)
            .order_by(_enrolment.c.node_id.is_(None), _enrolment.c.created_at_ms.desc())
            .limit(1)
        )
        async with self._engine.connect() as connection:
            node = (await connection.execute(row)).first()
            successor = (await connection.execute(after)).first()
        return _upgrading(node, successor) if node is not None else None

    async def wish(self, node_id: NodeId, *, replace: bool) -> bool:
        """Want a node of a pool replaced, or not any more; returns whether a pool has it and has not retired it."""
        token = select(_enrolment.c.token_sha256).where(_enrolment.c.node_id == node_id).scalar_subquery()
        mine = update(_made).where(_made.c.enrolment_sha256 == token, _made.c.retired_at_ms.is_(None))
        made = exists().where(_enrolment.c.succeeds == node_id)
        async with self._engine.begin() as connection:
            if replace and await connection.scalar(select(made)):
                return True
            return (await connection.execute(mine.values(replace=replace))).rowcount == 1

    async def expect(self, token: str, node_id: NodeId, drain_ms: int | None) -> None:
        """Note in whose place the node that will enrol with a token comes, and how long that one then has."""
        mine = update(_enrolment).where(_enrolment.c.token_sha256 == digest(token))
        async with self._engine.begin() as connection:
            await connection.execute(mine.values(succeeds=node_id, drain_ms=drain_ms))

    async def beside(self, node_id: NodeId) -> NodeId | None:
        """Return the node on the same machine in whose place one has come, while that is not over."""
        former = _node.alias()
        over = exists().where(former.c.id == _enrolment.c.succeeds, former.c.revoked_at_ms.is_not(None))
        query = (
            select(_enrolment.c.succeeds)
            .outerjoin(_made, _made.c.enrolment_sha256 == _enrolment.c.token_sha256)
            .where(_enrolment.c.node_id == node_id, _enrolment.c.succeeds.is_not(None), _made.c.name.is_(None), ~over)
        )
        async with self._engine.connect() as connection:
            found = await connection.scalar(query)
        return NodeId(found) if found is not None else None

    async def retire(self, node_id: NodeId) -> bool:
        """Shut a node out for good if another has come in its place and nothing runs there; tell whether it is."""
        come = exists().where(_enrolment.c.succeeds == node_id, _enrolment.c.node_id.is_not(None))
        over = update(_node).where(_node.c.id == node_id, _node.c.claims == 0, ~_node.c.ready, come)
        async with self._engine.begin() as connection:
            return (await connection.execute(over.values(home=None, revoked_at_ms=wall_ms()))).rowcount == 1


def _upgrading(node: Row[Any], successor: Row[Any] | None) -> Upgrading:
    gone = node.revoked_at_ms is not None or node.retired_at_ms is not None
    left_ms = max(0, node.drain_until_ms - node.now_ms) if node.drain_until_ms is not None else None
    return Upgrading(
        node.name, node.pool, ended=gone or (node.state == NodeState.LOST and not node.claims), drained=node.drained,
        sessions=node.claims, ends_in_ms=left_ms, awaited=bool(node.replace),
        successor=_successor(successor) if successor is not None else None,
    )  # fmt: skip


def _successor(row: Row[Any]) -> Successor:
    trouble = Trouble(row.trouble) if row.trouble is not None else None
    node_id = NodeId(row.id) if row.id is not None else None
    return Successor(node_id, row.name or row.made, bool(row.ready), trouble, row.words or "")
