"""What stands before the brokers of a fleet: one address, each connection to the next broker that takes it."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

_CHUNK_BYTES = 65536


class LoadBalancer:
    """Passes bytes on, and remembers which broker got which request first on a connection.

    Attributes:
        url: Where it listens.
        passed: First line of each connection's first request, and the broker that it went to, in order.
    """

    def __init__(self, port: int, brokers: list[str]) -> None:
        self.url = f"http://localhost:{port}"
        self.passed: list[tuple[str, str]] = []
        self._brokers = brokers
        self._turns = itertools.count()

    def broker_of(self, path: str) -> str:
        """Return the URL of the broker that the newest connection for a path went to."""
        return next(broker for line, broker in reversed(self.passed) if path in line)

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one connection to its end."""
        with contextlib.suppress(ConnectionError):
            first = await reader.read(_CHUNK_BYTES)
            broker, there, back = await self._connect()
            self.passed.append((first.partition(b"\r\n")[0].decode("latin-1"), broker))
            back.write(first)
            await asyncio.gather(_pass(reader, back), _pass(there, writer))
        writer.close()

    async def _connect(self) -> tuple[str, asyncio.StreamReader, asyncio.StreamWriter]:
        turn = next(self._turns)
        for offset in range(len(self._brokers)):
            broker = self._brokers[(turn + offset) % len(self._brokers)]
            place = urlsplit(broker)
            with contextlib.suppress(OSError):
                return broker, *await asyncio.open_connection(place.hostname, place.port)
        raise ConnectionRefusedError("no broker answers")


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while chunk := await reader.read(_CHUNK_BYTES):
            writer.write(chunk)
            await writer.drain()
    finally:
        writer.close()


@contextlib.asynccontextmanager
async def load_balancer(brokers: list[str]) -> AsyncIterator[LoadBalancer]:
    """Listen on a free port until the block ends; then every connection is closed."""
    tasks: set[asyncio.Task[None]] = set()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(balancer.take(reader, writer))
        tasks.add(task)
        task.add_done_callback(tasks.discard)

    server = await asyncio.start_server(take, "127.0.0.1", 0)
    balancer = LoadBalancer(server.sockets[0].getsockname()[1], brokers)
    try:
        yield balancer
    finally:
        server.close()
        for task in list(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
