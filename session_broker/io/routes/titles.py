"""The catalogue."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel

from session_broker.io.rights import BrokerDep, Right, require

router = APIRouter(prefix="/api/v1")


class Picture(BaseModel):
    """What the title draws."""

    width: int
    height: int
    fps: int


class Players(BaseModel):
    """Seats at the title's table."""

    max: int


class Touch(BaseModel):
    """What fingers are on a touch screen."""

    mode: str
    """``pointer``, or ``pad`` with controls drawn over the picture."""
    controls: list[str]
    """Parts of that pad."""


class Title(BaseModel):
    """A title that can be started."""

    id: str
    version: str
    kind: str
    names: dict[str, str]
    picture: Picture
    players: Players
    touch: Touch


class Titles(BaseModel):
    """All titles."""

    titles: list[Title]


@router.get("/titles", dependencies=[require(Right.SIGNED_IN)])
async def titles(broker: BrokerDep) -> Titles:
    """List what can be played here."""
    return Titles(
        titles=[
            Title(
                id=manifest.id,
                version=manifest.version,
                kind=manifest.kind,
                names=dict(manifest.names),
                picture=Picture(width=manifest.width_px, height=manifest.height_px, fps=manifest.fps),
                players=Players(max=manifest.players_max),
                touch=Touch(mode=manifest.about.touch_mode, controls=list(manifest.about.touch_controls)),
            )
            for manifest in (installed.manifest for installed in broker.config.titles)
        ]
    )
