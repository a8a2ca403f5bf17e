"""Runs the coordinator's steps one at a time: a step, its writes in a transaction, then its news.

One transaction is under way at a time. Steps that are done meanwhile wait for the next one, which takes them
together, in order; so the more there is to do, the less each step costs. When the store does not answer, writes and
news wait and are tried again with every later step, so nobody hears of something that a restart would forget. The
broker gives up when too much waits. What another replica owns by now is left out of a step, and let go of. News for
tabs whose sockets other replicas hold travel with the writes.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar, get_args

import structlog
from sqlalchemy.exc import SQLAlchemyError

from session_broker.core.coordinator import Coordinator
from session_broker.core.effects import (
    CLOSE_REFUSED,
    CloseLink,
    CloseTab,
    Count,
    DetachTab,
    Effect,
    LinkKey,
    SaveNode,
    TabKey,
    ToNode,
    ToTab,
    Traced,
    WatchMedia,
    Write,
)
from session_broker.io.clock import monotonic_s
from session_broker.io.distant_tabs import DistantTabs
from session_broker.io.effect_writes import Overtaken
from session_broker.io.metrics import Metrics
from session_broker.io.outbox import Outbox
from session_broker.io.store import Store
from session_broker.io.unavailable import Unavailable
from wire.ids import SessionId
from wire.tracing import SpanSink

T = TypeVar("T")

PENDING_MAX = 20_000
"""Effects that may wait for the store."""

STEPS_AT_ONCE = 32
"""Steps that one transaction takes: more would keep the first of them waiting, and rows locked."""

_STORE_TIMEOUT_S = 10.0
_WRITES, _TO_TABS = get_args(Write), (ToTab, CloseTab, DetachTab, WatchMedia)
_log = structlog.get_logger()


class StoreUnavailable(Unavailable):
    """The database does not answer; what was asked for happens when it does."""

    def __init__(self) -> None:
        super().__init__("the database does not answer; try again in a moment")


class MovedOn(Unavailable):
    """What the step was about is another replica's by now; nothing was done."""

    def __init__(self) -> None:
        super().__init__("another server has this session now; try again in a moment")


@dataclass(slots=True)
class _Step:
    """What a step wants done and is not done yet."""

    effects: list[Effect]
    written: bool = False


class Runner:
    """Owns the coordinator. Every socket registers its outbox here before its first step."""

    def __init__(self, coordinator: Coordinator, store: Store, metrics: Metrics) -> None:
        self.coordinator = coordinator
        self.tabs: dict[TabKey, Outbox] = {}
        self.links: dict[LinkKey, Outbox] = {}
        self.distant_tabs = DistantTabs(self.new_key)
        self.overflowed = asyncio.Event()
        """Set when too much waits for the store."""
        self.on_detached: Callable[[TabKey], None] = lambda _key: None
        """Told of a tab of this replica whose session is no longer here."""
        self.on_overtaken: Callable[[Collection[SessionId]], None] = lambda _sessions: None
        """Told of sessions that were let go of because a write was refused; some may be ours all the same."""
        self.on_span: SpanSink | None = None
        """Takes spans of the starts of sessions; None while nothing is traced."""
        self._store = store
        self._metrics = metrics
        self._lock = asyncio.Lock()
        self._pending: deque[_Step] = deque()
        self._let_go_count = 0
        """Steps of which something was left out."""
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
            MovedOn: some of it, or of what was under way, was another replica's; that part was not done.
        """
        let_go = self._let_go_count
        try:
            return step(monotonic_s())
        finally:
            effects = self.coordinator.take_effects()
            if effects:
                self._pending.append(_Step(effects))
            await self._settle()
            if self._let_go_count != let_go:
                raise MovedOn  # The step may have seen what an earlier one, not written then, had made of it.

    async def _settle(self) -> None:
        """Wait until every step so far is done.

        Raises:
            StoreUnavailable: writes and news follow later.
        """
        if not self._pending:
            return
        newest = self._pending[-1]
        async with self._lock:
            while not newest.written:
                let_go = self._let_go_count
                try:
                    await self._write_some()
                except (SQLAlchemyError, OSError) as error:
                    self._give_up(error)
                    raise StoreUnavailable from error
                if self._let_go_count != let_go and self._pending:
                    newest = self._pending[-1]

    async def _write_some(self) -> None:
        """Do the oldest steps, together unless something of them is another replica's."""
        steps = list(islice(self._pending, STEPS_AT_ONCE))
        try:
            await self._write(steps)
        except Overtaken:
            for step in steps:
                await self._write_what_is_ours(step)

    async def _write_what_is_ours(self, step: _Step) -> None:
        while not step.written:
            try:
                await self._write([step])
            except Overtaken as overtaken:
                step.effects = self._let_go(step.effects, overtaken)
                self._let_go_count += 1

    async def _write(self, steps: Sequence[_Step]) -> None:
        """Do the oldest steps' writes together, then tell their news."""
        effects = [effect for step in steps for effect in step.effects]
        writes = [effect for effect in effects if isinstance(effect, _WRITES)]
        posts = self.distant_tabs.posts([effect for effect in effects if isinstance(effect, _TO_TABS)])
        if writes or posts:
            async with asyncio.timeout(_STORE_TIMEOUT_S):
                await self._store.apply(writes, posts)
        for step in steps:
            self._pending.popleft()
            step.written = True
            for effect in step.effects:
                self._tell(effect)

    def _give_up(self, error: Exception) -> None:
        waiting = sum(len(step.effects) for step in self._pending)
        self._metrics.store_failures.inc()
        _log.error("store_unavailable", error=type(error).__name__, waiting=waiting)
        if waiting > PENDING_MAX:
            self.overflowed.set()

    def _let_go(self, batch: list[Effect], overtaken: Overtaken) -> list[Effect]:
        """Forget what is not ours; returns what is left of the batch.

        What comes of forgetting is a step of its own behind all others: they saved nodes with the slots that are free
        again now.
        """
        coordinator = self.coordinator
        gone = set(overtaken.sessions)
        gone.update(
            s.session_id
            for s in coordinator.live_sessions()
            if s.placement and s.placement.node_id in overtaken.nodes
        )
        _log.info("overtaken", sessions=len(gone), nodes=sorted(overtaken.nodes))
        kept = [effect for effect in batch if not self._is_about(effect, gone, overtaken)]
        # A session that ended here has no table left to send its tabs on from, and goes on elsewhere.
        kept += [DetachTab(each.tab) for each in batch if isinstance(each, CloseTab) and each.session_id in gone]
        for node_id in overtaken.nodes:
            link = coordinator.let_go_node(node_id)
            if link is not None:
                kept.append(CloseLink(link, CLOSE_REFUSED))
        for session_id in gone:
            coordinator.let_go_session(session_id)
        self.on_overtaken(gone)
        effects = coordinator.take_effects()
        if effects:
            self._pending.append(_Step(effects))
        return kept

    def _is_about(self, effect: Effect, gone: Collection[SessionId], overtaken: Overtaken) -> bool:
        match effect:
            case SaveNode():
                return effect.node_id in overtaken.nodes
            case ToTab() | CloseTab():
                return (effect.session_id or self.coordinator.session_of_tab(effect.tab)) in gone
            case ToNode():
                return getattr(effect.message, "session_id", None) in gone
            case DetachTab() | WatchMedia() | CloseLink() | Count() | Traced():
                return False
        return effect.session_id in gone

    def _tell(self, news: Effect) -> None:
        match news:
            case ToTab(tab, message) if tab in self.tabs:
                self.tabs[tab].send(message)
            case CloseTab(tab, code) if tab in self.tabs:
                self.tabs[tab].close(code)
            case DetachTab(tab) if tab in self.tabs:
                self.on_detached(tab)
            case CloseTab(tab) | DetachTab(tab):
                self.distant_tabs.forget(tab)
            case ToNode(link, message) if link in self.links:
                self.links[link].send(message)
            case CloseLink(link, code) if link in self.links:
                self.links[link].close(code)
            case Count(tally, label, by):
                self._metrics.count(tally, label, by)
            case Traced(span):
                if self.on_span is not None:
                    self.on_span(span)
