"""What a title's publisher learns of its sessions: figures of each version, crashes, and how single sessions did.

Nothing tells who played: sessions are named by their ids alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import case, func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from session_broker.io import tables
from wire.errors import Reason
from wire.ids import TenantId

FAULTS = (
    Reason.TITLE_CRASHED, Reason.TITLE_HUNG, Reason.TITLE_NO_PICTURE, Reason.TITLE_VIOLATION, Reason.TITLE_MEMORY,
    Reason.TITLE_STORAGE,
)  # fmt: skip
"""Ends that are the title's own doing."""

CRASHES_SHOWN = 100
SESSIONS_SHOWN = 1000
"""Newest ones of a title."""


@dataclass(slots=True)
class VersionStatistics:
    """All sessions of a version that have ended."""

    version: str
    sessions: int = 0
    played_s: float = 0.0
    """From when each was made to its end, together."""
    ends: dict[str, int] = field(default_factory=dict)
    """How many ended for which reason."""


@dataclass(frozen=True, slots=True)
class Crash:
    """A session that ended by the title's own fault."""

    session_id: str
    version: str
    ended_at_ms: int
    reason: str
    last_words: str
    """The tail of what the title printed."""


@dataclass(frozen=True, slots=True)
class EndedSession:
    """A session that has ended, with how it did; times in milliseconds since 1970."""

    session_id: str
    version: str
    created_at_ms: int
    ended_at_ms: int
    reason: str
    figures: Mapping[str, float]
    """As ``core.performance`` has them; empty if its node told none."""


@dataclass(frozen=True, slots=True)
class TitleReports:
    """All of it; lists newest first."""

    versions: tuple[VersionStatistics, ...]
    crashes: tuple[Crash, ...]
    sessions: tuple[EndedSession, ...]


async def read_reports(engine: AsyncEngine, tenant_id: TenantId, title_id: str) -> TitleReports:
    """Return what there is to tell of a title's sessions."""
    session, event = tables.session, tables.session_event
    ended = (session.c.tenant_id == tenant_id, session.c.title_id == title_id, session.c.ended_at_ms.is_not(None))
    lasted_ms = case(
        (session.c.ended_at_ms > session.c.created_at_ms, session.c.ended_at_ms - session.c.created_at_ms)
    )
    counted = select(session.c.title_version, session.c.reason, func.count(), func.coalesce(func.sum(lasted_ms), 0))
    counted = counted.where(*ended).group_by(session.c.title_version, session.c.reason)
    newest = select(session).where(*ended).order_by(session.c.ended_at_ms.desc(), session.c.id)
    crashed = newest.where(session.c.reason.in_([str(reason) for reason in FAULTS])).limit(CRASHES_SHOWN)
    shown = newest.limit(SESSIONS_SHOWN).subquery()
    did = select(shown, event.c.data).outerjoin(
        event, (event.c.session_id == shown.c.id) & (event.c.event == "performance")
    )
    did = did.order_by(shown.c.ended_at_ms.desc(), shown.c.id, event.c.id)
    versions: dict[str, VersionStatistics] = {}
    async with engine.connect() as connection:
        for version, reason, count, lasted in await connection.execute(counted):
            found = versions.setdefault(version, VersionStatistics(version))
            found.sessions += count
            found.played_s += int(lasted) / 1000
            found.ends[reason or ""] = count
        crashes = tuple(
            Crash(row.id, row.title_version, row.ended_at_ms, row.reason, row.detail)
            for row in await connection.execute(crashed)
        )
        # Of a session that several replicas had one after the other, the last one's figures stay.
        sessions = {
            row.id: EndedSession(
                row.id, row.title_version, row.created_at_ms, row.ended_at_ms, row.reason or "", dict(row.data or {})
            )
            for row in await connection.execute(did)
        }
    by_version = sorted(versions.values(), key=lambda each: each.version, reverse=True)
    return TitleReports(tuple(by_version), crashes, tuple(sessions.values()))
