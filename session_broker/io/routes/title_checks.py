"""Checks of publishers' titles on nodes: asked for, looked at, and what nodes bring of them."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from session_broker.io.check_rows import CheckRow
from session_broker.io.rights import BrokerDep, CallerDep, Right, node_of, require
from wire.schema import decode
from wire.title_release import RELEASES, ROTATIONS, ROTATIONS_MAX

router = APIRouter(prefix="/api/v1/title-checks")


class Wish(BaseModel):
    """A signed release, whose archive was uploaded before."""

    release: str = Field(max_length=4096)
    """The text of the archive's ``.sig`` file."""
    rotations: list[str] = Field(default=[], max_length=ROTATIONS_MAX)
    """Changes of key, oldest first, if the title is bound to an earlier one."""


class CheckView(BaseModel):
    """A check; it is kept for a week after its end."""

    check_id: str
    title_id: str
    version: str
    state: str
    """``queued``, ``running``, ``done``, ``failed`` or ``cancelled``."""
    place: int | None
    """Among the checks that wait, 1 is next."""
    reason: str | None
    """Why it waits, or could not be run."""
    detail: str
    node_id: str | None
    report: str | None
    """The text of the report, once it is done: a ``check_report`` of ``wire.title_check``."""
    screenshots: list[str]
    """Steps of which there are pictures."""


@router.post("", status_code=201, dependencies=[require(Right.DEVELOPER)])
async def ask(body: Wish, broker: BrokerDep, caller: CallerDep) -> CheckView:
    """Ask for a check; asking again while it waits or runs returns the same one."""
    rotations = [decode(each, ROTATIONS) for each in body.rotations]
    row = await broker.title_checks.ask(caller, decode(body.release, RELEASES), rotations)
    return _view(row, None)


@router.get("/{check_id}", dependencies=[require(Right.DEVELOPER)])
async def look(check_id: str, broker: BrokerDep, caller: CallerDep) -> CheckView:
    """Tell how a check of one's own stands, with its report once it is done."""
    return _view(*await broker.title_checks.of(caller, check_id))


@router.delete("/{check_id}", status_code=204, dependencies=[require(Right.DEVELOPER)])
async def cancel(check_id: str, broker: BrokerDep, caller: CallerDep) -> Response:
    """End a check of one's own."""
    await broker.title_checks.cancel(caller, check_id)
    return Response(status_code=204)


@router.get(
    "/{check_id}/screenshots/{step}",
    dependencies=[require(Right.DEVELOPER)],
    response_class=Response,
    responses={200: {"content": {"image/png": {}}}},
)
async def screenshot(check_id: str, step: str, broker: BrokerDep, caller: CallerDep) -> Response:
    """Give the picture of a step."""
    return Response(await broker.title_checks.screenshot(caller, check_id, step), media_type="image/png")


@router.put("/{check_id}/screenshots/{step}", status_code=204, dependencies=[require(Right.NODE_KEY)])
async def take_screenshot(check_id: str, step: str, request: Request, broker: BrokerDep) -> Response:
    """Take a picture from the node that runs the check."""
    await broker.title_checks.take_screenshot(node_of(request), check_id, step, request.stream())
    return Response(status_code=204)


@router.put("/{check_id}/result", status_code=204, dependencies=[require(Right.NODE_KEY)])
async def take_result(check_id: str, request: Request, broker: BrokerDep) -> Response:
    """Take the report from the node that has run the check, or why it could not."""
    await broker.title_checks.take_result(node_of(request), check_id, request.stream())
    return Response(status_code=204)


def _view(row: CheckRow, place: int | None) -> CheckView:
    return CheckView(
        check_id=row.check_id,
        title_id=row.release.title_id,
        version=row.release.version,
        state=row.state,
        place=place,
        reason=row.reason,
        detail=row.detail,
        node_id=row.node_id,
        report=row.report,
        screenshots=sorted(row.screenshots),
    )
