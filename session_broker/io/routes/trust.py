"""How a device comes to trust this machine's own certificates: the page, the authority's certificate, the check.

The same routes answer over plain HTTP on a port of their own, since a device cannot fetch the authority over HTTPS
before it trusts it. What is fetched that way could be swapped on the way; so the page and the terminal both show the
fingerprint, and the authority can vouch for private addresses only.
"""

from __future__ import annotations

import asyncio
import hashlib
import ssl
from pathlib import Path

from fastapi import APIRouter, Request
from pydantic import BaseModel
from starlette.responses import RedirectResponse, Response

from session_broker.core.host_rules import host_name
from session_broker.io.broker import Broker
from session_broker.io.rights import BrokerDep, Right, require
from wire.errors import Reason, WireError

router = APIRouter()

CA_PATH = "/farplay-ca.crt"
_CA_TYPE = "application/x-x509-ca-cert"
"""Phones start their installation at this type."""


class Trust(BaseModel):
    """What the page explains."""

    https_url: str
    sha256: str
    """Fingerprint of the authority's certificate: ``AB:CD:…``."""


@router.get("/trust", dependencies=[require(Right.PUBLIC)], include_in_schema=False)
async def trust_page(broker: BrokerDep, request: Request) -> Response:
    """The page that explains how to trust this machine, system by system."""
    return await broker.client_files.page("trust.html", request.scope)


@router.get("/api/v1/trust", dependencies=[require(Right.PUBLIC)])
async def trust(broker: BrokerDep) -> Trust:
    """Say what is to be trusted."""
    certificate = await _authority(_ca_file(broker))
    assert broker.reach is not None
    return Trust(https_url=broker.reach.https_url, sha256=hashlib.sha256(certificate).digest().hex(":").upper())


@router.get("/api/v1/trust/check", status_code=204, dependencies=[require(Right.PUBLIC)])
async def check() -> Response:
    """Answer the page that asks, from plain HTTP, whether this browser takes the certificate; says nothing else."""
    return Response(status_code=204, headers={"Cross-Origin-Resource-Policy": "cross-origin"})


@router.get(CA_PATH, dependencies=[require(Right.PUBLIC)], include_in_schema=False)
async def authority(broker: BrokerDep) -> Response:
    """The authority's certificate, as DER."""
    return Response(
        await _authority(_ca_file(broker)),
        media_type=_CA_TYPE,
        headers={"Content-Disposition": "attachment; filename=farplay-ca.crt", "Cache-Control": "no-cache"},
    )


elsewhere = APIRouter(include_in_schema=False)
"""What the plain port does with everything else."""


@elsewhere.get("/{path:path}", dependencies=[require(Right.PUBLIC)])
async def to_https(path: str, broker: BrokerDep, request: Request) -> Response:
    """Lead a browser to the real pages, under the name by which it came."""
    assert broker.reach is not None
    port = broker.reach.https_url.rpartition(":")[2]
    query = f"?{request.url.query}" if request.url.query else ""
    return RedirectResponse(f"https://{host_name(request.headers['host'])}:{port}/{path}{query}", 307)


def _ca_file(broker: Broker) -> Path:
    tls = broker.config.tls
    if tls is None or tls.ca_file is None:
        raise WireError(Reason.NOT_FOUND, "this server has no authority of its own that a device would have to trust")
    return tls.ca_file


async def _authority(path: Path) -> bytes:
    return ssl.PEM_cert_to_DER_cert(await asyncio.to_thread(path.read_text))
