"""The bus: messages between the replicas on one database, by a table and a bell.

A message is a row, written in the transaction of the step that caused it, so that it is sent if and only if the step
was done. The receiver is woken by NOTIFY, which carries nothing, and looks at the table every second in any case: the
bell makes it fast, the table makes it right. What lies there is handled at once, so that no message waits for what
the one before it writes; those of one sender about one thing in the order of their numbers, which is the sender's
own. Rows are deleted when they were handled; a receiver that dies leaves its rows to whoever buries it.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Protocol

import asyncpg
import structlog
from sqlalchemy import bindparam, delete, func, insert, select, text
from sqlalchemy.engine import URL
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from session_broker.core.bus_messages import BUS_MESSAGE_MAX_BYTES, BUS_MESSAGES, comes_first, subject_of
from session_broker.core.effects import ReplicaId
from session_broker.io import tables
from session_broker.io.clock import wall_ms
from session_broker.io.database import single_statements
from wire.schema import Message, decode, encode

POLL_S = 1.0
"""Seconds between looks at the table while no bell rings."""

TAKEN_AT_ONCE = 256
_RING_AGAIN_S = 1.0
_lies = tables.bus_message
_OLDEST = select(_lies.c.id).where(_lies.c.to_replica == bindparam("me")).order_by(_lies.c.id).limit(TAKEN_AT_ONCE)
_TAKE = delete(_lies).where(_lies.c.id.in_(_OLDEST)).returning(_lies.c.id, _lies.c.from_replica, _lies.c.body)
_NEW_MESSAGE = insert(_lies)
_SEND = _NEW_MESSAGE.returning(func.pg_notify(_lies.c.to_replica, ""))
"""One statement for the rows and the bell, which a transaction rings once for each receiver."""
_NOT_SYNCED = text("SET LOCAL synchronous_commit = off")
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Post:
    """A message for another replica."""

    to: ReplicaId
    message: Message


Handler = Callable[[ReplicaId, Message], Awaitable[None]]


async def write_posts(connection: AsyncConnection, posts: Sequence[Post], me: ReplicaId, at_ms: int) -> None:
    """Send with the transaction that the connection is in."""
    if not posts:
        return
    rows = [
        {"to_replica": post.to, "from_replica": me, "body": encode(post.message), "sent_at_ms": at_ms}
        for post in posts
    ]
    if connection.dialect.name == "postgresql":
        await connection.execute(_SEND, rows)
    else:
        await connection.execute(_NEW_MESSAGE, rows)


async def _hand(received: Sequence[tuple[ReplicaId, Message]], handle: Handler) -> None:
    """Hand messages over, one after the other."""
    for sender, message in received:
        try:
            await handle(sender, message)
        except Exception:
            # It must not come back for ever, and those behind it must be handled.
            _log.exception("bus_message_failed")


async def hand_all(received: Sequence[tuple[ReplicaId, Message]], handle: Handler) -> None:
    """Hand over what came together: each thing's messages in order, different things at once."""
    threads: dict[Hashable, list[tuple[ReplicaId, Message]]] = {}
    for sender, message in received:
        threads.setdefault((sender, subject_of(message)), []).append((sender, message))
    async with asyncio.TaskGroup() as handling:
        for thread in threads.values():
            handling.create_task(_hand(thread, handle))


def _read(body: str) -> Message | None:
    try:
        return decode(body, BUS_MESSAGES, max_bytes=BUS_MESSAGE_MAX_BYTES)
    except Exception:
        _log.exception("bus_message_failed")
        return None


class Bus(Protocol):
    """How this replica reaches the others."""

    async def post(self, posts: Sequence[Post]) -> None:
        """Send outside any step.

        Raises:
            sqlalchemy.exc.SQLAlchemyError: the database does not answer.
        """

    async def run(self, handle: Handler) -> None:
        """Hand every message to ``handle`` until cancelled: those of one sender about one thing in order."""


class LocalBus:
    """The bus of a replica that is alone on its database, as on SQLite: there is nobody to talk to."""

    async def post(self, posts: Sequence[Post]) -> None:
        """Do nothing: nobody is there."""

    async def run(self, handle: Handler) -> None:
        """Wait for ever."""
        await asyncio.Event().wait()


class PostgresBus:
    """The bus of several replicas.

    Args:
        engine: For rows.
        url: For the connection that listens. A pooler in transaction mode cannot carry it; then the poll does.
        me: This replica.
        notified: Whether to listen at all.
    """

    def __init__(self, engine: AsyncEngine, url: URL, me: ReplicaId, *, notified: bool = True) -> None:
        self._engine = engine
        self._single = single_statements(engine)
        self._url = url
        self._me = me
        self._notified = notified
        self._bell = asyncio.Event()
        self._handled: set[int] = set()
        """Messages that were handled and may lie there still."""

    async def post(self, posts: Sequence[Post]) -> None:
        """Send outside any step."""
        if posts:
            async with self._single.connect() as connection:
                await write_posts(connection, posts, self._me, wall_ms())

    async def run(self, handle: Handler) -> None:
        """Hand every message to ``handle`` until cancelled."""
        listening = asyncio.create_task(self._listen(), name="bus bell") if self._notified else None
        try:
            while True:
                self._bell.clear()
                try:
                    while await self._take(handle):
                        pass
                except (SQLAlchemyError, OSError) as error:
                    _log.warning("bus_unavailable", error=type(error).__name__)
                except Exception:
                    _log.exception("bus_failed")
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(POLL_S):
                        await self._bell.wait()
        finally:
            if listening is not None:
                listening.cancel()
                await asyncio.gather(listening, return_exceptions=True)

    async def _take(self, handle: Handler) -> bool:
        """Handle what lies there; returns whether there may be more.

        The rows are deleted by the statement that reads them and committed when they were handled. Should that commit
        fail, they are there again, and are known.
        """
        async with self._engine.begin() as connection:
            # Nothing is lost with a commit that the server forgets in a crash.
            await connection.execute(_NOT_SYNCED)
            rows = list(await connection.execute(_TAKE, {"me": self._me}))
            new = [row for row in sorted(rows, key=lambda row: row.id) if row.id not in self._handled]
            self._handled.update(row.id for row in new)
            read = [(ReplicaId(row.from_replica), _read(row.body)) for row in new]
            received = [(sender, message) for sender, message in read if message is not None]
            await hand_all([each for each in received if comes_first(each[1])], handle)
            await hand_all([each for each in received if not comes_first(each[1])], handle)
        self._handled.clear()
        return len(rows) == TAKEN_AT_ONCE

    async def _listen(self) -> None:
        """Keep a connection that rings the bell; what came while there was none is found by the poll."""
        arguments = self._url.set(drivername="postgresql").render_as_string(hide_password=False)
        while True:
            try:
                connection = await asyncpg.connect(arguments)
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                await asyncio.sleep(_RING_AGAIN_S)
                continue
            gone = asyncio.Event()
            connection.add_termination_listener(lambda _connection, gone=gone: gone.set())
            try:
                await connection.add_listener(self._me, lambda *_: self._bell.set())
                self._bell.set()
                await gone.wait()
            except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
                _log.warning("bus_bell_lost")
            finally:
                connection.terminate()
            await asyncio.sleep(_RING_AGAIN_S)
