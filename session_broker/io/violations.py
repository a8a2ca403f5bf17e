"""Sessions that ended because their title broke out of the rules, by published version, and versions blocked for it.

Counted from a version's newest approval on: an operator who approves a blocked version gives it a new start. Titles
that were ended for memory or storage are not counted, since honest mistakes end so as well.
"""

from __future__ import annotations

from sqlalchemy import and_, func, insert, select, text
from sqlalchemy.ext.asyncio import AsyncConnection

from session_broker.io import tables

_BROKE_RULES = text("session.reason = 'title_violation'")
"""Written out, as in the index on it."""


async def count_violations(connection: AsyncConnection, tenant_id: str) -> dict[str, int]:
    """Return how many sessions of each version broke the rules since it was approved, by the archive's digest."""
    release, session = tables.title_release, tables.session
    same = and_(
        session.c.tenant_id == release.c.tenant_id,
        session.c.title_id == release.c.title_id,
        session.c.title_version == release.c.version,
        session.c.ended_at_ms > release.c.approved_at_ms,
    )
    query = (
        select(release.c.archive_sha256, func.count())
        .select_from(session.join(release, same))
        .where(release.c.tenant_id == tenant_id, _BROKE_RULES)
        .group_by(release.c.archive_sha256)
    )
    return {row[0]: row[1] for row in await connection.execute(query)}


async def block_violators(connection: AsyncConnection, tenant_id: str, most: int, at_ms: int) -> dict[str, int]:
    """Block the versions of which too many sessions broke the rules.

    Args:
        connection: In a transaction.
        tenant_id: Whose.
        most: Sessions that may before their version is blocked.
        at_ms: Milliseconds since 1970.

    Returns:
        How many did, by the digest of each archive that was not blocked before.

    Raises:
        IntegrityError: somebody else blocked one of them at the same moment.
    """
    counts = await count_violations(connection, tenant_id)
    found = {digest: count for digest, count in counts.items() if count > most}
    if not found:
        return {}
    table = tables.blocked_archive
    known = select(table.c.archive_sha256).where(table.c.tenant_id == tenant_id, table.c.archive_sha256.in_(found))
    blocked = set((await connection.execute(known)).scalars())
    news = {digest: count for digest, count in found.items() if digest not in blocked}
    for digest in sorted(news):
        row = {"tenant_id": tenant_id, "archive_sha256": digest, "blocked_at_ms": at_ms}
        await connection.execute(insert(table).values(row))
    return news
