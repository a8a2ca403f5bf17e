"""Publishing titles: archives by digest, signed releases, what is offered, withdrawn, approved and blocked."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from session_broker.core.sign_in import Caller
from session_broker.io.broker import Broker
from session_broker.io.releases import PublishedVersion
from session_broker.io.rights import BrokerDep, CallerDep, Right, require
from wire.schema import decode
from wire.title_release import RELEASES, ROTATIONS, ROTATIONS_MAX, Channel

router = APIRouter(prefix="/api/v1")


class Publication(BaseModel):
    """A signed release, whose archive was uploaded before."""

    release: str = Field(max_length=4096)
    """The text of the archive's ``.sig`` file."""
    rotations: list[str] = Field(default=[], max_length=ROTATIONS_MAX)
    """Changes of key, oldest first, if the title is bound to an earlier one."""
    channel: Channel = Channel.STABLE
    """Whom it is offered to from now on."""


class Version(BaseModel):
    """Which version a channel offers."""

    version: str = Field(max_length=64)


class ReleaseView(BaseModel):
    """A published version; times in milliseconds since 1970."""

    title_id: str
    version: str
    archive_sha256: str
    archive_bytes: int
    key: str
    published_at_ms: int
    approved: bool
    withdrawn: bool
    blocked: bool
    channels: list[Channel]
    """Channels that offer it now."""
    violations: int
    """Sessions whose title broke the sandbox's rules since the version was approved."""


class RuntimeView(BaseModel):
    """A runtime."""

    name: str
    version: str
    archive_bytes: int


class Releases(BaseModel):
    """Published versions, newest first."""

    releases: list[ReleaseView]


@router.put("/archives/{sha256}", status_code=204, dependencies=[require(Right.DEVELOPER)])
async def upload(sha256: str, request: Request, broker: BrokerDep) -> Response:
    """Take an archive by its digest; one that is here already is taken again."""
    await broker.publishing.take_archive(sha256, request.stream())
    return Response(status_code=204)


@router.get("/archives/{sha256}", dependencies=[require(Right.NODE_KEY)], response_class=StreamingResponse)
async def download(sha256: str, broker: BrokerDep) -> StreamingResponse:
    """Give an archive to a node."""
    return StreamingResponse(await broker.publishing.stream(sha256), media_type="application/zip")


@router.get("/runtimes/{sha256}", dependencies=[require(Right.DEVELOPER)])
async def runtime(sha256: str, broker: BrokerDep) -> RuntimeView:
    """Say what a runtime is whose archive is here, so that it need not be sent again."""
    manifest, archive_bytes = await broker.publishing.runtime(sha256)
    return RuntimeView(name=manifest.name, version=manifest.version, archive_bytes=archive_bytes)


@router.post("/archives/{sha256}/approval", status_code=204, dependencies=[require(Right.OPERATOR)])
async def approve(sha256: str, broker: BrokerDep) -> Response:
    """Let players be offered a version."""
    await broker.publishing.approve(sha256)
    return Response(status_code=204)


@router.post("/archives/{sha256}/block", status_code=204, dependencies=[require(Right.OPERATOR)])
async def block(sha256: str, broker: BrokerDep) -> Response:
    """Let nobody start a version; sessions that run it end."""
    await broker.publishing.block(sha256)
    return Response(status_code=204)


@router.post("/releases", status_code=201, dependencies=[require(Right.DEVELOPER)])
async def publish(body: Publication, broker: BrokerDep, caller: CallerDep) -> ReleaseView:
    """Publish a version, and offer it from now on."""
    release = decode(body.release, RELEASES)
    rotations = [decode(each, ROTATIONS) for each in body.rotations]
    await broker.publishing.publish(caller, release, rotations, body.channel)
    versions = await broker.releases.versions(caller.tenant_id, release.title_id)
    return next(_view(each) for each in versions if each.release.version == release.version)


@router.get("/releases", dependencies=[require(Right.DEVELOPER)])
async def releases(broker: BrokerDep, caller: CallerDep, title_id: str | None = None) -> Releases:
    """List one's own published versions; an operator sees everybody's."""
    versions = await broker.releases.versions(caller.tenant_id, title_id)
    return Releases(releases=[_view(each) for each in versions if await _may_see(broker, caller, each)])


@router.put("/releases/{title_id}/channels/{channel}", status_code=204, dependencies=[require(Right.DEVELOPER)])
async def offer(title_id: str, channel: Channel, body: Version, broker: BrokerDep, caller: CallerDep) -> Response:
    """Let a channel offer another published version, such as the one before."""
    await broker.publishing.offer(caller, title_id, body.version, channel)
    return Response(status_code=204)


@router.post("/releases/{title_id}/{version}/withdrawal", status_code=204, dependencies=[require(Right.DEVELOPER)])
async def withdraw(title_id: str, version: str, broker: BrokerDep, caller: CallerDep) -> Response:
    """Offer a version no more; sessions that run it go on."""
    await broker.publishing.withdraw(caller, title_id, version)
    return Response(status_code=204)


async def _may_see(broker: Broker, caller: Caller, version: PublishedVersion) -> bool:
    owner = await broker.releases.publisher_of(caller.tenant_id, version.release.title_id)
    return caller.is_operator or owner == caller.player_id


def _view(version: PublishedVersion) -> ReleaseView:
    release = version.release
    return ReleaseView(
        title_id=release.title_id,
        version=release.version,
        archive_sha256=release.archive_sha256,
        archive_bytes=release.archive_bytes,
        key=release.key,
        published_at_ms=version.published_at_ms,
        approved=version.approved_at_ms is not None,
        withdrawn=version.withdrawn_at_ms is not None,
        blocked=version.blocked,
        channels=list(version.channels),
        violations=version.violations,
    )
