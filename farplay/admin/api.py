"""A signed-in caller of the operator API.

Whoever can write the broker's database may operate it: the command makes a sign-in link there, as the broker does at
its start, redeems it at the broker, and signs out when it is done.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import create_async_engine

from farplay.broker_connection import JSON_TYPE, BrokerConnection, Refused
from farplay.failures import CommandFailure, ExitStatus
from session_broker.io.accounts import Accounts
from wire.errors import Reason

LINK_TTL_MS = 60_000
"""Milliseconds that the command has to redeem its link."""


@dataclass(frozen=True, slots=True)
class AdminPlace:
    """Where to operate."""

    broker_url: str
    """Base URL of any broker of the deployment, without a slash at the end."""
    database_url: str
    """SQLAlchemy URL of its database."""


class OperatorApi:
    """Calls with the cookie of one sign-in."""

    def __init__(self, connection: BrokerConnection, cookie: str) -> None:
        self._connection = connection
        self._cookie = cookie

    def get(self, path: str) -> Any:
        """Return what a path of the operator API shows.

        Raises:
            CommandFailure: the broker refuses or does not answer.
        """
        return self._call("GET", f"/api/v1/operator{path}")

    def post(self, path: str) -> Any:
        """Make something and return it; raises as ``get``."""
        return self._call("POST", f"/api/v1/operator{path}", {})

    def put(self, path: str, body: dict[str, Any]) -> Any:
        """Do something and return what is said about it; raises as ``get``."""
        return self._call("PUT", f"/api/v1/operator{path}", body)

    def delete(self, path: str) -> Any:
        """Undo or end something; raises as ``get``."""
        return self._call("DELETE", f"/api/v1/operator{path}")

    def sign_out(self) -> None:
        """Forget the sign-in; a broker that is gone forgets it when it expires."""
        with contextlib.suppress(CommandFailure):
            self._call("POST", "/api/v1/sign-out")

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        content = None if body is None else json.dumps(body).encode()
        return self._connection.ask(method, path, content, {**JSON_TYPE, "Cookie": self._cookie}).body


@contextlib.contextmanager
def operator_api(place: AdminPlace) -> Iterator[OperatorApi]:
    """Sign in for the length of the block.

    Raises:
        CommandFailure: the database cannot be used, or the broker does not answer or is not the database's.
    """
    connection = BrokerConnection(place.broker_url)
    token = asyncio.run(_mint_link(place.database_url))
    try:
        answer = connection.ask("POST", "/api/v1/sign-in/link", json.dumps({"token": token}).encode(), JSON_TYPE)
    except Refused as refused:
        if refused.reason not in (Reason.LINK_USED, Reason.LINK_EXPIRED):
            raise
        raise CommandFailure(
            ExitStatus.FAILED,
            f"The broker at {place.broker_url} does not know the sign-in that was made for it.",
            "It works on another database: name that by --database-url or --data-dir, or another broker by --broker.",
        ) from refused
    api = OperatorApi(connection, answer.cookie)
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
