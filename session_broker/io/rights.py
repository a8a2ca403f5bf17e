"""Who may use a route. Every route declares one right; a test walks the route table and fails on one without."""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable, Mapping
from enum import StrEnum
from typing import Annotated, Any, cast

from fastapi import Depends
from starlette.requests import HTTPConnection

from session_broker.core.sign_in import Caller
from session_broker.core.tabs import check_admitted
from session_broker.io.broker import Broker
from session_broker.io.cookie import cookie_name
from session_broker.io.forwarded import forwarded_of
from wire.errors import Reason, WireError
from wire.ids import NodeId, is_id


class Right(StrEnum):
    """What a caller must be."""

    PUBLIC = "public"
    """Anybody."""
    GUEST = "guest"
    """Anybody with a browser session, guests of a session too."""
    SIGNED_IN = "signed_in"
    """A player with an account and a browser session."""
    SESSION_OWNER = "session_owner"
    """The player whose session the path names."""
    SESSION_PARTICIPANT = "session_participant"
    """The owner, or somebody whom an invitation let in and the owner has not sent away."""
    DEVELOPER = "developer"
    """A player with the role of a developer, operator or owner."""
    NODE = "node"
    """A node; its credential comes in its first message."""
    NODE_KEY = "node_key"
    """A node; its id and key come as a bearer token."""
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
            WireError: ``not_signed_in``, ``forbidden``, ``unknown_session``, ``kicked`` or ``bad_origin``.
        """
        await _CHECKS[self.right](connection)


def require(right: Right) -> Any:
    """Return the dependency with which a route declares its right."""
    return Depends(Requires(right))


def broker_of(connection: HTTPConnection) -> Broker:
    """Return the broker that serves this connection."""
    return cast(Broker, connection.app.state.broker)


def caller_of(connection: HTTPConnection) -> Caller:
    """Return who was let pass by ``Requires``."""
    return cast(Caller, connection.state.caller)


def node_of(connection: HTTPConnection) -> NodeId:
    """Return which node was let pass by ``Requires`` with its key."""
    return cast(NodeId, connection.state.node_id)


async def _broker(connection: HTTPConnection) -> Broker:
    # A plain function would be run in a thread, which costs a request more than all else before its route.
    return broker_of(connection)


async def _caller(connection: HTTPConnection) -> Caller:
    return caller_of(connection)


BrokerDep = Annotated[Broker, Depends(_broker)]
CallerDep = Annotated[Caller, Depends(_caller)]


async def known_caller(connection: HTTPConnection) -> Caller | None:
    """Return who a connection's cookie, or the replica that carries its request, says it is, if anybody."""
    broker, forwarded = broker_of(connection), forwarded_of(connection)
    if forwarded is not None:
        return await broker.accounts.caller_of_device(forwarded.device_id) if forwarded.device_id else None
    cookie = connection.cookies.get(cookie_name(connection, broker))
    return await broker.accounts.caller_of(cookie) if cookie else None


async def _sign_in(connection: HTTPConnection) -> Caller:
    caller = await known_caller(connection)
    if caller is None:
        raise WireError(Reason.NOT_SIGNED_IN, "sign in with a link first")
    connection.state.caller = caller
    return caller


async def _let_pass(_connection: HTTPConnection) -> None:
    return


async def _check_guest(connection: HTTPConnection) -> None:
    await _sign_in(connection)


async def _check_node(connection: HTTPConnection) -> None:
    if "origin" in connection.headers:
        raise WireError(Reason.BAD_ORIGIN, "a browser is not a node")


async def _check_node_key(connection: HTTPConnection) -> None:
    await _check_node(connection)
    scheme, _, given = connection.headers.get("authorization", "").partition(" ")
    node_id, _, key = given.partition(":")
    if scheme.lower() != "bearer" or not is_id(node_id, "node"):
        raise WireError(Reason.BAD_ENROLMENT, "a node shows its id and key")
    await broker_of(connection).accounts.check_node(node_id, key)
    connection.state.node_id = NodeId(node_id)


async def _check_developer(connection: HTTPConnection) -> None:
    if not (await _sign_in(connection)).is_developer:
        raise WireError(Reason.FORBIDDEN, "only a developer or operator may do this")


async def _check_metrics(connection: HTTPConnection) -> None:
    if not _has_metrics_token(connection):
        await _check_operator(connection)


async def _check_account(connection: HTTPConnection) -> None:
    if (await _sign_in(connection)).is_guest:
        raise WireError(Reason.FORBIDDEN, "a guest has no account; sign in with a link to do this")


async def _check_operator(connection: HTTPConnection) -> None:
    if not (await _sign_in(connection)).is_operator:
        raise WireError(Reason.FORBIDDEN, "only an operator may do this")


async def _check_owner(connection: HTTPConnection) -> None:
    if not await _owns(connection, await _sign_in(connection)):
        raise _no_such_session()


async def _owns(connection: HTTPConnection, caller: Caller) -> bool:
    session_id = str(connection.path_params["session_id"])
    broker = broker_of(connection)
    if not is_id(session_id, "ses"):
        return False
    session = broker.runner.coordinator.session(session_id) or await broker.store.read_session(session_id)
    return session is not None and session.player_id == caller.player_id


async def _check_participant(connection: HTTPConnection) -> None:
    caller = await _sign_in(connection)
    if await _owns(connection, caller):
        return
    session_id, broker = str(connection.path_params["session_id"]), broker_of(connection)
    session = broker.runner.coordinator.session(session_id)
    if session is not None:
        check_admitted(session.admissions.get(caller.player_id))
    elif is_id(session_id, "ses"):
        check_admitted(await broker.store.admission(session_id, caller.player_id))
    else:
        raise _no_such_session()


def _no_such_session() -> WireError:
    # The same words for another player's session, so that ids cannot be tried out.
    return WireError(Reason.UNKNOWN_SESSION, "you have no such session")


def _has_metrics_token(connection: HTTPConnection) -> bool:
    wanted = broker_of(connection).config.metrics_token
    scheme, _, given = connection.headers.get("authorization", "").partition(" ")
    return wanted is not None and scheme.lower() == "bearer" and hmac.compare_digest(given.encode(), wanted.encode())


_CHECKS: Mapping[Right, Callable[[HTTPConnection], Awaitable[None]]] = {
    Right.PUBLIC: _let_pass,
    Right.GUEST: _check_guest,
    Right.SIGNED_IN: _check_account,
    Right.SESSION_OWNER: _check_owner,
    Right.SESSION_PARTICIPANT: _check_participant,
    Right.DEVELOPER: _check_developer,
    Right.NODE: _check_node,
    Right.NODE_KEY: _check_node_key,
    Right.OPERATOR: _check_operator,
    Right.METRICS: _check_metrics,
}
