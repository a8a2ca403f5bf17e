"""What the core of an agent asks its shell to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from wire.sandbox import Trust
from wire.schema import Message
from wire.title_release import Release
from wire.worker_control import StartWorker, StopWorker


@dataclass(frozen=True, slots=True)
class ToBroker:
    """Send on the node's WebSocket."""

    message: Message


@dataclass(frozen=True, slots=True)
class Launch:
    """Take a warm worker and send it ``start``; the save folder must exist first."""

    start: StartWorker


@dataclass(frozen=True, slots=True)
class ToWorker:
    """Send to the worker of a session."""

    session_id: str
    message: Message


@dataclass(frozen=True, slots=True)
class FetchTitle:
    """Get a published title's files, and tell ``handle_title_fetched`` or ``handle_title_not_fetched``."""

    session_id: str
    epoch: int
    release: Release


@dataclass(frozen=True, slots=True)
class EndWorker:
    """Ask the session's worker to stop and escalate if it does not."""

    session_id: str
    message: StopWorker


@dataclass(frozen=True, slots=True)
class KillWorker:
    """End the session's worker at once; it cannot be trusted to end by itself."""

    session_id: str
    detail: str


@dataclass(frozen=True, slots=True)
class RunCheck:
    """Fetch a title, check it and upload the report; ``NodeChecks.handle_over`` follows in any case."""

    check_id: str
    release: Release
    trust: Trust


@dataclass(frozen=True, slots=True)
class StopCheck:
    """End a check; ``NodeChecks.handle_over`` follows."""

    check_id: str


Effect: TypeAlias = ToBroker | Launch | FetchTitle | ToWorker | EndWorker | KillWorker | RunCheck | StopCheck
