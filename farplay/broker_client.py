"""The command's own way to a broker: signed in like a browser, by a link that works once, and remembered like one."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO
from urllib.parse import urlsplit

from farplay.broker_connection import JSON_TYPE, BrokerConnection, Refused
from farplay.failures import CommandFailure, ExitStatus
from render_node.agent.io.private_file import write_private
from wire.errors import Reason

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
        self._connection = BrokerConnection(base_url)
        self._base = self._connection.base
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
        return self._request("GET", path)

    def fetch(self, path: str) -> bytes:
        """Return what a GET answers, as it is.

        Raises:
            CommandFailure: as ``get``.
        """
        with self._sign_in_advised():
            return self._connection.fetch(path, {"Cookie": self._cookie()})

    def send(self, method: str, path: str, body: Mapping[str, object] | None = None) -> Any:
        """Send JSON and return the answer; None if it is empty.

        Raises:
            CommandFailure: as ``get``.
        """
        content = None if body is None else json.dumps(dict(body)).encode()
        return self._request(method, path, content, JSON_TYPE if content else {})

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
        answer = self._connection.ask(
            "POST",
            "/api/v1/sign-in/link",
            json.dumps({"token": token[1]}).encode(),
            {**JSON_TYPE, "User-Agent": "farplay (Linux)"},
        )
        self._sign_ins.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_private(self._sign_ins, json.dumps({**self._known(), self._base: answer.cookie}))

    def _known(self) -> dict[str, str]:
        try:
            return {str(url): str(cookie) for url, cookie in json.loads(self._sign_ins.read_text()).items()}
        except (FileNotFoundError, ValueError, AttributeError):
            return {}

    def _request(
        self,
        method: str,
        path: str,
        body: bytes | BinaryIO | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        with self._sign_in_advised():
            return self._connection.ask(method, path, body, {**(headers or {}), "Cookie": self._cookie()}).body

    def _cookie(self) -> str:
        cookie = self._known().get(self._base)
        if cookie is None:
            raise CommandFailure(ExitStatus.FAILED, f"This command is not signed in at {self._base}.", SIGN_IN)
        return cookie

    @contextlib.contextmanager
    def _sign_in_advised(self) -> Iterator[None]:
        try:
            yield
        except Refused as refused:
            advice = SIGN_IN if refused.reason == Reason.NOT_SIGNED_IN else ""
            raise Refused(refused.reason, refused.detail, advice) from refused
