"""A pool of this machine: nodes as child processes of the broker, which end with it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
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
class _Berthed:
    process: LocalProcess
    berth: int
    watching: asyncio.Task[None]
    trouble: Trouble | None = None
    words: str = ""
    stopping: asyncio.Task[None] | None = None


class LocalFleet:
    """Owns the processes."""

    def __init__(self, pool: str, slots: int, broker_url: str, start: StartLocal) -> None:
        self._pool = pool
        self._slots = slots
        self._broker_url = broker_url
        self._start = start
        self._nodes: dict[NodeName, _Berthed] = {}
        self._starting: dict[NodeName, int] = {}

    async def create(self, name: NodeName, token: str) -> None:
        """Start a node."""
        if name in self._nodes or name in self._starting:
            return
        taken = {node.berth for node in self._nodes.values()} | set(self._starting.values())
        berth = self._starting[name] = next(n for n in range(len(taken) + 1) if n not in taken)
        try:
            process = await self._start(LocalWish(name, berth, self._pool, self._slots, self._broker_url, token))
        except OSError as error:
            raise MachineRefused(f"no process can be started: {error.strerror}") from error
        finally:
            del self._starting[name]
        watching = asyncio.create_task(self._watch(name, process), name=f"node {name}")
        self._nodes[name] = _Berthed(process, berth, watching)

    async def delete(self, name: NodeName) -> None:
        """Ask a node to end; it is gone from the list when it has."""
        node = self._nodes.get(name)
        if node is not None and node.stopping is None:
            node.stopping = asyncio.create_task(self._stop(name, node), name=f"stop {name}")

    def machines(self) -> Mapping[NodeName, Machine]:
        """Return the processes."""
        return {
            name: Machine(name, Phase.GONE if node.trouble is not None else Phase.RUNNING, node.trouble, node.words)
            for name, node in self._nodes.items()
        }

    async def follow(self) -> None:
        """Wait for ever: what happens to the processes is noticed at once."""
        await asyncio.Event().wait()

    async def close(self) -> None:
        """End all nodes."""
        for name in list(self._nodes):
            await self.delete(name)
        await asyncio.gather(*(node.stopping for node in self._nodes.values() if node.stopping is not None))

    async def _watch(self, name: NodeName, process: LocalProcess) -> None:
        status = await process.wait()
        node = self._nodes[name]
        node.trouble = Trouble.CRASHED if status else Trouble.ENDED
        last = process.last_words().rstrip().rpartition("\n")[2]
        node.words = f"exit status {status}: {last}" if last else f"exit status {status}"

    async def _stop(self, name: NodeName, node: _Berthed) -> None:
        await node.process.stop(STOP_S)
        await node.watching
        del self._nodes[name]
