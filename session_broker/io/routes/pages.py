"""The pages and the web client's files, as they lie in its folder."""

from __future__ import annotations

from fastapi import APIRouter, Request
from starlette.responses import RedirectResponse, Response

from session_broker.core.host_rules import must_ask
from session_broker.io.rights import BrokerDep, Right, require

router = APIRouter(include_in_schema=False)
files = APIRouter(include_in_schema=False)
"""Only what pages load."""


@router.get("/", dependencies=[require(Right.PUBLIC)])
async def home(broker: BrokerDep, request: Request) -> Response:
    """The home page."""
    return await broker.client_files.page("index.html", request.scope)


@router.get("/play/{title_id}", dependencies=[require(Right.PUBLIC)])
async def play(title_id: str, broker: BrokerDep, request: Request) -> Response:
    """The play page. Opened from another site, it must ask before it takes a slot."""
    if must_ask(request.headers.get("sec-fetch-site"), request.query_params.get("ask") == "1"):
        url = request.url.include_query_params(ask="1")
        return RedirectResponse(f"{url.path}?{url.query}", 303, {"Cache-Control": "no-store"})
    return await broker.client_files.page("play.html", request.scope)


@router.get("/session/{session_id}", dependencies=[require(Right.PUBLIC)])
async def session(session_id: str, broker: BrokerDep, request: Request) -> Response:
    """The play page of a session."""
    return await broker.client_files.page("play.html", request.scope)


@router.get("/watch/{session_id}", dependencies=[require(Right.PUBLIC)])
async def watch(session_id: str, broker: BrokerDep, request: Request) -> Response:
    """The play page of a session for a spectator."""
    return await broker.client_files.page("play.html", request.scope)


@router.get("/join/{code}", dependencies=[require(Right.PUBLIC)])
async def join(code: str, broker: BrokerDep, request: Request) -> Response:
    """The page behind an invitation link, which asks before anything is taken."""
    return await broker.client_files.page("join.html", request.scope)


@router.get("/devices", dependencies=[require(Right.PUBLIC)])
async def devices(broker: BrokerDep, request: Request) -> Response:
    """The page of the player's devices."""
    return await broker.client_files.page("devices.html", request.scope)


@router.get("/operator", dependencies=[require(Right.PUBLIC)])
async def operator(broker: BrokerDep, request: Request) -> Response:
    """The operator's page; what it shows comes from routes that only an operator may use."""
    return await broker.client_files.page("operator.html", request.scope)


@router.get("/check", dependencies=[require(Right.PUBLIC)])
async def check(broker: BrokerDep, request: Request) -> Response:
    """The page that tries every leg of the way to a game."""
    return await broker.client_files.page("check.html", request.scope)


@router.get("/manifest.webmanifest", dependencies=[require(Right.PUBLIC)])
async def manifest(broker: BrokerDep, request: Request) -> Response:
    """What a browser installs."""
    return await broker.client_files.file("manifest.webmanifest", request.scope)


@router.get("/service_worker.js", dependencies=[require(Right.PUBLIC)])
async def service_worker(broker: BrokerDep, request: Request) -> Response:
    """The service worker, which governs the folder that it lies in: here, all pages."""
    return await broker.client_files.file("service_worker.js", request.scope)


@files.get("/static/{path:path}", dependencies=[require(Right.PUBLIC)])
async def static(path: str, broker: BrokerDep, request: Request) -> Response:
    """A file of the web client."""
    return await broker.client_files.file(path, request.scope)


router.routes.extend(files.routes)
