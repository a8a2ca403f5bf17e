"""Nodes of a local pool without processes: each is a fake node that dials the broker and enrols."""

from __future__ import annotations

import asyncio
import contextlib

from session_broker.io.fleet.local import LocalProcess, LocalWish
from tests.support.fake_node import FakeNode, hello


class FakePool:
    """Starts fake nodes, and remembers which were wished for and which still run."""

    def __init__(self) -> None:
        self.wishes: list[LocalWish] = []
        self.nodes: dict[str, FakeNode] = {}
        self.refused = False
        """Whether no process can be started."""
        self.broker_url: str | None = None
        """What nodes dial in place of what they are told."""
        self.mute = False
        """Whether nodes never dial in."""

    async def start(self, wish: LocalWish) -> LocalProcess:
        if self.refused:
            raise OSError(12, "Cannot allocate memory")
        self.wishes.append(wish)
        return FakeLocalProcess(self, wish)


class FakeLocalProcess:
    """One fake node, for as long as it is not stopped."""

    def __init__(self, pool: FakePool, wish: LocalWish) -> None:
        self._pool = pool
        self._wish = wish
        self._stop = asyncio.Event()
        self._running = asyncio.create_task(self._run())

    async def _run(self) -> int:
        if not self._pool.mute:
            first = hello(slots=self._wish.slots, token=self._wish.token)
            async with FakeNode.dial(self._pool.broker_url or self._wish.broker_url, first) as node:
                self._pool.nodes[self._wish.name] = node
                stopping = asyncio.create_task(self._stop.wait())
                closed = asyncio.create_task(node.socket.wait_closed())
                await asyncio.wait((stopping, closed), return_when=asyncio.FIRST_COMPLETED)
                stopping.cancel()
                closed.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await stopping
                del self._pool.nodes[self._wish.name]
        await self._stop.wait()
        return 0

    async def wait(self) -> int:
        return await self._running

    async def stop(self, grace_s: float) -> None:
        self._stop.set()
        await self._running

    def last_words(self) -> str:
        return "said nothing"
