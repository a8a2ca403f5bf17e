"""The ledger for operators: how long each session was played, by whom, on which node."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel

from session_broker.io.ledger import PAGE_MAX, Cursor, Entry
from session_broker.io.rights import BrokerDep, CallerDep, Right, require

router = APIRouter(prefix="/api/v1/operator")

AT_MS_MAX = 2**53
"""Latest time that may be asked for."""

AtMs = Annotated[int, Query(ge=0, le=AT_MS_MAX)]


class EntryView(BaseModel):
    """A stretch of play; times in milliseconds since 1970."""

    session_id: str
    player_id: str
    title_id: str
    title_version: str
    node_id: str
    pool: str | None
    epoch: int
    began_at_ms: int
    ended_at_ms: int
    seconds: float
    ended_by: str
    reason: str | None


class LedgerPage(BaseModel):
    """Entries in the order of their ends."""

    entries: list[EntryView]
    after: str | None
    """What to ask for the next page with; null after the last."""


@router.get("/ledger", dependencies=[require(Right.OPERATOR)])
async def ledger(
    broker: BrokerDep,
    caller: CallerDep,
    since_ms: AtMs = 0,
    until_ms: AtMs = AT_MS_MAX,
    limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = PAGE_MAX,
    after: Annotated[str | None, Query(pattern=r"^\d{1,16}-ses_[a-z2-7]{24}-\d{1,16}$")] = None,
) -> LedgerPage:
    """Show what was played and ended in a span of time, from ``since_ms`` until before ``until_ms``."""
    found = await broker.ledger.page(caller.tenant_id, since_ms, until_ms, _cursor(after), limit)
    more = len(found) == limit
    return LedgerPage(entries=[_view(each) for each in found], after=_after(found[-1]) if more else None)


def _view(entry: Entry) -> EntryView:
    return EntryView(**asdict(entry), seconds=(entry.ended_at_ms - entry.began_at_ms) / 1000)


def _after(entry: Entry) -> str:
    return f"{entry.ended_at_ms}-{entry.session_id}-{entry.began_at_ms}"


def _cursor(after: str | None) -> Cursor | None:
    if after is None:
        return None
    ended, session_id, began = after.split("-")
    return Cursor(int(ended), session_id, int(began))
