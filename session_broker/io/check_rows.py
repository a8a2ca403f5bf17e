"""Checks of titles as rows: asked for, given to a node, and ended. Every method is one transaction.

A row goes from ``queued`` to ``running`` and to one of the others; a lost one goes back to ``queued``. Each move
names the state that it starts from, so of two replicas, or of a node and a deadline, the first one counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from session_broker.core.effects import ReplicaId
from session_broker.io import tables
from session_broker.io.clock import wall_ms
from session_broker.io.session_rows import release_of
from wire.errors import Reason, WireError
from wire.ids import NodeId, TenantId
from wire.sandbox import Trust
from wire.title_release import Release

OPEN_MAX = 32
"""Checks that may wait or run, of all publishers together; each may have one."""
CHECK_MAX_MS = 900_000
"""Milliseconds from a check's start, its archive's way included, after which its node is taken for lost."""

_table = tables.title_check


class CheckState(StrEnum):
    """Where a check is."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    """There is a report; whether the title passed stands in it."""
    FAILED = "failed"
    """It could not be run; the reason says why."""
    CANCELLED = "cancelled"
    """Its publisher asked for it no more."""


OPEN = (CheckState.QUEUED, CheckState.RUNNING)


@dataclass(frozen=True, slots=True)
class CheckRow:
    """A check; times in milliseconds since 1970."""

    check_id: str
    player_id: str
    release: Release
    trust: Trust
    state: CheckState
    reason: Reason | None
    """Why it waits, or could not be run."""
    detail: str
    owner: str | None
    """The replica whose node runs it, or ran it."""
    node_id: NodeId | None
    attempts: int
    report: str | None
    screenshots: Mapping[str, str]
    """Digest of each step's picture."""
    created_at_ms: int
    due_at_ms: int | None
    ended_at_ms: int | None


class CheckRows:
    """Reads and writes the checks of one tenant."""

    def __init__(self, engine: AsyncEngine, tenant_id: TenantId) -> None:
        self._engine = engine
        self._tenant_id = tenant_id

    async def ask(self, check_id: str, player_id: str, release: Release, trust: Trust) -> CheckRow:
        """Ask for a check; while one of the same archive waits or runs for this publisher, that one is returned.

        Raises:
            WireError: ``too_many``: another one does, or too many of all publishers do.
        """
        async with self._engine.begin() as connection:
            await connection.execute(self._lock())
            rows = await connection.execute(select(_table).where(self._here, _table.c.state.in_(OPEN)))
            waiting = [_row(each) for each in rows]
            mine = [each for each in waiting if each.player_id == player_id]
            for each in mine:
                if each.release.archive_sha256 == release.archive_sha256:
                    return each
            if mine:
                words = f"your check of {mine[0].release.title_id} {mine[0].release.version} is not over yet"
                raise WireError(Reason.TOO_MANY, words)
            if len(waiting) >= OPEN_MAX:
                raise WireError(Reason.TOO_MANY, "too many checks wait here; try again later")
            row = {
                "id": check_id, "tenant_id": self._tenant_id, "player_id": player_id, "title_id": release.title_id,
                "version": release.version, "archive_sha256": release.archive_sha256,
                "archive_bytes": release.archive_bytes, "key": release.key, "signature": release.signature,
                "trust": str(trust), "state": str(CheckState.QUEUED), "detail": "", "attempts": 0, "screenshots": {},
                "created_at_ms": wall_ms(),
            }  # fmt: skip
            await connection.execute(insert(_table).values(row))
            made = (await connection.execute(select(_table).where(_table.c.id == check_id))).one()
            return _row(made)

    async def find(self, check_id: str) -> CheckRow | None:
        """Return a check."""
        async with self._engine.connect() as connection:
            found = (await connection.execute(select(_table).where(self._here, _table.c.id == check_id))).first()
            return None if found is None else _row(found)

    async def open(self) -> list[CheckRow]:
        """Return all checks that wait or run, in the order in which they were asked for."""
        query = select(_table).where(self._here, _table.c.state.in_(OPEN))
        async with self._engine.connect() as connection:
            return [
                _row(each) for each in await connection.execute(query.order_by(_table.c.created_at_ms, _table.c.id))
            ]

    async def claim(self, check_id: str, node_id: NodeId, me: ReplicaId, most: int) -> bool:
        """Give a waiting check to a node, unless ``most`` run already; return whether that was done."""
        running = select(func.count()).where(self._here, _table.c.state == CheckState.RUNNING)
        given = {
            "state": str(CheckState.RUNNING), "reason": None, "owner": me, "node_id": node_id,
            "attempts": _table.c.attempts + 1, "due_at_ms": wall_ms() + CHECK_MAX_MS,
        }  # fmt: skip
        async with self._engine.begin() as connection:
            await connection.execute(self._lock())
            if int((await connection.execute(running)).scalar_one()) >= most:
                return False
            moved = update(_table).where(_table.c.id == check_id, _table.c.state == CheckState.QUEUED).values(given)
            return (await connection.execute(moved)).rowcount == 1

    async def take(self, check_id: str, me: ReplicaId) -> None:
        """Make a running check ours, whose node has dialled in here."""
        await self._move(check_id, CheckState.RUNNING, {"owner": me})

    async def wait(self, check_id: str, reason: Reason | None) -> None:
        """Say why a check waits."""
        await self._move(check_id, CheckState.QUEUED, {"reason": reason})

    async def put_back(self, check_id: str, reason: Reason | None, *, tried: bool) -> None:
        """Let a running check wait again; ``tried`` is whether the node that had it counts as one of its attempts."""
        changes: dict[str, Any] = {
            "state": str(CheckState.QUEUED),
            "reason": reason,
            "node_id": None,
            "owner": None,
            "attempts": _table.c.attempts - int(not tried),
            "screenshots": {},
        }
        await self._move(check_id, CheckState.RUNNING, changes)

    async def end(
        self, check_id: str, of: CheckState, to: CheckState, *, reason: Reason | None = None, detail: str = "",
        report: str | None = None,
    ) -> bool:  # fmt: skip
        """End a check that is in a state; return whether it was."""
        changes = {"state": str(to), "reason": reason, "detail": detail, "report": report, "ended_at_ms": wall_ms()}
        return await self._move(check_id, of, changes)

    async def add_screenshot(self, check_id: str, step: str, digest: str) -> None:
        """Note a picture of a check that runs."""
        async with self._engine.begin() as connection:
            row = (await connection.execute(select(_table).where(_table.c.id == check_id).with_for_update())).one()
            pictures = {**row.screenshots, step: digest}
            await connection.execute(update(_table).where(_table.c.id == check_id).values(screenshots=pictures))

    async def ended_before(self, at_ms: int) -> list[CheckRow]:
        """Return some of the checks that ended before a time."""
        query = select(_table).where(self._here, _table.c.ended_at_ms < at_ms).limit(OPEN_MAX)
        async with self._engine.connect() as connection:
            return [_row(each) for each in await connection.execute(query)]

    async def forget(self, check_id: str) -> None:
        """Remove a check."""
        async with self._engine.begin() as connection:
            await connection.execute(delete(_table).where(_table.c.id == check_id))

    @property
    def _here(self) -> Any:
        return _table.c.tenant_id == self._tenant_id

    def _lock(self) -> Any:
        """Return the query after which nobody else counts checks until this transaction is over."""
        return select(tables.tenant.c.id).where(tables.tenant.c.id == self._tenant_id).with_for_update()

    async def _move(self, check_id: str, of: CheckState, changes: Mapping[str, Any]) -> bool:
        async with self._engine.begin() as connection:
            moved = update(_table).where(_table.c.id == check_id, _table.c.state == of).values(dict(changes))
            return (await connection.execute(moved)).rowcount == 1


def _row(row: Row[Any]) -> CheckRow:
    return CheckRow(
        row.id, row.player_id, release_of(row), Trust(row.trust), CheckState(row.state),
        None if row.reason is None else Reason(row.reason), row.detail, row.owner,
        None if row.node_id is None else NodeId(row.node_id), row.attempts, row.report, dict(row.screenshots),
        row.created_at_ms, row.due_at_ms, row.ended_at_ms,
    )  # fmt: skip
