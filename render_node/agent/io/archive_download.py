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
TRIES = 4
"""How often a broker or store that fails for the moment is asked."""
TRY_AGAIN_S, TRY_AGAIN_MAX_S = 1.0, 5.0
"""Seconds between two tries, unless the broker says how many, and the most that it may say."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """An archive that somebody vouches for by its digest."""

    sha256: str
    archive_bytes: int


class TryAgain(WireError):
    """The archive did not come this time."""

    def __init__(self, reason: Reason, detail: str, after_s: float) -> None:
        super().__init__(reason, detail)
        self.after_s = after_s


def download(url: str, bearer: str, file: BinaryIO, wanted: Wanted, stop: threading.Event) -> None:
    """Write an archive into a file and check that it is the one that is wanted; what breaks off is begun anew.

    Args:
        url: ``http`` or ``https``.
        bearer: The node's id and key.
        file: Empty; stays the caller's.
        wanted: What must come.
        stop: Set when nobody waits for it any more.

    Raises:
        WireError: ``title_missing`` if the broker does not give it, or the broker's own reason, which is ``internal``
            while its store fails; ``bad_archive`` if something else came.
        OSError: the file cannot be written.
    """
    for tries_left in range(TRIES - 1, -1, -1):
        try:
            digest = _fetch(url, bearer, file, wanted.archive_bytes, stop)
            break
        except TryAgain as failed:
            if not tries_left or stop.wait(failed.after_s):
                raise
            file.seek(0)
            file.truncate()
    if digest != wanted.sha256:
        raise WireError(Reason.BAD_ARCHIVE, "another archive came than the one that was signed")


def _fetch(url: str, bearer: str, file: BinaryIO, archive_bytes: int, stop: threading.Event) -> str:
    """Write what comes into a file and return its digest."""
    parts = urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.hostname or "", parts.port, timeout=SILENCE_TIMEOUT_S)
    try:
        with _from_network():
            connection.request("GET", parts.path, headers={"Authorization": f"Bearer {bearer}"})
            answer = connection.getresponse()
            if answer.status != http.client.OK:
                raise _refusal(answer)
        return _copy(answer, file, archive_bytes, stop)
    finally:
        connection.close()


@contextmanager
def _from_network() -> Iterator[None]:
    """Name what goes wrong by where it did: the file's faults are the disk's."""
    try:
        yield
    except (OSError, http.client.HTTPException) as error:
        words = f"its archive could not be fetched: {type(error).__name__}"
        raise TryAgain(Reason.TITLE_MISSING, words, TRY_AGAIN_S) from error


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
        piece = answer.read(CHUNK_BYTES)
        if not piece and answer.length:
            # Read in pieces, a body that breaks off just ends.
            raise http.client.IncompleteRead(piece, answer.length)
        return piece


def _refusal(answer: http.client.HTTPResponse) -> WireError:
    try:
        body = json.loads(answer.read(PROBLEM_MAX_BYTES))
        reason, words = Reason(body["reason"]), f"the broker did not give its archive: {body['detail']}"
    except (ValueError, KeyError, TypeError):
        reason, words = Reason.TITLE_MISSING, f"the broker answered {answer.status}"
    if answer.status != http.client.SERVICE_UNAVAILABLE:
        return WireError(reason, words)
    return TryAgain(reason, words, _seconds(answer.headers.get("Retry-After", "")))


def _seconds(said: str) -> float:
    """Return how long the broker wants to be left alone; it may also say a date, which is not looked at."""
    return min(float(said), TRY_AGAIN_MAX_S) if said.isdecimal() and said.isascii() else TRY_AGAIN_S
