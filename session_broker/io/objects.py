"""Objects: archives and artwork of titles, and runtimes, under immutable keys in a folder or a store of ``obstore``.

A key names its content by digest, so an object is only ever created. Who may read it is decided before it is asked
for. A store that fails is tried again for a few seconds, then it is said that it does not answer.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator
from datetime import timedelta
from pathlib import Path

import obstore
import structlog
from obstore.exceptions import BaseError, PermissionDeniedError, UnauthenticatedError
from obstore.store import LocalStore, ObjectStore, from_url

from session_broker.io.unavailable import Unavailable
from wire.errors import Reason, WireError

CHUNK_BYTES = 1 << 20

TRIES_MAX, TRIES_S = 3, 8.0
"""How often, and until when, a call is made again that the store did not answer or answered with a fault of its own:
for less time than whoever waits for the answer has patience."""

WORDS_MAX_CHARS = 500
"""Of what the store says of its fault, in the log."""

_log = structlog.get_logger()


class ObjectsUnavailable(Unavailable):
    """The store of objects fails, or does not let this server in; nothing is there by half."""

    def __init__(self, error: BaseError) -> None:
        if isinstance(error, PermissionDeniedError | UnauthenticatedError):
            words = (
                "the object store does not let this server in; its operator must give it the right to read and write"
            )
        else:
            words = "the object store does not answer; try again in a moment, and tell the operator if it stays so"
        super().__init__(words)


class NoSuchObject(WireError):
    """There is nothing under this key."""

    def __init__(self) -> None:
        super().__init__(Reason.NOT_FOUND, "there is no such object")


@contextlib.contextmanager
def _asking() -> Iterator[None]:
    """Say in this package's words what a call of the store raises."""
    try:
        yield
    except FileNotFoundError as error:
        raise NoSuchObject from error
    except BaseError as error:
        _log.error("objects_unavailable", error=type(error).__name__, detail=_words_of(error))
        raise ObjectsUnavailable(error) from error


def _words_of(error: BaseError) -> str:
    """Return what the store says, without what only its library's developers read."""
    return str(error).partition("\n\n")[0][:WORDS_MAX_CHARS]


class Objects:
    """A store of objects.

    Args:
        url: Where they lie, such as ``s3://bucket/prefix``; None is ``folder``.
        folder: Made with mode 0700 if it is used and missing.

    All methods raise ``ObjectsUnavailable`` while the store fails.
    """

    def __init__(self, url: str | None, folder: Path) -> None:
        if url is None:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            self._store: ObjectStore = LocalStore(folder)
            return
        retry_timeout = timedelta(seconds=TRIES_S)
        self._store = from_url(url, retry_config={"max_retries": TRIES_MAX, "retry_timeout": retry_timeout})

    async def create(self, key: str, content: Path | bytes) -> None:
        """Keep an object; one that is there already stays, since its key names its content.

        A long one goes in parts. A put that is to create and not to replace would have all of it in memory; whoever
        creates the object at the same time puts the same there.
        """
        try:
            await self.size(key)
        except NoSuchObject:
            with _asking():
                await obstore.put_async(self._store, key, content)

    async def remove(self, key: str) -> None:
        """Remove an object that nothing names any more; one that is not there stays away."""
        with contextlib.suppress(NoSuchObject), _asking():
            await obstore.delete_async(self._store, key)

    async def read(self, key: str) -> bytes:
        """Return a small object.

        Raises:
            NoSuchObject: it is not there.
        """
        with _asking():
            answer = await obstore.get_async(self._store, key)
            return bytes(await answer.bytes_async())

    async def size(self, key: str) -> int:
        """Return how many bytes an object has.

        Raises:
            NoSuchObject: it is not there.
        """
        with _asking():
            return int((await obstore.head_async(self._store, key))["size"])

    async def stream(self, key: str) -> AsyncIterator[bytes]:
        """Return a large object in pieces.

        Raises:
            NoSuchObject: it is not there; before the first piece.
        """
        with _asking():
            answer = await obstore.get_async(self._store, key)

        async def pieces() -> AsyncIterator[bytes]:
            with _asking():
                async for piece in answer.stream(min_chunk_size=CHUNK_BYTES):
                    yield bytes(piece)

        return pieces()
