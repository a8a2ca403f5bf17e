"""A signed-in caller of the operator API.

Whoever can write the broker's database may operate it: the command makes a sign-in link there, as the broker does at
its start, redeems it at the broker, and signs out when it is done.
"""

from __future__ import annotations

import asyncio
import contextlib
import http.client
import json
from collections.abc import Iterator
from dataclasses import dataclass
from http.cookies import SimpleCookie
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import create_async_engine

from farplay.failures import CommandFailure, ExitStatus
from session_broker.io.accounts import Accounts

LINK_TTL_MS = 60_000
"""Milliseconds that the command has to redeem its link."""

_TIMEOUT_S = 15.0


@dataclass(frozen=True, slots=True)
class AdminPlace:
    """Where to operate."""

    broker_url: str
    """Base URL of any broker of the deployment, without a slash at the end."""
    database_url: str
    """SQLAlchemy URL of its database."""


class OperatorApi:
    """Calls with the cookie of one sign-in."""

    def __init__(self, broker_url: str, cookie: str) -> None:
        self._broker_url = broker_url
        self._cookie = cookie

    def get(self, path: str) -> Any:
        """Return what a path of the operator API shows.

        Raises:
            CommandFailure: the broker refuses or does not answer.
        """
        return self._call("GET", f"/api/v1/operator{path}")

    def put(self, path: str, body: dict[str, Any]) -> None:
        """Do something; raises as ``get``."""
        self._call("PUT", f"/api/v1/operator{path}", body)

    def delete(self, path: str) -> Any:
        """Undo or end something; raises as ``get``."""
        return self._call("DELETE", f"/api/v1/operator{path}")

    def sign_out(self) -> None:
        """Forget the sign-in; a broker that is gone forgets it when it expires."""
        with contextlib.suppress(CommandFailure):
            self._call("POST", "/api/v1/sign-out")

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        answer, _ = _ask(self._broker_url, method, path, body, {"Cookie": self._cookie})
        return answer


@contextlib.contextmanager
def operator_api(place: AdminPlace) -> Iterator[OperatorApi]:
    """Sign in for the length of the block.

    Raises:
        CommandFailure: the database cannot be used, or the broker does not answer or is not the database's.
    """
    token = asyncio.run(_mint_link(place.database_url))
    try:
        _, headers = _ask(place.broker_url, "POST", "/api/v1/sign-in/link", {"token": token}, {})
    except _Refused as refused:
        raise CommandFailure(
            ExitStatus.FAILED,
            f"The broker at {place.broker_url} does not know the sign-in that was made for it.",
            "It works on another database: name that by --database-url or --data-dir, or another broker by --broker.",
        ) from refused
    cookie: SimpleCookie = SimpleCookie(headers.get("set-cookie", ""))
    api = OperatorApi(place.broker_url, "; ".join(f"{name}={morsel.value}" for name, morsel in cookie.items()))
    try:
        yield api
    finally:
        api.sign_out()


async def _mint_link(database_url: str) -> str:
    engine = create_async_engine(database_url)
    try:
        accounts = Accounts(engine)
        return await accounts.mint_link(await accounts.owner(), LINK_TTL_MS)
    except (SQLAlchemyError, OSError, LookupError) as error:
        raise CommandFailure(
            ExitStatus.FAILED,
            "The broker's database cannot be used to sign in.",
            "Name it by --database-url (or FARPLAY_DATABASE_URL), or its folder by --data-dir; a broker must have "
            "started with it once.",
        ) from error
    finally:
        await engine.dispose()


class _Refused(CommandFailure):
    """The broker answered that it will not."""


def _ask(
    broker_url: str, method: str, path: str, body: dict[str, Any] | None, headers: dict[str, str]
) -> tuple[Any, http.client.HTTPMessage]:
    content = None if body is None else json.dumps(body).encode()
    request = Request(broker_url + path, content, {"Content-Type": "application/json", **headers}, method=method)
    try:
        with urlopen(request, timeout=_TIMEOUT_S) as answer:
            text = answer.read()
            return (json.loads(text) if text else None), answer.headers
    except HTTPError as error:
        raise _Refused(ExitStatus.FAILED, _words(error)) from error
    except (URLError, http.client.HTTPException, OSError, ValueError) as error:
        raise CommandFailure(
            ExitStatus.FAILED,
            f"The broker at {broker_url} does not answer.",
            "Is it running? Name another address by --broker (or FARPLAY_BROKER).",
        ) from error


def _words(error: HTTPError) -> str:
    try:
        problem = json.loads(error.read())
        return f"The broker refused: {problem['detail'] or problem['title']}."
    except (ValueError, KeyError, TypeError):
        return f"The broker answered with status {error.code}."
