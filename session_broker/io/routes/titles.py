"""The catalogue: what can be played, whether it could start now, and where the player left off."""

from __future__ import annotations

import hashlib
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from session_broker.core.availability import Availability
from session_broker.io.broker import Broker
from session_broker.io.clock import wall_ms
from session_broker.io.rights import BrokerDep, CallerDep, Right, require
from session_broker.io.store import StoredSession
from wire.session_control import SessionState
from wire.title_manifest import TitleManifest

router = APIRouter(prefix="/api/v1")

ARTWORK_CACHE = "private, max-age=300, must-revalidate"
"""A browser may show artwork for five minutes before it asks whether it is still the same."""


class Picture(BaseModel):
    """What the title draws."""

    width: int
    height: int
    fps: int


class Players(BaseModel):
    """Seats at the title's table."""

    min: int
    max: int


class ControlLine(BaseModel):
    """A line of the legend of controls; texts by language."""

    action: dict[str, str]
    by_device: dict[str, dict[str, str]]


class Touch(BaseModel):
    """What fingers are on a touch screen."""

    mode: str
    controls: list[str]


class NeedsView(BaseModel):
    """What the title needs, and whether a ready node has it; null if no node is ready."""

    memory_mib: int
    memory_met: bool | None
    gpu: bool
    gpu_met: bool | None


class AvailabilityView(BaseModel):
    """Whether the title could start now, else why not."""

    can_start: bool
    reason: str | None


class LiveSession(BaseModel):
    """The player's session of this title that can be gone on with."""

    session_id: str
    state: str


class PlayedTitle(BaseModel):
    """What whoever takes part in a session learns of its title: its name, and how it is played."""

    id: str
    names: dict[str, str]
    devices: list[str]
    controls: list[ControlLine]
    touch: Touch


class Title(PlayedTitle):
    """A title of the catalogue, as one player sees it."""

    version: str
    kind: str
    summary: dict[str, str]
    artwork_url: str | None
    picture: Picture
    players: Players
    needs: NeedsView
    availability: AvailabilityView
    session: LiveSession | None
    last_played_ms: int | None
    """Milliseconds since 1970; null if it was never played."""


class Titles(BaseModel):
    """All titles."""

    titles: list[Title]
    now_ms: int
    """The server's clock, to count from: a player's own may be wrong."""


@router.get("/titles", dependencies=[require(Right.SIGNED_IN)])
async def titles(broker: BrokerDep, caller: CallerDep) -> Titles:
    """List what can be played here."""
    coordinator = broker.runner.coordinator
    played = await broker.store.last_played(caller.player_id)
    known = [s for s in await broker.store.live_sessions_of(caller.player_id) if s.state is not SessionState.ENDING]
    live = {s.title_id: s for s in known}
    manifests = broker.catalogue.manifests()
    return Titles(
        titles=[_view(m, coordinator.availability(m.id), live.get(m.id), played.get(m.id)) for m in manifests],
        now_ms=wall_ms(),
    )


@router.get(
    "/titles/{title_id}/artwork",
    dependencies=[require(Right.SIGNED_IN)],
    response_class=Response,
    responses={200: {"content": {"image/png": {}, "image/jpeg": {}, "image/webp": {}}}},
)
async def artwork(title_id: str, request: Request, broker: BrokerDep) -> Response:
    """The picture of a title for the library."""
    content, media_type = await broker.catalogue.artwork(title_id)
    headers = {"ETag": f'"{hashlib.sha256(content).hexdigest()[:32]}"', "Cache-Control": ARTWORK_CACHE}
    if headers["ETag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(content, media_type=media_type, headers=headers)


def played_title(broker: Broker, title_id: str) -> PlayedTitle:
    """Return how a title is played.

    Raises:
        WireError: ``unknown_title`` if it is not in the catalogue, or no more.
    """
    return _played(broker.catalogue.manifest(title_id))


def _played(manifest: TitleManifest) -> PlayedTitle:
    about = manifest.about
    return PlayedTitle(
        id=manifest.id,
        names=dict(manifest.names),
        devices=list(about.devices),
        controls=[
            ControlLine(action=dict(c.action), by_device={device: dict(text) for device, text in c.by_device.items()})
            for c in about.controls
        ],
        touch=Touch(mode=about.touch_mode, controls=list(about.touch_controls)),
    )


def _view(
    manifest: TitleManifest, availability: Availability, session: StoredSession | None, last_played_ms: int | None
) -> Title:
    about = manifest.about
    artwork_path = f"/api/v1/titles/{quote(manifest.id)}/artwork?v={quote(manifest.version)}"
    return Title(
        **dict(_played(manifest)),
        version=manifest.version,
        kind=manifest.kind,
        summary=dict(about.summary),
        artwork_url=artwork_path if about.artwork else None,
        picture=Picture(width=manifest.width_px, height=manifest.height_px, fps=manifest.fps),
        players=Players(min=manifest.players_min, max=manifest.players_max),
        needs=NeedsView(
            memory_mib=about.memory_mib,
            memory_met=availability.memory_met,
            gpu=about.gpu,
            gpu_met=availability.gpu_met,
        ),
        availability=AvailabilityView(can_start=availability.reason is None, reason=availability.reason),
        session=None if session is None else LiveSession(session_id=session.session_id, state=session.state),
        last_played_ms=last_played_ms,
    )
