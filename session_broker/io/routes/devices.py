"""A player's devices: list them, sign one out, make a link that adds one."""

from __future__ import annotations

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel

from session_broker.core.reach import base_for_devices
from session_broker.core.sign_in import DEVICE_LINK_TTL_MS
from session_broker.core.tickets import digest
from session_broker.io.cookie import drop_browser_cookie
from session_broker.io.link_code import Code, base_of, code_of
from session_broker.io.rights import BrokerDep, CallerDep, Right, require
from session_broker.io.tab_socket import put_out
from wire.errors import Reason, WireError

router = APIRouter(prefix="/api/v1")

LinkId = Path(pattern="^[0-9a-f]{64}$")


class DeviceView(BaseModel):
    """A signed-in browser."""

    device_id: str
    browser: str
    system: str
    seen_s_ago: int
    current: bool


class DeviceViews(BaseModel):
    """The player's devices, and whether another one can be added."""

    devices: list[DeviceView]
    reachable: bool
    trust: Code | None
    """Where a new device learns to trust this server; null where it need not."""


class DeviceLink(BaseModel):
    """A link that signs one more device in, once."""

    link_id: str
    url: str
    qr: list[str]
    expires_in_s: int


class DeviceLinkState(BaseModel):
    """What became of a link."""

    state: str


@router.get("/devices", dependencies=[require(Right.SIGNED_IN)])
async def list_devices(request: Request, broker: BrokerDep, caller: CallerDep) -> DeviceViews:
    """List my signed-in devices."""
    devices = await broker.devices.of_player(caller.player_id)
    host, reach = request.headers["host"], broker.reach
    trust_url = reach.trust_url if reach is not None else None
    return DeviceViews(
        devices=[
            DeviceView(
                device_id=each.device_id,
                browser=each.browser,
                system=each.system,
                seen_s_ago=each.seen_ms_ago // 1000,
                current=each.device_id == caller.device_id,
            )
            for each in devices
        ],
        # A page elsewhere than on this machine shows by being there that other devices get here.
        reachable=base_for_devices(f"https://{host}", host, reach) is not None,
        trust=code_of(trust_url) if trust_url is not None else None,
    )


@router.delete("/devices/{device_id}", status_code=204, dependencies=[require(Right.SIGNED_IN)])
async def sign_out_device(device_id: str, request: Request, broker: BrokerDep, caller: CallerDep) -> Response:
    """Sign one of my devices out; what it plays stops at once."""
    await broker.devices.sign_out(caller.player_id, device_id)
    await put_out(broker, device_id)
    response = Response(status_code=204)
    if device_id == caller.device_id:
        drop_browser_cookie(response, request, broker)
    return response


@router.post("/device-links", status_code=201, dependencies=[require(Right.SIGNED_IN)])
async def make_device_link(request: Request, broker: BrokerDep, caller: CallerDep) -> DeviceLink:
    """Make a link that signs one more device in."""
    base = base_of(request, broker)
    if base is None:
        raise WireError(Reason.BAD_STATE, "only this machine reaches this server; start it with: farplay up --lan")
    await broker.devices.check_room(caller)
    token = await broker.accounts.mint_link(caller, DEVICE_LINK_TTL_MS)
    code = code_of(f"{base}/#owner={token}")
    expires_in_s = DEVICE_LINK_TTL_MS // 1000
    return DeviceLink(link_id=digest(token), url=code.text, qr=code.qr, expires_in_s=expires_in_s)


@router.get("/device-links/{link_id}", dependencies=[require(Right.SIGNED_IN)])
async def device_link_state(broker: BrokerDep, caller: CallerDep, link_id: str = LinkId) -> DeviceLinkState:
    """Tell what became of a link of mine."""
    return DeviceLinkState(state=await broker.devices.link_state(caller.player_id, link_id))


@router.delete("/device-links/{link_id}", status_code=204, dependencies=[require(Right.SIGNED_IN)])
async def withdraw_device_link(broker: BrokerDep, caller: CallerDep, link_id: str = LinkId) -> Response:
    """Take back a link of mine that nobody used."""
    await broker.devices.withdraw_link(caller.player_id, link_id)
    return Response(status_code=204)
