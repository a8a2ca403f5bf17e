"""Who may use a route. Every route declares one right; a test walks the route table and fails on one without."""

from __future__ import annotations

import hmac
from enum import StrEnum
from typing import Annotated, Any, cast

from fastapi import Depends
from starlette.requests import HTTPConnection

from session_broker.core.sign_in import Caller
from session_broker.io.broker import Broker
from session_broker.io.cookie import cookie_name
from wire.errors import Reason, WireError
from wire.ids import is_id


class Right(StrEnum):
    """What a caller must be."""

    PUBLIC = "public"
    """Anybody."""
    SIGNED_IN = "signed_in"
    """A player with a browser session."""
    SESSION_OWNER = "session_owner"
    """The player whose session the path names."""
    NODE = "node"
    """A node; its credential comes in its first message."""
    OPERATOR = "operator"
    """A player with the role of an operator or owner."""
    METRICS = "metrics"
    """An operator, or whoever has the bearer token that the operator configured."""


class Requires:
    """A route's declared right; FastAPI calls it before the route."""

    def __init__(self, right: Right) -> None:
        self.right = right

    async def __call__(self, connection: HTTPConnection) -> None:
        """Let the caller pass and remember who it is.

        Raises:
            WireError: ``not_signed_in``, ``forbidden``, ``unknown_session`` or ``bad_origin``.
        """
        match self.right:
            case Right.PUBLIC:
                return
            case Right.NODE:
                if "origin" in connection.headers:
                    raise WireError(Reason.BAD_ORIGIN, "a browser is not a node")
            case Right.SIGNED_IN:
                await _sign_in(connection)
            case Right.SESSION_OWNER:
                await _check_owner(connection, await _sign_in(connection))
            case Right.OPERATOR:
                await _check_operator(connection)
            case Right.METRICS:
                if not _has_metrics_token(connection):
                    await _check_operator(connection)


def require(right: Right) -> Any:
    """Return the dependency with which a route declares its right."""
    return Depends(Requires(right))


def broker_of(connection: HTTPConnection) -> Broker:
    """Return the broker that serves this connection."""
    return cast(Broker, connection.app.state.broker)


def caller_of(connection: HTTPConnection) -> Caller:
    """Return who was let pass by ``Requires``."""
    return cast(Caller, connection.state.caller)


BrokerDep = Annotated[Broker, Depends(broker_of)]
CallerDep = Annotated[Caller, Depends(caller_of)]


async def _sign_in(connection: HTTPConnection) -> Caller:
    broker = broker_of(connection)
    cookie = connection.cookies.get(cookie_name(connection, broker))
    caller = await broker.accounts.caller_of(cookie) if cookie else None
    if caller is None:
        raise WireError(Reason.NOT_SIGNED_IN, "sign in with a link first")
    connection.state.caller = caller
    return caller


async def _check_operator(connection: HTTPConnection) -> None:
    if not (await _sign_in(connection)).is_operator:
        raise WireError(Reason.FORBIDDEN, "only an operator may do this")


async def _check_owner(connection: HTTPConnection, caller: Caller) -> None:
    session_id = str(connection.path_params["session_id"])
    broker = broker_of(connection)
    if is_id(session_id, "ses"):
        session = broker.runner.coordinator.session(session_id) or await broker.store.read_session(session_id)
        if session is not None and session.player_id == caller.player_id:
            return
    # The same words for another player's session, so that ids cannot be tried out.
    raise WireError(Reason.UNKNOWN_SESSION, "you have no such session")


def _has_metrics_token(connection: HTTPConnection) -> bool:
    wanted = broker_of(connection).config.metrics_token
    scheme, _, given = connection.headers.get("authorization", "").partition(" ")
    return wanted is not None and scheme.lower() == "bearer" and hmac.compare_digest(given.encode(), wanted.encode())
