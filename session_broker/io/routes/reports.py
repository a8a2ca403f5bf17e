"""What a title's publisher learns of its sessions."""

from __future__ import annotations

from dataclasses import asdict

from fastapi import APIRouter
from pydantic import BaseModel

from session_broker.io.rights import BrokerDep, CallerDep, Right, require

router = APIRouter(prefix="/api/v1")


class VersionView(BaseModel):
    """All sessions of a version that have ended."""

    version: str
    sessions: int
    played_s: float
    ends: dict[str, int]


class CrashView(BaseModel):
    """A session that ended by the title's own fault; time in milliseconds since 1970."""

    session_id: str
    version: str
    ended_at_ms: int
    reason: str
    last_words: str


class SessionView(BaseModel):
    """A session that has ended, with the figures that its node told; times in milliseconds since 1970."""

    session_id: str
    version: str
    created_at_ms: int
    ended_at_ms: int
    reason: str
    figures: dict[str, float]


class ReportsView(BaseModel):
    """Lists are newest first and hold the newest only."""

    versions: list[VersionView]
    crashes: list[CrashView]
    sessions: list[SessionView]


@router.get("/releases/{title_id}/reports", dependencies=[require(Right.DEVELOPER)])
async def reports(title_id: str, broker: BrokerDep, caller: CallerDep) -> ReportsView:
    """Tell how the sessions of one's own title did; an operator may ask of every published one."""
    return ReportsView.model_validate(asdict(await broker.publishing.reports(caller, title_id)))
