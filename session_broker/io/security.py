"""The gate before every route: Host and Origin lists, body size, and headers that bind the browser.

Source: DNS rebinding needs the Host check; cross-site requests the Origin check (RFC 6454) and Fetch metadata;
Content Security Policy Level 3. Cross-origin isolation gives the page timers of 5 instead of 100 microseconds.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import structlog
from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from session_broker.core.host_rules import ASK_SITES, host_allowed, host_name, origin_allowed
from session_broker.io.metrics import Metrics
from session_broker.io.problems import problem
from wire.errors import Reason, WireError
from wire.limits import CONTROL_MESSAGE_MAX_BYTES
from wire.title_check import SCREENSHOT_MAX_BYTES

PROBED_BY_ADDRESS = frozenset({"/healthz", "/readyz"})
"""Orchestrators probe these under the pod's address; they say nothing that is worth a rebinding attack."""

_log = structlog.get_logger()
_ARCHIVES, _CHECKS = "/api/v1/archives/", "/api/v1/title-checks/"
"""The only place that takes more than a control message, by PUT; the route counts what comes."""
_SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})

_CONTENT_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "media-src 'self' blob:; worker-src 'self' blob:; manifest-src 'self'; connect-src 'self'{sockets}; "
    "object-src 'none'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

_SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=()",
    "Cross-Origin-Resource-Policy": "same-origin",
}

_ISOLATION_HEADERS = {
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Embedder-Policy": "require-corp",
}

_STRICT_TRANSPORT = "max-age=15552000"


@dataclass(frozen=True, slots=True)
class HeaderRules:
    """Headers that differ between the applications."""

    isolated: bool = True
    """Whether pages are cross-origin isolated; browsers refuse it, loudly, to plain HTTP from elsewhere."""
    strict_transport: bool = False
    """Whether browsers are told to use nothing but HTTPS for this host from now on (RFC 6797)."""
    connect: tuple[str, ...] = ()
    """Further origins that pages may ask."""


class Gate:
    """ASGI middleware; refuses before any route runs."""

    def __init__(
        self,
        app: ASGIApp,
        hosts: Collection[str],
        origins: Collection[str],
        metrics: Metrics,
        rules: HeaderRules,
        upload_max_bytes: int = CONTROL_MESSAGE_MAX_BYTES,
    ) -> None:
        self._app = app
        self._hosts = hosts
        self._origins = origins
        self._metrics = metrics
        self._rules = rules
        self._upload_max_bytes = upload_max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Check, bound and pass on one connection."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        try:
            self._check(scope, Headers(scope=scope))
        except WireError as error:
            self._metrics.requests_refused.labels(error.reason).inc()
            await self._refuse(scope, receive, send, error)
            return
        if scope["type"] == "websocket":
            await self._app(scope, receive, send)
        else:
            await self._serve(scope, _bounded(receive, self._longest(scope)), _with_headers(scope, send, self._rules))

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on; a fault of ours becomes a problem document, unless an answer was begun."""
        begun = False

        async def note(message: Message) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, receive, note)
        except Exception:
            if begun:
                raise
            _log.exception("request_failed", method=scope["method"], path=scope["path"])
            await problem(Reason.INTERNAL, "the broker failed; its log says why")(scope, receive, send)

    def _check(self, scope: Scope, headers: Headers) -> None:
        host = headers.get("host", "")
        if scope["path"] in PROBED_BY_ADDRESS:
            return
        if not host_allowed(host, self._hosts):
            raise WireError(Reason.BAD_HOST, "this name is not on the list of names of this server (allowed_hosts)")
        origin = headers.get("origin")
        if origin is not None and not origin_allowed(origin, host, self._origins):
            raise WireError(Reason.BAD_ORIGIN, "requests from this page are not allowed")
        unsafe = scope["type"] == "websocket" or scope["method"] not in _SAFE_METHODS
        if origin is None and unsafe and headers.get("sec-fetch-site") in ASK_SITES:
            raise WireError(Reason.BAD_ORIGIN, "requests from another site are not allowed")
        longest = self._longest(scope)
        if int_or_zero(headers.get("content-length")) > longest:
            raise WireError(Reason.TOO_LARGE, f"a request may have {longest} bytes")

    def _longest(self, scope: Scope) -> int:
        if scope.get("method") == "PUT" and scope["path"].startswith(_ARCHIVES):
            return self._upload_max_bytes
        if scope.get("method") == "PUT" and scope["path"].startswith(_CHECKS):
            return SCREENSHOT_MAX_BYTES
        return CONTROL_MESSAGE_MAX_BYTES

    async def _refuse(self, scope: Scope, receive: Receive, send: Send, error: WireError) -> None:
        if scope["type"] == "websocket":
            # Before the handshake: the server answers 403. A page cannot read more than that anyway.
            await send({"type": "websocket.close"})
            return
        await problem(error.reason, error.detail)(scope, receive, _with_headers(scope, send, self._rules))


def int_or_zero(text: str | None) -> int:
    """Read a decimal number of reasonable length; anything else is 0 and left to the server's own checks."""
    return int(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 19 else 0


def _bounded(receive: Receive, longest: int) -> Receive:
    taken = 0

    async def read() -> Message:
        nonlocal taken
        message = await receive()
        taken += len(message.get("body", b""))
        if taken > longest:
            raise HTTPException(413, f"a request may have {longest} bytes")
        return message

    return read


def _with_headers(scope: Scope, send: Send, rules: HeaderRules) -> Send:
    host = Headers(scope=scope).get("host", "")
    # Some browsers do not count WebSockets of the same host as 'self'.
    sockets = f" ws://{host} wss://{host}" if host_name(host) else ""
    sockets += "".join(f" {origin}" for origin in rules.connect)
    fixed = _SECURITY_HEADERS | (_ISOLATION_HEADERS if rules.isolated else {})
    if rules.strict_transport and scope["scheme"] == "https":
        fixed = fixed | {"Strict-Transport-Security": _STRICT_TRANSPORT}

    async def write(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers["Content-Security-Policy"] = _CONTENT_POLICY.format(sockets=sockets)
            for name, value in fixed.items():
                headers.setdefault(name, value)
        await send(message)

    return write
