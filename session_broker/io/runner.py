"""Runs the coordinator's steps one at a time: a step, its writes in one transaction, then its news.

When the store does not answer, writes and news wait, in order, and are tried again with every later step, so nobody
hears of something that a restart would forget. The broker gives up when too much waits.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import TypeVar, get_args

import structlog
from sqlalchemy.exc import SQLAlchemyError

from session_broker.core.coordinator import Coordinator
from session_broker.core.effects import (
    CloseLink,
    CloseTab,
    Count,
    Effect,
    LinkKey,
    News,
    TabKey,
    ToNode,
    ToTab,
    Write,
)
from session_broker.io.clock import monotonic_s
from session_broker.io.metrics import Metrics
from session_broker.io.outbox import Outbox
from session_broker.io.store import Store
from wire.errors import Reason, WireError

T = TypeVar("T")

PENDING_MAX = 20_000
"""Effects that may wait for the store."""

_STORE_TIMEOUT_S = 10.0
_log = structlog.get_logger()


class StoreUnavailable(WireError):
    """The database does not answer; what was asked for happens when it does."""

    def __init__(self) -> None:
        super().__init__(Reason.INTERNAL, "the database does not answer; try again in a moment")


class Runner:
    """Owns the coordinator. Every socket registers its outbox here before its first step."""

    def __init__(self, coordinator: Coordinator, store: Store, metrics: Metrics) -> None:
        self.coordinator = coordinator
        self.tabs: dict[TabKey, Outbox] = {}
        self.links: dict[LinkKey, Outbox] = {}
        self.overflowed = asyncio.Event()
        """Set when too much waits for the store."""
        self._store = store
        self._metrics = metrics
        self._lock = asyncio.Lock()
        self._pending: list[Effect] = []
        self._next_key = 0

    def new_key(self) -> int:
        """Return a number for a socket that no other has."""
        self._next_key += 1
        return self._next_key

    async def run(self, step: Callable[[float], T]) -> T:
        """Do one step of the coordinator and everything that it asks for.

        Args:
            step: Called with monotonic seconds.

        Raises:
            WireError: the step refused what was asked.
            StoreUnavailable: the step was done; writes and news follow later.
        """
        async with self._lock:
            try:
                return step(monotonic_s())
            finally:
                self._pending += self.coordinator.take_effects()
                await self._flush()

    async def _flush(self) -> None:
        writes = [e for e in self._pending if isinstance(e, get_args(Write))]
        if writes:
            try:
                async with asyncio.timeout(_STORE_TIMEOUT_S):
                    await self._store.apply(writes)
            except (SQLAlchemyError, OSError) as error:
                self._metrics.store_failures.inc()
                _log.error("store_unavailable", error=type(error).__name__, waiting=len(self._pending))
                if len(self._pending) > PENDING_MAX:
                    self.overflowed.set()
                raise StoreUnavailable from error
        pending, self._pending = self._pending, []
        for effect in pending:
            if isinstance(effect, get_args(News)):
                self._tell(effect)

    def _tell(self, news: Effect) -> None:
        match news:
            case ToTab(tab, message) if tab in self.tabs:
                self.tabs[tab].send(message)
            case CloseTab(tab, code) if tab in self.tabs:
                self.tabs[tab].close(code)
            case ToNode(link, message) if link in self.links:
                self.links[link].send(message)
            case CloseLink(link, code) if link in self.links:
                self.links[link].close(code)
            case Count(tally, label):
                self._metrics.count(tally, label)
