"""The command's own way to a broker: signed in like a browser, by a link that works once, and remembered like one."""

from __future__ import annotations

import http.client
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import quote, urlsplit

from farplay.failures import CommandFailure, ExitStatus
from render_node.agent.io.private_file import write_private
from wire.errors import Reason

TIMEOUT_S = 60.0
ANSWER_MAX_BYTES = 16 << 20
SIGN_IN = (
    "Sign in once: open Devices on the broker's page, add a device, and pass its link: --link LINK\n"
    "The link that `farplay up` prints works too."
)


class BrokerClient:
    """Talks to one broker.

    Args:
        base_url: ``http`` or ``https`` address of the broker.
        sign_ins: File that remembers where this command is signed in; mode 0600.
    """

    def __init__(self, base_url: str, sign_ins: Path) -> None:
        parts = urlsplit(base_url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise CommandFailure(ExitStatus.FAILED, f"{base_url!r} is no broker's address.", "Use http://HOST:PORT.")
        self._base = f"{parts.scheme}://{parts.netloc}"
        self._secure, self._host, self._port = parts.scheme == "https", parts.hostname, parts.port
        self._sign_ins = sign_ins

    @classmethod
    def of(cls, broker_url: str, link: str | None, sign_ins: Path) -> BrokerClient:
        """Return a client, signed in anew if a link is given, whose address counts then.

        Raises:
            CommandFailure: an address is none, or the link does not work.
        """
        client = cls(link or broker_url, sign_ins)
        if link is not None:
            client._redeem(link)
        return client

    def get(self, path: str) -> Any:
        """Return what a GET answers, as JSON.

        Raises:
            CommandFailure: the broker cannot be reached or refuses.
        """
        return self._request("GET", path, None, {})

    def send(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Any:
        """Send JSON and return the answer; None if it is empty.

        Raises:
            CommandFailure: as ``get``.
        """
        content = None if body is None else json.dumps(dict(body)).encode()
        return self._request(method, path, content, {"Content-Type": "application/json"} if content else {})

    def upload(self, path: str, file: BinaryIO, size_bytes: int) -> None:
        """Send a file by PUT.

        Raises:
            CommandFailure: as ``get``.
        """
        self._request("PUT", path, file, {"Content-Length": str(size_bytes)})

    def _redeem(self, link: str) -> None:
        token = re.fullmatch(r"owner=([A-Za-z0-9_-]{1,128})", urlsplit(link).fragment)
        if token is None:
            raise CommandFailure(ExitStatus.FAILED, "This is no sign-in link.", SIGN_IN)
        connection = self._connect()
        try:
            body = json.dumps({"token": token[1]}).encode()
            headers = {"Content-Type": "application/json", "User-Agent": "farplay (Linux)"}
            answer = self._ask(connection, "POST", "/api/v1/sign-in/link", body, headers)
            self._check(answer, answer.read(ANSWER_MAX_BYTES))
            cookie = (answer.getheader("Set-Cookie") or "").partition(";")[0]
        finally:
            connection.close()
        self._sign_ins.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(self._sign_ins, json.dumps({**self._known(), self._base: cookie}))

    def _known(self) -> dict[str, str]:
        try:
            return {str(url): str(cookie) for url, cookie in json.loads(self._sign_ins.read_text()).items()}
        except (FileNotFoundError, ValueError, AttributeError):
            return {}

    def _request(self, method: str, path: str, body: bytes | BinaryIO | None, headers: Mapping[str, str]) -> Any:
        cookie = self._known().get(self._base)
        if cookie is None:
            raise CommandFailure(ExitStatus.FAILED, f"This command is not signed in at {self._base}.", SIGN_IN)
        connection = self._connect()
        try:
            answer = self._ask(connection, method, path, body, {**headers, "Cookie": cookie})
            content = answer.read(ANSWER_MAX_BYTES)
        finally:
            connection.close()
        self._check(answer, content)
        return json.loads(content) if content else None

    def _connect(self) -> http.client.HTTPConnection:
        kind = http.client.HTTPSConnection if self._secure else http.client.HTTPConnection
        return kind(self._host, self._port, timeout=TIMEOUT_S)

    def _ask(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        path: str,
        body: bytes | BinaryIO | None,
        headers: Mapping[str, str],
    ) -> http.client.HTTPResponse:
        try:
            connection.request(method, quote(path, safe="/?=&"), body, dict(headers))
            return connection.getresponse()
        except (BrokenPipeError, ConnectionResetError):
            # It refused an upload before all of it was sent; its answer says why.
            return connection.getresponse()
        except (OSError, http.client.HTTPException) as error:
            words = f"No broker answers at {self._base} ({type(error).__name__})."
            raise CommandFailure(ExitStatus.FAILED, words, "Name another with --broker http://HOST:PORT.") from error

    def _check(self, answer: http.client.HTTPResponse, content: bytes) -> None:
        if answer.status < http.client.BAD_REQUEST:
            return
        try:
            body = json.loads(content)
            reason, detail = str(body["reason"]), str(body["detail"])
        except (ValueError, KeyError, TypeError):
            reason, detail = "", f"it answered {answer.status}"
        advice = SIGN_IN if reason == Reason.NOT_SIGNED_IN else ""
        raise CommandFailure(ExitStatus.FAILED, f"The broker refuses: {detail}.", advice)
