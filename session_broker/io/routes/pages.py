"""The pages and the web client's files, as they lie in its folder."""

from __future__ import annotations

import mimetypes

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response
from starlette.staticfiles import StaticFiles

from session_broker.core.host_rules import must_ask
from session_broker.io.broker import Broker
from session_broker.io.rights import BrokerDep, Right, require

router = APIRouter(include_in_schema=False)
files = APIRouter(include_in_schema=False)
"""Only what pages load."""

_TYPES = {
    ".css": "text/css",
    ".html": "text/html",
    ".js": "text/javascript",
    ".json": "application/json",
    ".mjs": "text/javascript",
    ".svg": "image/svg+xml",
    ".webmanifest": "application/manifest+json",
}
for _suffix, _type in _TYPES.items():
    # A machine's own table may differ, and with nosniff a module of another type does not run.
    mimetypes.add_type(_type, _suffix)


async def page(broker: Broker, request: Request, path: str) -> Response:
    """Return a file of the web client, which browsers keep but ask about each time."""
    files = StaticFiles(directory=broker.static_dir)
    response = await files.get_response(path, request.scope)
    response.headers["Cache-Control"] = "no-cache"
    return response


@router.get("/", dependencies=[require(Right.PUBLIC)])
async def home(broker: BrokerDep, request: Request) -> Response:
    """The home page."""
    return await page(broker, request, "index.html")


@router.get("/play/{title_id}", dependencies=[require(Right.PUBLIC)])
async def play(title_id: str, broker: BrokerDep, request: Request) -> Response:
    """The play page. Opened from another site, it must ask before it takes a slot."""
    if must_ask(request.headers.get("sec-fetch-site"), request.query_params.get("ask") == "1"):
        url = request.url.include_query_params(ask="1")
        return RedirectResponse(f"{url.path}?{url.query}", 303, {"Cache-Control": "no-store"})
    return await page(broker, request, "play.html")


@router.get("/session/{session_id}", dependencies=[require(Right.PUBLIC)])
async def session(session_id: str, broker: BrokerDep, request: Request) -> Response:
    """The play page of a session."""
    return await page(broker, request, "play.html")


@router.get("/watch/{session_id}", dependencies=[require(Right.PUBLIC)])
async def watch(session_id: str, broker: BrokerDep, request: Request) -> Response:
    """The play page of a session for a spectator."""
    return await page(broker, request, "play.html")


@router.get("/join/{code}", dependencies=[require(Right.PUBLIC)])
async def join(code: str, broker: BrokerDep, request: Request) -> Response:
    """The page behind an invitation link, which asks before anything is taken."""
    return await page(broker, request, "join.html")


@router.get("/devices", dependencies=[require(Right.PUBLIC)])
async def devices(broker: BrokerDep, request: Request) -> Response:
    """The page of the player's devices."""
    return await page(broker, request, "devices.html")


@router.get("/operator", dependencies=[require(Right.PUBLIC)])
async def operator(broker: BrokerDep, request: Request) -> Response:
    """The operator's page; what it shows comes from routes that only an operator may use."""
    return await page(broker, request, "operator.html")


@router.get("/check", dependencies=[require(Right.PUBLIC)])
async def check(broker: BrokerDep, request: Request) -> Response:
    """The page that tries every leg of the way to a game."""
    return await page(broker, request, "check.html")


@router.get("/manifest.webmanifest", dependencies=[require(Right.PUBLIC)])
async def manifest(broker: BrokerDep, request: Request) -> Response:
    """What a browser installs."""
    return await page(broker, request, "manifest.webmanifest")


@router.get("/service_worker.js", dependencies=[require(Right.PUBLIC)])
async def service_worker(broker: BrokerDep, request: Request) -> Response:
    """The service worker, which governs the folder that it lies in: here, all pages."""
    return await page(broker, request, "service_worker.js")


@files.get("/static/{path:path}", dependencies=[require(Right.PUBLIC)])
async def static(path: str, broker: BrokerDep, request: Request) -> Response:
    """A file of the web client."""
    return await page(broker, request, path)


router.routes.extend(files.routes)
