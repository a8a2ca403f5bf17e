"""What orchestrators and operators ask: alive, ready, numbers, the API's description."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import APIRouter, Request
from prometheus_client import CONTENT_TYPE_LATEST
from sqlalchemy.exc import SQLAlchemyError
from starlette.responses import Response

from session_broker.io.problems import problem
from session_broker.io.rights import BrokerDep, Right, require
from wire.errors import Reason

router = APIRouter()


@router.get("/healthz", dependencies=[require(Right.PUBLIC)])
async def healthz(response: Response) -> dict[str, str]:
    """The process answers; also to pages of brokers elsewhere, which measure how far this one is."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    return {"status": "ok"}


@router.get("/readyz", dependencies=[require(Right.PUBLIC)])
async def readyz(broker: BrokerDep) -> Any:
    """The database answers, so sessions can be made."""
    try:
        async with asyncio.timeout(2.0):
            await broker.store.ping()
    except (SQLAlchemyError, OSError):
        return problem(Reason.INTERNAL, "the database does not answer", 503)
    return {"status": "ok"}


@router.get("/metrics", dependencies=[require(Right.METRICS)])
async def metrics(broker: BrokerDep) -> Response:
    """Counters and gauges in Prometheus' text format."""
    return Response(broker.metrics.render(), media_type=CONTENT_TYPE_LATEST)


@router.get("/api/v1/openapi.json", dependencies=[require(Right.PUBLIC)])
async def openapi(request: Request) -> dict[str, Any]:
    """The description of this API."""
    description: dict[str, Any] = request.app.openapi()
    return description
