"""Errors of the HTTP API as ``application/problem+json`` (RFC 9457) with a stable ``reason``."""

from __future__ import annotations

from collections.abc import Mapping

import structlog
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException
from starlette.requests import HTTPConnection, Request
from starlette.responses import JSONResponse, Response
from starlette.websockets import WebSocket

from session_broker.core.effects import CLOSE_REFUSED
from session_broker.io.runner import StoreUnavailable
from session_broker.io.unavailable import Unavailable
from wire.errors import Reason, WireError
from wire.schema import encode
from wire.session_control import Refusal

STATUS: Mapping[Reason, int] = {
    Reason.MALFORMED: 400,
    Reason.BAD_ARCHIVE: 400,
    Reason.BAD_SIGNATURE: 400,
    Reason.VERSION_EXISTS: 409,
    Reason.TITLE_BLOCKED: 403,
    Reason.BAD_SDP: 400,
    Reason.NOT_SIGNED_IN: 401,
    Reason.FORBIDDEN: 403,
    Reason.BAD_ORIGIN: 403,
    Reason.BAD_ENROLMENT: 403,
    Reason.KICKED: 403,
    Reason.NOT_FOUND: 404,
    Reason.UNKNOWN_TITLE: 404,
    Reason.UNKNOWN_SESSION: 404,
    Reason.BAD_STATE: 409,
    Reason.LINK_USED: 410,
    Reason.LINK_EXPIRED: 410,
    Reason.NO_SEAT: 409,
    Reason.TABLE_FULL: 409,
    Reason.TOO_MANY_SESSIONS: 409,
    Reason.INVITATION_EXPIRED: 410,
    Reason.INVITATION_USED: 410,
    Reason.INVITATION_REVOKED: 410,
    Reason.TOO_LARGE: 413,
    Reason.BAD_HOST: 421,
    Reason.TOO_MANY: 429,
}
"""HTTP status by reason; any other is 500."""

UNAVAILABLE, RETRY_AFTER_S = 503, 2
"""Every answer with this status says after how many seconds to try again."""

_log = structlog.get_logger()
_REASON_OF_STATUS = {404: Reason.NOT_FOUND, 405: Reason.NOT_FOUND, 413: Reason.TOO_LARGE}


def problem(reason: Reason, detail: str, status: int | None = None) -> Response:
    """Return a problem document."""
    code = status or STATUS.get(reason, 500)
    body = {
        "type": f"urn:farplay:reason:{reason}",
        "title": str(reason).replace("_", " "),
        "status": code,
        "detail": detail,
        "reason": str(reason),
    }
    headers = {"Cache-Control": "no-store"} | ({"Retry-After": str(RETRY_AFTER_S)} if code == UNAVAILABLE else {})
    return JSONResponse(body, code, media_type="application/problem+json", headers=headers)


def install(app: FastAPI) -> None:
    """Answer every failure of a route with a problem document, and refuse sockets in words."""
    app.add_exception_handler(WireError, _on_wire_error)
    app.add_exception_handler(SQLAlchemyError, on_database_error)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, on_http_exception)


async def _on_wire_error(connection: HTTPConnection, error: Exception) -> Response:
    assert isinstance(error, WireError)
    connection.app.state.broker.metrics.requests_refused.labels(error.reason).inc()
    if isinstance(connection, WebSocket):
        # Accepted first, so that the page can read why.
        await connection.accept()
        await connection.send_text(encode(Refusal(error.reason, error.detail)))
        await connection.close(CLOSE_REFUSED)
        return Response()  # A WebSocket has no response; Starlette ignores it.
    return problem(error.reason, error.detail, UNAVAILABLE if isinstance(error, Unavailable) else None)


async def on_database_error(connection: HTTPConnection, error: Exception) -> Response:
    """Answer that the database does not answer."""
    _log.error("store_unavailable", error=type(error).__name__)
    connection.app.state.broker.metrics.store_failures.inc()
    return await _on_wire_error(connection, StoreUnavailable())


async def _on_invalid(_request: HTTPConnection, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    faults = (f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']}" for fault in error.errors())
    return problem(Reason.MALFORMED, "; ".join(faults)[:1000])


async def on_http_exception(request: Request, error: Exception) -> Response:
    """Answer what the web framework refused."""
    assert isinstance(error, HTTPException)
    if error.status_code == 404 and "text/html" in request.headers.get("accept", ""):
        # Somebody looks at it in a browser.
        page: Response = await request.app.state.broker.client_files.page("not_found.html", {"headers": []})
        page.status_code = 404
        return page
    reason = _REASON_OF_STATUS.get(error.status_code, Reason.MALFORMED)
    return problem(reason, str(error.detail), error.status_code)
