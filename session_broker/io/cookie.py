"""The cookie that signs a browser in: strict, out of reach for scripts, secure where the connection is."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from session_broker.io.broker import Broker


def set_browser_cookie(response: Response, request: Request, broker: Broker, token: str, ttl_ms: int) -> None:
    """Let the browser keep the token of its session for ``ttl_ms``."""
    response.set_cookie(
        broker.cookie_name,
        token,
        max_age=ttl_ms // 1000,
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
