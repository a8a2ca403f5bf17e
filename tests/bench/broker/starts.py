"""Sessions started at a rate, at real brokers by real sockets, and how long each took from the click.

Players click at random times, whether or not earlier clicks were answered, so a broker that falls behind is seen to.
Each click goes to one of the replicas, as through a load balancer without sticky sessions; nodes are spread over them
likewise. A start is over when the node is told to start the title. The session then serves for a while and its player
ends it, so everything that a session costs the brokers is in the load, and so are the players and nodes themselves.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass

import httpx

from tests.bench.broker.cores import CoreMeter
from tests.bench.reading import Spread
from tests.support.chaos import Credentials
from tests.support.fake_node import FakeNode, hello
from wire.node_control import StartSession
from wire.schema import Message

RATES_PER_S = (25.0, 50.0, 75.0, 100.0, 120.0, 150.0)
P99_MAX_MS = 400.0
"""The bar for a start."""
BAR_PER_S = 50.0
"""Starts per second at which that bar must hold."""
KEEPS_UP = 0.95
"""Share of the clicks' rate at which starts must come: below it the brokers fall behind."""

SETTLE_S = 2.0
"""Clicks of a run's first seconds are not counted."""
PLAYED_S = (1.0, 3.0)
"""Seconds that a session serves before its player ends it."""
START_TIMEOUT_S = 30.0


@dataclass(frozen=True, slots=True)
class StartsReading:
    """One rate."""

    clicks_per_s: float
    starts_per_s: float
    """Those that came to a node, over the time until the last one did."""
    start_ms: Spread
    """From the click until the node is told to start."""
    answer_ms: Spread
    """From the click until the page has its session."""
    failed: Mapping[str, int]
    """Clicks that led to nothing, by why."""
    cores: Mapping[str, float]
    """Processor time by who took it."""

    @property
    def holds(self) -> bool:
        """Whether every click was served in time."""
        in_time = self.start_ms.p99 <= P99_MAX_MS and self.starts_per_s >= KEEPS_UP * self.clicks_per_s
        return in_time and not self.failed


class Nodes:
    """What the nodes were told to start."""

    def __init__(self) -> None:
        self._told_at: dict[str, float] = {}
        self._waited_for: dict[str, asyncio.Event] = {}

    def hear(self, message: Message) -> None:
        """Take a message of a broker to any node."""
        if isinstance(message, StartSession):
            self._told_at.setdefault(message.session_id, time.perf_counter())
            if message.session_id in self._waited_for:
                self._waited_for[message.session_id].set()

    async def told_at(self, session_id: str) -> float:
        """Return when a node was told to start a session, once it is."""
        if session_id not in self._told_at:
            told = self._waited_for[session_id] = asyncio.Event()
            try:
                async with asyncio.timeout(START_TIMEOUT_S):
                    await told.wait()
            finally:
                del self._waited_for[session_id]
        return self._told_at.pop(session_id)


@contextlib.asynccontextmanager
async def nodes_at(urls: Sequence[str], known: Credentials, slots: int) -> AsyncIterator[Nodes]:
    """Keep a fake node for each credential, spread over the replicas."""
    nodes = Nodes()
    async with contextlib.AsyncExitStack() as stack:
        for url, (node_id, key) in zip(itertools.cycle(urls), known.nodes, strict=False):
            first = hello(slots=slots, node_id=node_id, key=key)
            await stack.enter_async_context(FakeNode.dial(url, first, on_heard=nodes.hear))
        yield nodes


class Clicks:
    """One run at one rate."""

    def __init__(self, client: httpx.AsyncClient, urls: Sequence[str], nodes: Nodes, seed: int) -> None:
        self._client, self._urls, self._nodes = client, urls, nodes
        self._rng = random.Random(seed)
        self._start_ms: list[float] = []
        self._answer_ms: list[float] = []
        self._failed: Counter[str] = Counter()
        self._counted_from = self._last_at = 0.0

    async def run(
        self, cookies: Sequence[str], per_s: float, seconds: float, meter_from_now: Callable[[], CoreMeter]
    ) -> StartsReading:
        """Click for ``seconds`` after settling, and wait for all that was started."""
        players = itertools.cycle(cookies)
        at = time.perf_counter()
        self._counted_from, ends_at = at + SETTLE_S, at + SETTLE_S + seconds
        meter: CoreMeter | None = None
        async with asyncio.TaskGroup() as clicks:
            while (at := at + self._rng.expovariate(per_s)) < ends_at:
                await asyncio.sleep(max(0.0, at - time.perf_counter()))
                if meter is None and at >= self._counted_from:
                    meter = meter_from_now()
                clicks.create_task(self._play(next(players), at))
            assert meter is not None
            cores = meter.read()
        lasted_s = max(self._last_at, ends_at) - self._counted_from
        started, answered = Spread.of(self._start_ms), Spread.of(self._answer_ms)
        asked = (started.count + self._failed.total()) / seconds
        return StartsReading(asked, started.count / lasted_s, started, answered, dict(self._failed), cores)

    async def _play(self, cookie: str, clicked_at: float) -> None:
        try:
            session_id = await self._start(cookie, clicked_at)
        except (httpx.HTTPError, TimeoutError) as error:
            self._failed[type(error).__name__] += 1
            return
        if session_id is None:
            return
        await asyncio.sleep(self._rng.uniform(*PLAYED_S))
        ended = await self._client.delete(
            f"{self._rng.choice(self._urls)}/api/v1/sessions/{session_id}", headers={"Cookie": cookie}
        )
        if ended.status_code != 202:
            self._failed[f"end refused: {ended.status_code}"] += 1

    async def _start(self, cookie: str, clicked_at: float) -> str | None:
        url = f"{self._rng.choice(self._urls)}/api/v1/sessions"
        answer = await self._client.post(url, json={"title_id": "testcard"}, headers={"Cookie": cookie})
        answered_at = time.perf_counter()
        if answer.status_code != 201:
            self._failed[f"refused: {answer.status_code}"] += 1
            return None
        session_id = str(answer.json()["session_id"])
        told_at = await self._nodes.told_at(session_id)
        if clicked_at >= self._counted_from:
            self._answer_ms.append((answered_at - clicked_at) * 1000)
            self._start_ms.append((told_at - clicked_at) * 1000)
            self._last_at = max(self._last_at, told_at)
        return session_id
