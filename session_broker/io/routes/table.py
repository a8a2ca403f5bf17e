"""What a host does with the table: invite, revoke, hand a seat over, send somebody away."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel, Field

from session_broker.core.records import Invitation
from session_broker.io.clock import wall_ms
from session_broker.io.link_code import Code, base_of, code_of
from session_broker.io.rights import BrokerDep, Right, require
from wire.limits import SEATS_MAX
from wire.session_control import InvitationKind

router = APIRouter(prefix="/api/v1/sessions/{session_id}")

Seat = Annotated[int, Path(ge=0, lt=SEATS_MAX)]


class NewInvitation(BaseModel):
    """What the link shall let its holder do."""

    kind: InvitationKind


class InvitationView(BaseModel):
    """A link that holds, without its code, which only the answer to its making shows."""

    invitation_id: str
    kind: InvitationKind
    expires_in_s: int
    used: bool


class InvitationMade(InvitationView):
    """A new link."""

    path: str
    """Of the page behind the link, on this server."""
    code: Code | None
    """The whole link as other devices open it; null where none gets here."""


class Invitations(BaseModel):
    """The links of a session that hold, oldest first."""

    invitations: list[InvitationView]


class SeatReceiver(BaseModel):
    """Who shall play on a seat."""

    participant_id: str = Field(min_length=1, max_length=40)


@router.post("/invitations", status_code=201, dependencies=[require(Right.SESSION_OWNER)])
async def invite(session_id: str, body: NewInvitation, request: Request, broker: BrokerDep) -> InvitationMade:
    """Make an invitation link to my session's table."""
    runner = broker.runner
    made, code = await runner.run(lambda now: runner.coordinator.invite(session_id, body.kind, now, wall_ms()))
    path, base = f"/join/{code}", base_of(request, broker)
    return InvitationMade(**dict(_view(made)), path=path, code=None if base is None else code_of(base + path))


@router.get("/invitations", dependencies=[require(Right.SESSION_OWNER)])
async def list_invitations(session_id: str, broker: BrokerDep) -> Invitations:
    """List the links to my session's table that hold."""
    held = broker.runner.coordinator.invitations_of(session_id, wall_ms())
    return Invitations(invitations=[_view(each) for each in held])


@router.delete("/invitations/{invitation_id}", status_code=204, dependencies=[require(Right.SESSION_OWNER)])
async def revoke(session_id: str, invitation_id: str, broker: BrokerDep) -> Response:
    """Make a link void; whom it let in stays."""
    runner = broker.runner
    await runner.run(lambda _now: runner.coordinator.revoke_invitation(session_id, invitation_id))
    return Response(status_code=204)


@router.put("/seats/{seat}", status_code=204, dependencies=[require(Right.SESSION_OWNER)])
async def hand_over(session_id: str, seat: Seat, body: SeatReceiver, broker: BrokerDep) -> Response:
    """Give a seat to somebody at my table, or take it back."""
    runner = broker.runner
    await runner.run(lambda now: runner.coordinator.hand_over(session_id, seat, body.participant_id, now))
    return Response(status_code=204)


@router.delete("/participants/{participant_id}", status_code=204, dependencies=[require(Right.SESSION_OWNER)])
async def send_away(session_id: str, participant_id: str, broker: BrokerDep) -> Response:
    """Send somebody away from my table for good."""
    runner = broker.runner
    await runner.run(lambda now: runner.coordinator.send_away(session_id, participant_id, now))
    return Response(status_code=204)


def _view(invitation: Invitation) -> InvitationView:
    return InvitationView(
        invitation_id=invitation.invitation_id,
        kind=invitation.kind,
        expires_in_s=max(0, invitation.expires_at_ms - wall_ms()) // 1000,
        used=invitation.used_by is not None,
    )
