"""What the holder of an invitation link does: look where it leads, and come to the table as a player or a guest."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel

from session_broker.core.invitations import check_stranger
from session_broker.core.sign_in import GUEST_SESSION_TTL_MS
from session_broker.core.table import free_seat
from session_broker.io.broker import Broker
from session_broker.io.clock import monotonic_s, wall_ms
from session_broker.io.cookie import set_browser_cookie
from session_broker.io.forwarded import forwarded_of
from session_broker.io.rights import BrokerDep, Right, known_caller, require
from wire.errors import Reason, WireError
from wire.session_control import InvitationKind, Role

router = APIRouter(prefix="/api/v1/invitations/{code}")

Code = Annotated[str, Path(max_length=64)]


class InvitationSeen(BaseModel):
    """Where a link leads."""

    title_id: str
    title_names: dict[str, str]
    host_name: str | None
    kind: InvitationKind
    free_seat: int | None
    """Seat that the link's holder would take, counted from 0; None if none is free or it is a link to watch."""


class Redemption(BaseModel):
    """How to come to the table."""

    watch: bool = False


class Redeemed(BaseModel):
    """A place at a session's table."""

    session_id: str
    role: Role
    seats: list[int]


@router.get("", dependencies=[require(Right.PUBLIC)])
async def look(code: Code, broker: BrokerDep) -> InvitationSeen:
    """Look where an invitation leads, without using it."""
    _admit(broker)
    session, invitation = broker.runner.coordinator.look_at_invitation(code, wall_ms())
    return InvitationSeen(
        title_id=session.title.title_id,
        title_names=dict(session.title.names),
        host_name=await broker.accounts.display_name(session.player_id),
        kind=invitation.kind,
        free_seat=free_seat(session) if invitation.kind is InvitationKind.SEAT else None,
    )


@router.post("/redemption", dependencies=[require(Right.PUBLIC)])
async def redeem(code: Code, body: Redemption, request: Request, response: Response, broker: BrokerDep) -> Redeemed:
    """Come to the table. Who is not signed in becomes a guest of this session, whose cookie the answer sets."""
    _admit(broker)
    runner = broker.runner
    session, invitation = runner.coordinator.look_at_invitation(code, wall_ms())
    caller, token = await known_caller(request), None
    if caller is not None and caller.is_guest and caller.guest_of != session.session_id:
        caller = None  # A guest of another table is nobody here.
    if caller is None:
        check_stranger(session, invitation, watching=body.watch)
        caller, token = await broker.accounts.make_guest(session.tenant_id, session.session_id)
    who, guest = caller.player_id, caller.is_guest
    session, participant = await runner.run(
        lambda now: runner.coordinator.redeem_invitation(
            code, who, guest=guest, watching=body.watch, now=now, now_ms=wall_ms()
        )
    )
    forwarded = forwarded_of(request)
    if token is not None and forwarded is not None:
        forwarded.signs_in = caller.device_id
    elif token is not None:
        set_browser_cookie(response, request, broker, token, GUEST_SESSION_TTL_MS)
    return Redeemed(session_id=session.session_id, role=participant.role, seats=list(participant.seats))


def _admit(broker: Broker) -> None:
    if not broker.invitation_bucket.take(monotonic_s()):
        raise WireError(Reason.TOO_MANY, "too many invitations are looked at; wait a moment")
