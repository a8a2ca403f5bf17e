"""Upgrading a node: another comes in its place, and it ends when its last session has, or at the operator's deadline.

A pool makes the other one, from what its template is by now. A node that somebody else runs starts it beside itself.
"""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel

from session_broker.core.pools.records import Trouble
from session_broker.io.broker import Broker
from session_broker.io.rights import BrokerDep, CallerDep, Right, require
from session_broker.io.routes.operator import DrainWish
from session_broker.io.upgrades import Upgrading
from wire.errors import Reason, WireError
from wire.ids import NodeId

router = APIRouter(prefix="/api/v1/operator")


class SuccessorRow(BaseModel):
    """The node that comes in the place of another."""

    node_id: str | None
    """Null until it has enrolled."""
    name: str | None
    """Null for one beside its predecessor that has not enrolled."""
    ready: bool
    """Whether it takes sessions."""
    trouble: Trouble | None
    """What keeps a pool's node from starting, or ended it."""
    words: str
    """What the place where it runs says about it."""


class Upgrade(BaseModel):
    """How far an upgrade is; it is done when the old node has ended and its successor takes sessions."""

    node_id: str
    name: str
    pool: str | None
    """Null for a node that no pool has made."""
    drained: bool
    """Whether it takes no more sessions; one beside which another starts does until that has come."""
    ended: bool
    sessions: int
    """That it still runs."""
    ends_in_ms: int | None
    """Milliseconds after which these are ended; null leaves it to the players."""
    awaited: bool
    """Whether its successor is not made yet, because the pool is at its maximum or rests after failures."""
    successor: SuccessorRow | None


@router.put("/nodes/{node_id}/upgrade", status_code=202, dependencies=[require(Right.OPERATOR)])
async def upgrade(node_id: str, body: DrainWish, broker: BrokerDep, caller: CallerDep) -> Upgrade:
    """Have another node come in the place of this one; doing it again sets the deadline anew."""
    runner, node = broker.runner, NodeId(node_id)
    before = await _look(broker, node_id)
    if before.ended:
        raise WireError(Reason.BAD_STATE, f"{before.name} is not there any more; there is nothing to upgrade")
    if before.pool is not None:
        await runner.run(lambda now: runner.coordinator.drain(node_id, body.deadline_s, now))
        if not await broker.upgrades.wish(node, replace=True):
            raise WireError(Reason.BAD_STATE, f"{before.name} is ending already")
        return _row(node_id, await _look(broker, node_id))
    if before.successor is not None and before.successor.ready:
        await runner.run(lambda now: runner.coordinator.drain(node_id, body.deadline_s, now))
        return _row(node_id, await _look(broker, node_id))
    runner.coordinator.check_succession(node_id)
    token = await broker.accounts.mint_enrolment(caller.tenant_id)
    drain_ms = None if body.deadline_s is None else int(body.deadline_s * 1000)
    await broker.upgrades.expect(token, node, drain_ms)
    await runner.run(lambda now: runner.coordinator.ask_successor(node_id, token))
    return _row(node_id, await _look(broker, node_id))


@router.get("/nodes/{node_id}/upgrade", dependencies=[require(Right.OPERATOR)])
async def show_upgrade(node_id: str, broker: BrokerDep) -> Upgrade:
    """Show how far a node's upgrade is."""
    return _row(node_id, await _look(broker, node_id))


async def _look(broker: Broker, node_id: str) -> Upgrading:
    found = await broker.upgrades.look(NodeId(node_id))
    if found is None:
        raise WireError(Reason.NOT_FOUND, "there is no such node")
    return found


def _row(node_id: str, found: Upgrading) -> Upgrade:
    after = found.successor
    return Upgrade(
        node_id=node_id,
        name=found.name,
        pool=found.pool,
        drained=found.drained,
        ended=found.ended,
        sessions=found.sessions,
        ends_in_ms=found.ends_in_ms,
        awaited=found.awaited,
        successor=None
        if after is None
        else SuccessorRow(
            node_id=after.node_id, name=after.name, ready=after.ready, trouble=after.trouble, words=after.words
        ),
    )
