"""``farplay node --upgrades``: runs a node, and starts another beside it when the broker wants one in its place.

The other is of the version that is installed by then. The old one ends by itself when its last session has; until
then both work on one data folder. If the new one does not come, the old one goes on. Both die with this process.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any, Protocol

import structlog

from farplay.restart_policy import RestartPolicy

SUCCESSOR_S = 120.0
"""Seconds that a new node has until a broker accepts it."""

STOP_S = 8.0
"""Seconds that a node has to end what it runs before it is killed."""

_log = structlog.get_logger()


class NodeProcess(Protocol):
    """One node; ``ChildProcess`` is one."""

    started_at: float

    def news(self) -> AsyncIterator[dict[str, Any]]:
        """Yield what it prints: objects."""

    async def wait(self) -> int:
        """Return its exit status once it has ended."""

    async def stop(self, grace_s: float) -> None:
        """Ask it to end, and kill it if it has not after ``grace_s``."""

    def tell(self, number: signal.Signals) -> None:
        """Send it a signal, unless it has ended."""


Start = Callable[[str | None], Awaitable[NodeProcess]]
"""Starts a node; a successor with the token by which it enrols."""


class NodeKeeper:
    """Owns the nodes.

    Args:
        start: Starts one.
        retire_signal: What tells a node to end when nothing runs there.
        on_news: Told what the newest node prints, but for the wish for a successor.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        start: Start,
        retire_signal: signal.Signals,
        on_news: Callable[[Mapping[str, Any]], None],
        clock: Callable[[], float],
    ) -> None:
        self._start = start
        self._retire_signal = retire_signal
        self._on_news = on_news
        self._clock = clock
        self._newest: NodeProcess | None = None
        self._coming: NodeProcess | None = None
        self._living: dict[NodeProcess, asyncio.Task[None]] = {}
        self._ended: asyncio.Queue[tuple[NodeProcess, int]] = asyncio.Queue()

    async def run(self) -> int:
        """Run until the newest node has ended and no other is left; return its status. Cancelled, end all of them."""
        policy = RestartPolicy()
        self._newest = await self._launch(None)
        try:
            while True:
                node, status = await self._ended.get()
                await self._living.pop(node)
                if node is self._coming:
                    self._coming = None
                    _log.error("successor_ended", status=status, words="the node before it goes on")
                if node is not self._newest:
                    continue
                if not self._living:
                    return status
                # On the others somebody still plays, and they end with this process: it must not end with this one.
                await asyncio.sleep(policy.pause_s(self._clock() - node.started_at))
                self._newest = await self._launch(None)
        finally:
            await asyncio.gather(*(node.stop(STOP_S) for node in self._living))
            await asyncio.gather(*self._living.values(), return_exceptions=True)

    async def _launch(self, token: str | None) -> NodeProcess:
        node = await self._start(token)
        self._living[node] = asyncio.create_task(self._live(node), name="node")
        return node

    async def _live(self, node: NodeProcess) -> None:
        async for news in node.news():
            if "successor" in news:
                await self._succeed(str(news["successor"]))
                continue
            if news.get("ready") and node is self._coming:
                self._take_over(node)
            if node is self._newest:
                self._on_news(news)
        self._ended.put_nowait((node, await node.wait()))

    async def _succeed(self, token: str) -> None:
        if self._coming is not None:
            _log.warning("successor_starts_already")
            return
        _log.info("successor_started")
        coming = self._coming = await self._launch(token)
        asyncio.get_running_loop().call_later(SUCCESSOR_S, self._give_up, coming)

    def _take_over(self, node: NodeProcess) -> None:
        _log.info("successor_took_over")
        former, self._newest, self._coming = self._newest, node, None
        if former is not None:
            former.tell(self._retire_signal)

    def _give_up(self, node: NodeProcess) -> None:
        if node is self._coming:
            _log.error("successor_not_accepted", within_s=SUCCESSOR_S)
            node.tell(signal.SIGTERM)
