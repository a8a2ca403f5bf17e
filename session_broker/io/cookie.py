"""The sign-in cookie: what it is called, and how a browser is given it and loses it."""

from __future__ import annotations

from starlette.requests import HTTPConnection, Request
from starlette.responses import Response

from session_broker.core.sign_in import GUEST_SESSION_TTL_MS
from session_broker.io.broker import Broker


def is_secure(connection: HTTPConnection) -> bool:
    """Tell whether the request came over TLS to this broker itself."""
    return connection.url.scheme in ("https", "wss")


def cookie_name(connection: HTTPConnection, broker: Broker) -> str:
    """Return the name of the sign-in cookie on this connection.

    Over TLS it has the prefix that makes browsers insist on Secure, no Domain and Path=/ (RFC 6265bis §4.1.3.2).
    """
    return f"__Host-{broker.cookie_name}" if is_secure(connection) else broker.cookie_name


def set_browser_cookie(response: Response, request: Request, broker: Broker, token: str, ttl_ms: int) -> None:
    """Sign the browser in with the token of its session."""
    response.set_cookie(
        cookie_name(request, broker),
        token,
        max_age=ttl_ms // 1000,
        httponly=True,
        samesite="strict",
        secure=is_secure(request),
    )


async def device_of(broker: Broker, request: Request) -> str | None:
    """Return the browser that the request's cookie signs in, if it does."""
    cookie = request.cookies.get(cookie_name(request, broker))
    caller = await broker.accounts.caller_of(cookie) if cookie else None
    return caller.device_id if caller is not None else None


async def sign_in_device(broker: Broker, response: Response, request: Request, device_id: str) -> None:
    """Give a guest's browser, which another replica has made, its cookie."""
    token = await broker.accounts.renew_token(device_id)
    set_browser_cookie(response, request, broker, token, GUEST_SESSION_TTL_MS)


def drop_browser_cookie(response: Response, request: Request, broker: Broker) -> None:
    """Take the cookie away."""
    name, secure = cookie_name(request, broker), is_secure(request)
    response.delete_cookie(name, httponly=True, samesite="strict", secure=secure)
