"""Gets one archive from the broker over HTTP, in a thread. Redirects are not followed: the key is for the broker."""

from __future__ import annotations

import hashlib
import http.client
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO
from urllib.parse import urlsplit

from wire.errors import Reason, WireError

SILENCE_TIMEOUT_S = 5.0
FETCH_TIMEOUT_S = 600.0
CHUNK_BYTES = 1 << 18
PROBLEM_MAX_BYTES = 4096


@dataclass(frozen=True, slots=True)
class Wanted:
    """An archive that somebody vouches for by its digest."""

    sha256: str
    archive_bytes: int


def download(url: str, bearer: str, file: BinaryIO, wanted: Wanted, stop: threading.Event) -> None:
    """Write an archive into a file and check that it is the one that is wanted.

    Args:
        url: ``http`` or ``https``.
        bearer: The node's id and key.
        file: Empty; stays the caller's.
        wanted: What must come.
        stop: Set when nobody waits for it any more.

    Raises:
        WireError: ``title_missing`` if the broker does not give it, or its own reason; ``bad_archive`` if something
            else came.
        OSError: the file cannot be written.
    """
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=SILENCE_TIMEOUT_S)
    try:
        with _from_network():
            connection.request("GET", parts.path, headers={"Authorization": f"Bearer {bearer}"})
            answer = connection.getresponse()
            if answer.status != http.client.OK:
                raise _refusal(answer)
        digest = _copy(answer, file, wanted.archive_bytes, stop)
    finally:
        connection.close()
    if digest != wanted.sha256:
        raise WireError(Reason.BAD_ARCHIVE, "another archive came than the one that was signed")


@contextmanager
def _from_network() -> Iterator[None]:
    """Name what goes wrong by where it did: the file's faults are the disk's."""
    try:
        yield
    except (OSError, http.client.HTTPException) as error:
        words = f"its archive could not be fetched: {type(error).__name__}"
        raise WireError(Reason.TITLE_MISSING, words) from error


def _copy(answer: http.client.HTTPResponse, file: BinaryIO, archive_bytes: int, stop: threading.Event) -> str:
    digest, size, due_s = hashlib.sha256(), 0, time.monotonic() + FETCH_TIMEOUT_S
    while piece := _read(answer):
        size += len(piece)
        if size > archive_bytes:
            raise WireError(Reason.BAD_ARCHIVE, "a longer archive came than the one that was signed")
        if stop.is_set() or time.monotonic() > due_s:
            raise WireError(Reason.TITLE_MISSING, "its archive took too long to come")
        digest.update(piece)
        file.write(piece)
    file.flush()
    return digest.hexdigest()


def _read(answer: http.client.HTTPResponse) -> bytes:
    with _from_network():
        return answer.read(CHUNK_BYTES)


def _refusal(answer: http.client.HTTPResponse) -> WireError:
    try:
        body = json.loads(answer.read(PROBLEM_MAX_BYTES))
        return WireError(Reason(body["reason"]), f"the broker did not give its archive: {body['detail']}")
    except (ValueError, KeyError, TypeError):
        return WireError(Reason.TITLE_MISSING, f"the broker answered {answer.status}")
