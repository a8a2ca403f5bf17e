"""One request to a broker and its answer, with failures in words. No proxy, no redirects: cookies go nowhere else."""

from __future__ import annotations

import contextlib
import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO
from urllib.parse import quote, urlsplit

from farplay.failures import CommandFailure, ExitStatus

TIMEOUT_S = 60.0
ANSWER_MAX_BYTES = 16 << 20
JSON_TYPE: Mapping[str, str] = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a broker answered."""

    body: Any
    """The JSON; None if it is empty."""
    cookie: str
    """The first cookie that it sets, as a request carries it; empty if it sets none."""


class Unreachable(CommandFailure):
    """Nothing answers, or what does broke off."""


class Refused(CommandFailure):
    """The broker answered that it will not.

    Args:
        reason: Of ``wire.errors``, empty if the answer names none.
        detail: Its words.
        advice: What to do.
    """

    def __init__(self, reason: str, detail: str, advice: str = "") -> None:
        super().__init__(ExitStatus.FAILED, f"The broker refuses: {detail}.", advice)
        self.reason = reason
        self.detail = detail


class BrokerConnection:
    """Where one broker is.

    Args:
        base_url: ``http`` or ``https`` address.

    Raises:
        CommandFailure: it is no such address.
    """

    def __init__(self, base_url: str) -> None:
        parts = urlsplit(base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise CommandFailure(ExitStatus.FAILED, f"{base_url!r} is no broker's address.", "Use http://HOST:PORT.")
        self.base = f"{parts.scheme}://{parts.netloc}"
        self._secure, self._host, self._port = parts.scheme == "https", parts.hostname, parts.port

    def ask(
        self, method: str, path: str, body: bytes | BinaryIO | None = None, headers: Mapping[str, str] | None = None
    ) -> Answer:
        """Send a request of its own connection and return the answer, which is JSON.

        Raises:
            Refused: the broker will not.
            Unreachable: it cannot be reached, or broke off.
        """
        status, content, cookie = self._exchange(method, path, body, headers)
        return Answer(_read(status, content), cookie)

    def fetch(self, path: str, headers: Mapping[str, str]) -> bytes:
        """Return what a GET answers, as it is.

        Raises:
            Refused: the broker will not.
            Unreachable: as ``ask``.
        """
        status, content, _ = self._exchange("GET", path, None, headers)
        if status >= http.client.BAD_REQUEST:
            _read(status, content)
        return content

    def _exchange(
        self, method: str, path: str, body: bytes | BinaryIO | None, headers: Mapping[str, str] | None
    ) -> tuple[int, bytes, str]:
        """Return status, content and the first cookie of the answer."""
        kind = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
        connection = kind(self._host, self._port, timeout=TIMEOUT_S)
        try:
            # Whoever refuses an upload before all of it was sent says why in the answer.
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                connection.request(method, quote(path, safe="/?=&"), body, dict(headers or {}))
            answer = connection.getresponse()
            content = answer.read(ANSWER_MAX_BYTES)
            if answer.length:
                raise http.client.IncompleteRead(content, answer.length)
        except (OSError, http.client.HTTPException) as error:
            words = f"No broker answers at {self.base} ({type(error).__name__})."
            raise Unreachable(
                ExitStatus.FAILED, words, "Is it running? Name another with --broker http://HOST:PORT."
            ) from error
        finally:
            connection.close()
        return answer.status, content, (answer.getheader("Set-Cookie") or "").partition(";")[0]


def _read(status: int, content: bytes) -> Any:
    try:
        body: Any = json.loads(content) if content else None
        if status < http.client.BAD_REQUEST:
            return body
        raise Refused(str(body["reason"]), str(body["detail"] or body["title"]))
    except (ValueError, KeyError, TypeError) as error:
        raise Refused("", f"it answered {status} with what is no answer of a broker") from error
