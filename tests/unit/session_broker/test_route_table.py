"""Every route declares the right that it needs, and FastAPI really asks for it."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute, APIWebSocketRoute

from session_broker.io.app import create_app, create_trust_app
from session_broker.io.broker import open_broker
from session_broker.io.rights import Requires, Right
from tests.support.live_broker import broker_config

EXPECTED = {
    "/healthz": Right.PUBLIC,
    "/readyz": Right.PUBLIC,
    "/metrics": Right.METRICS,
    "/api/v1/openapi.json": Right.PUBLIC,
    "/api/v1/sign-in/link": Right.PUBLIC,
    "/api/v1/sign-out": Right.GUEST,
    "/api/v1/me": Right.GUEST,
    "/api/v1/devices": Right.SIGNED_IN,
    "/api/v1/devices/{device_id}": Right.SIGNED_IN,
    "/api/v1/device-links": Right.SIGNED_IN,
    "/api/v1/device-links/{link_id}": Right.SIGNED_IN,
    "/api/v1/trust": Right.PUBLIC,
    "/api/v1/trust/check": Right.PUBLIC,
    "/api/v1/titles": Right.SIGNED_IN,
    "/api/v1/titles/{title_id}/artwork": Right.SIGNED_IN,
    "PUT /api/v1/archives/{sha256}": Right.DEVELOPER,
    "GET /api/v1/archives/{sha256}": Right.NODE_KEY,
    "/api/v1/runtimes/{sha256}": Right.DEVELOPER,
    "/api/v1/archives/{sha256}/approval": Right.OPERATOR,
    "/api/v1/archives/{sha256}/block": Right.OPERATOR,
    "/api/v1/releases": Right.DEVELOPER,
    "/api/v1/releases/{title_id}/reports": Right.DEVELOPER,
    "/api/v1/releases/{title_id}/channels/{channel}": Right.DEVELOPER,
    "/api/v1/releases/{title_id}/{version}/withdrawal": Right.DEVELOPER,
    "/api/v1/title-checks": Right.DEVELOPER,
    "/api/v1/title-checks/{check_id}": Right.DEVELOPER,
    "GET /api/v1/title-checks/{check_id}/screenshots/{step}": Right.DEVELOPER,
    "PUT /api/v1/title-checks/{check_id}/screenshots/{step}": Right.NODE_KEY,
    "/api/v1/title-checks/{check_id}/result": Right.NODE_KEY,
    "/api/v1/operator/enrolments": Right.OPERATOR,
    "/api/v1/sessions": Right.SIGNED_IN,
    "GET /api/v1/sessions/{session_id}": Right.SESSION_PARTICIPANT,
    "DELETE /api/v1/sessions/{session_id}": Right.SESSION_OWNER,
    "/api/v1/sessions/{session_id}/first-picture": Right.SESSION_OWNER,
    "/api/v1/sessions/{session_id}/title": Right.SESSION_PARTICIPANT,
    "/api/v1/sessions/{session_id}/socket": Right.SESSION_PARTICIPANT,
    "/api/v1/sessions/{session_id}/invitations": Right.SESSION_OWNER,
    "/api/v1/sessions/{session_id}/invitations/{invitation_id}": Right.SESSION_OWNER,
    "/api/v1/sessions/{session_id}/seats/{seat}": Right.SESSION_OWNER,
    "/api/v1/sessions/{session_id}/participants/{participant_id}": Right.SESSION_OWNER,
    "/api/v1/invitations/{code}": Right.PUBLIC,
    "/api/v1/invitations/{code}/redemption": Right.PUBLIC,
    "/api/v1/nodes/socket": Right.NODE,
    "/api/v1/check": Right.GUEST,
    "/api/v1/regions": Right.GUEST,
    "/api/v1/check/socket": Right.GUEST,
    "/api/v1/operator/overview": Right.OPERATOR,
    "/api/v1/operator/sessions/{session_id}": Right.OPERATOR,
    "/api/v1/operator/sessions/{session_id}/priority": Right.OPERATOR,
    "/api/v1/operator/queue": Right.OPERATOR,
    "/api/v1/operator/pools": Right.OPERATOR,
    "/api/v1/operator/ledger": Right.OPERATOR,
    "/api/v1/operator/nodes/{node_id}/drain": Right.OPERATOR,
    "/api/v1/operator/nodes/{node_id}/upgrade": Right.OPERATOR,
    "/": Right.PUBLIC,
    "/play/{title_id}": Right.PUBLIC,
    "/session/{session_id}": Right.PUBLIC,
    "/watch/{session_id}": Right.PUBLIC,
    "/devices": Right.PUBLIC,
    "/trust": Right.PUBLIC,
    "/farplay-ca.crt": Right.PUBLIC,
    "/manifest.webmanifest": Right.PUBLIC,
    "/service_worker.js": Right.PUBLIC,
    "/operator": Right.PUBLIC,
    "/check": Right.PUBLIC,
    "/join/{code}": Right.PUBLIC,
    "/static/{path:path}": Right.PUBLIC,
}
"""By path, or by method and path where the methods of a path differ."""


PLAIN = {"/trust", "/api/v1/trust", "/api/v1/trust/check", "/farplay-ca.crt", "/static/{path:path}", "/{path:path}"}
"""What the plain port on the network answers; nothing there signs in, plays or tells of anybody."""


def declared(app: FastAPI) -> dict[str, Right]:
    found: dict[str, Right] = {}
    for route in app.routes:
        assert isinstance(route, APIRoute | APIWebSocketRoute), f"{route} cannot declare a right"
        rights = [d.call.right for d in route.dependant.dependencies if isinstance(d.call, Requires)]
        assert len(rights) == 1, f"{route.path} declares {rights}"
        for method in getattr(route, "methods", {"WEBSOCKET"}):
            named = f"{method} {route.path}"
            assert found.setdefault(named if named in EXPECTED else route.path, rights[0]) is rights[0]
    return found


async def test_every_route_declares_its_right(tmp_path: Path) -> None:
    async with open_broker(broker_config(tmp_path), 8080) as broker:
        assert declared(create_app(broker)) == EXPECTED
        plain = create_trust_app(broker)
        assert declared(plain) == dict.fromkeys(PLAIN, Right.PUBLIC)
        assert all(isinstance(route, APIRoute) and route.methods == {"GET"} for route in plain.routes)


@pytest.mark.parametrize("right", list(Right))
def test_no_right_is_left_without_a_route(right: Right) -> None:
    assert right in EXPECTED.values()
