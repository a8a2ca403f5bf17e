"""A pool of this machine: nodes as child processes of the broker, which end with it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from session_broker.core.pools.records import Machine, NodeName, Phase, Trouble
from session_broker.io.fleet.adapter import MachineRefused

STOP_S = 8.0
"""Seconds that a node has to end what it runs before it is killed."""


@dataclass(frozen=True, slots=True)
class LocalWish:
    """The node that shall be started."""

    name: NodeName
    berth: int
    """Number of its data folder: the lowest that no running node of the pool has, so that saves are found again."""
    pool: str
    slots: int
    broker_url: str
    token: str
    """One-time, to enrol with; never on a command line."""


class LocalProcess(Protocol):
    """A node's process."""

    async def wait(self) -> int:
        """Return its exit status once it has ended."""

    async def stop(self, grace_s: float) -> None:
        """Ask it to end, and kill it if it has not after ``grace_s``."""

    def last_words(self) -> str:
        """Return the end of its log."""


StartLocal = Callable[[LocalWish], Awaitable[LocalProcess]]
"""Starts a node as a process that dies with this one; raises OSError."""


@dataclass(slots=True)
class _Node:
    """A node from the wish to its end."""

    wish: LocalWish
    decided: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when there is a process, or a reason why there is none."""
    process: LocalProcess | None = None
    refusal: str = ""
    trouble: Trouble | None = None
    words: str = ""

    def machine(self) -> Machine:
        gone, running = self.trouble is not None, self.process is not None
        phase = Phase.GONE if gone else Phase.RUNNING if running else Phase.PENDING
        return Machine(self.wish.name, phase, self.trouble, self.words)


class LocalFleet:
    """Owns the processes, and a task for each."""

    def __init__(self, pool: str, slots: int, broker_url: str, start: StartLocal) -> None:
        self._pool = pool
        self._slots = slots
        self._broker_url = broker_url
        self._start = start
        self._nodes: dict[NodeName, _Node] = {}
        self._living: dict[NodeName, asyncio.Task[None]] = {}
        self._stopping: dict[NodeName, asyncio.Task[None]] = {}

    async def create(self, name: NodeName, token: str) -> None:
        """Start a node."""
        node = self._nodes.get(name)
        if node is None:
            taken = {each.wish.berth for each in self._nodes.values()}
            berth = next(n for n in range(len(taken) + 1) if n not in taken)
            node = _Node(LocalWish(name, berth, self._pool, self._slots, self._broker_url, token))
            self._nodes[name] = node
            # In a task of its own: a caller that gives up must not leave a process that nobody knows.
            self._living[name] = asyncio.create_task(self._live(node), name=f"node {name}")
        await node.decided.wait()
        if node.refusal:
            raise MachineRefused(node.refusal)

    async def delete(self, name: NodeName) -> None:
        """Ask a node to end; it is gone from the list when it has."""
        node = self._nodes.get(name)
        if node is not None and name not in self._stopping:
            self._stopping[name] = asyncio.create_task(self._stop(node), name=f"stop {name}")

    def machines(self) -> Mapping[NodeName, Machine]:
        """Return the processes."""
        return {name: node.machine() for name, node in self._nodes.items()}

    def unseen(self) -> str:
        """Return nothing: the processes are always known."""
        return ""

    async def follow(self) -> None:
        """Wait for ever: what happens to the processes is noticed at once."""
        await asyncio.Event().wait()

    async def close(self) -> None:
        """End all nodes."""
        for name in list(self._nodes):
            await self.delete(name)
        await asyncio.gather(*self._stopping.values())

    async def _live(self, node: _Node) -> None:
        try:
            node.process = await self._start(node.wish)
        except OSError as error:
            node.refusal = f"no process can be started: {error.strerror}"
            self._forget(node)
            return
        finally:
            node.decided.set()
        status = await node.process.wait()
        node.trouble = Trouble.CRASHED if status else Trouble.ENDED
        last = node.process.last_words().rstrip().rpartition("\n")[2]
        node.words = f"exit status {status}: {last}" if last else f"exit status {status}"

    async def _stop(self, node: _Node) -> None:
        living = self._living[node.wish.name]
        await node.decided.wait()
        if node.process is not None:
            await node.process.stop(STOP_S)
        await living
        self._forget(node)

    def _forget(self, node: _Node) -> None:
        for each in (self._nodes, self._living, self._stopping):
            each.pop(node.wish.name, None)
