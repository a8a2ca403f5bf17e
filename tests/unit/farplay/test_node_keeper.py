"""Which nodes a keeper starts, tells and ends, whatever they do."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator, Mapping
from typing import Any

from farplay.node_keeper import NodeKeeper
from farplay.roles import RETIRE_SIGNAL


class FakeNode:
    """Prints and ends as the test says."""

    def __init__(self, token: str | None) -> None:
        self.token = token
        self.started_at = 0.0
        self.told: list[signal.Signals] = []
        self._lines: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        self._status = 0

    async def news(self) -> AsyncIterator[dict[str, Any]]:
        while (line := await self._lines.get()) is not None:
            yield line

    async def wait(self) -> int:
        return self._status

    async def stop(self, grace_s: float) -> None:
        self.end(-signal.SIGTERM)

    def tell(self, number: signal.Signals) -> None:
        self.told.append(number)

    async def say(self, **news: object) -> None:
        self._lines.put_nowait(news)
        await settled()

    def end(self, status: int) -> None:
        self._status = status
        self._lines.put_nowait(None)


async def settled() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


class Kept:
    """A keeper with what it has started and been told."""

    def __init__(self) -> None:
        self.nodes: list[FakeNode] = []
        self.news: list[Mapping[str, Any]] = []
        self.running: asyncio.Task[int]

    async def start(self, token: str | None) -> FakeNode:
        self.nodes.append(FakeNode(token))
        return self.nodes[-1]


@contextlib.asynccontextmanager
async def kept() -> AsyncIterator[Kept]:
    made = Kept()
    keeper = NodeKeeper(made.start, RETIRE_SIGNAL, made.news.append, lambda: 0.0)
    made.running = asyncio.create_task(keeper.run())
    await settled()
    try:
        yield made
    finally:
        made.running.cancel()
        await asyncio.gather(made.running, return_exceptions=True)


async def test_another_comes_beside_and_only_then_is_the_old_one_told_to_retire() -> None:
    async with kept() as made:
        (old,) = made.nodes
        await old.say(ready=True, node_id="a")
        await old.say(successor="token")
        new = made.nodes[1]
        assert (old.token, new.token, old.told) == (None, "token", [])
        await new.say(ready=True, node_id="b")
        assert old.told == [RETIRE_SIGNAL]
        assert [each["node_id"] for each in made.news] == ["a", "b"]
        old.end(0)
        await settled()
        assert not made.running.done()
        new.end(3)
        assert await made.running == 3


async def test_one_that_does_not_come_changes_nothing_and_another_may_be_tried() -> None:
    async with kept() as made:
        (old,) = made.nodes
        await old.say(successor="first")
        await old.say(successor="too soon")
        assert len(made.nodes) == 2
        made.nodes[1].end(1)
        await settled()
        assert (old.told, made.running.done()) == ([], False)
        await old.say(successor="second")
        assert made.nodes[2].token == "second"


async def test_while_somebody_plays_on_the_old_one_the_new_one_is_started_again() -> None:
    async with kept() as made:
        (old,) = made.nodes
        await old.say(successor="token")
        await made.nodes[1].say(ready=True, node_id="b")
        made.nodes[1].end(-9)
        await settled()
        again = made.nodes[2]
        assert again.token is None, "it has a key of its own by now"
        await again.say(ready=True, node_id="b")
        assert old.told == [RETIRE_SIGNAL], "once"


async def test_all_of_them_end_with_the_keeper() -> None:
    async with kept() as made:
        await made.nodes[0].say(successor="token")
        made.running.cancel()
        await settled()
        assert made.running.cancelled()
