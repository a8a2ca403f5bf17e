"""Signing in with a link, signing out, and who I am."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from session_broker.core.device_label import label_of
from session_broker.core.sign_in import BROWSER_SESSION_TTL_MS
from session_broker.io.clock import monotonic_s
from session_broker.io.cookie import cookie_name, drop_browser_cookie, set_browser_cookie
from session_broker.io.rights import BrokerDep, CallerDep, Right, require
from session_broker.io.tab_socket import put_out
from wire.errors import Reason, WireError

router = APIRouter(prefix="/api/v1")


class LinkToken(BaseModel):
    """The token from the fragment of a sign-in link."""

    token: str = Field(min_length=1, max_length=128)


class Me(BaseModel):
    """The signed-in player."""

    player_id: str
    roles: list[str]
    guest_of: str | None
    """The only session of a guest."""


@router.post("/sign-in/link", status_code=204, dependencies=[require(Right.PUBLIC)])
async def redeem_link(body: LinkToken, request: Request, broker: BrokerDep) -> Response:
    """Use up a sign-in link; the answer's cookie is the browser's session."""
    if not broker.sign_in_bucket.take(monotonic_s()):
        raise WireError(Reason.TOO_MANY, "too many sign-ins at once; wait a moment")
    try:
        label = label_of(request.headers.get("user-agent", ""))
        token = await broker.accounts.redeem_link(body.token, label)
    except WireError as error:
        broker.metrics.sign_ins.labels(error.reason).inc()
        raise
    broker.metrics.sign_ins.labels("ok").inc()
    earlier = request.cookies.get(cookie_name(request, broker))
    if earlier is not None:
        # This browser was signed in already; it is one device in the list, not two.
        await broker.accounts.sign_out(earlier)
    response = Response(status_code=204)
    set_browser_cookie(response, request, broker, token, BROWSER_SESSION_TTL_MS)
    return response


@router.post("/sign-out", status_code=204, dependencies=[require(Right.GUEST)])
async def sign_out(request: Request, broker: BrokerDep, caller: CallerDep) -> Response:
    """End this browser's session."""
    await broker.accounts.sign_out(request.cookies[cookie_name(request, broker)])
    await put_out(broker, caller.device_id)
    response = Response(status_code=204)
    drop_browser_cookie(response, request, broker)
    return response


@router.get("/me", dependencies=[require(Right.GUEST)])
async def me(caller: CallerDep) -> Me:
    """Who is signed in."""
    return Me(player_id=caller.player_id, roles=list(caller.roles), guest_of=caller.guest_of)
