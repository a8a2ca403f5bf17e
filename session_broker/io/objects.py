"""Objects: archives and artwork of titles, and runtimes, under immutable keys in a folder or a store of ``obstore``.

A key names its content by digest, so an object is only ever created. Who may read it is decided before it is asked
for.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import obstore
from obstore.store import LocalStore, ObjectStore, from_url

from wire.errors import Reason, WireError

CHUNK_BYTES = 1 << 20


class Objects:
    """A store of objects.

    Args:
        url: Where they lie, such as ``s3://bucket/prefix``; None is ``folder``.
        folder: Made with mode 0700 if it is used and missing.
    """

    def __init__(self, url: str | None, folder: Path) -> None:
        if url is None:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._store: ObjectStore = LocalStore(folder) if url is None else from_url(url)

    async def create(self, key: str, content: Path | bytes) -> None:
        """Keep an object; one that is there already stays, since its key names its content.

        A long one goes in parts. A put that is to create and not to replace would have all of it in memory; whoever
        creates the object at the same time puts the same there.
        """
        try:
            await obstore.head_async(self._store, key)
        except FileNotFoundError:
            await obstore.put_async(self._store, key, content)

    async def remove(self, key: str) -> None:
        """Remove an object that nothing names any more; one that is not there stays away."""
        with contextlib.suppress(FileNotFoundError):
            await obstore.delete_async(self._store, key)

    async def read(self, key: str) -> bytes:
        """Return a small object.

        Raises:
            WireError: ``not_found``.
        """
        try:
            answer = await obstore.get_async(self._store, key)
        except FileNotFoundError as error:
            raise WireError(Reason.NOT_FOUND, "there is no such object") from error
        return bytes(await answer.bytes_async())

    async def size(self, key: str) -> int:
        """Return how many bytes an object has.

        Raises:
            WireError: ``not_found``.
        """
        try:
            return int((await obstore.head_async(self._store, key))["size"])
        except FileNotFoundError as error:
            raise WireError(Reason.NOT_FOUND, "there is no such object") from error

    async def stream(self, key: str) -> AsyncIterator[bytes]:
        """Return a large object in pieces.

        Raises:
            WireError: ``not_found``, before the first piece.
        """
        try:
            answer = await obstore.get_async(self._store, key)
        except FileNotFoundError as error:
            raise WireError(Reason.NOT_FOUND, "there is no such object") from error

        async def pieces() -> AsyncIterator[bytes]:
            async for piece in answer.stream(min_chunk_size=CHUNK_BYTES):
                yield bytes(piece)

        return pieces()
