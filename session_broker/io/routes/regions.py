"""Regions: where pages measure how far they are from each."""

from __future__ import annotations

from fastapi import APIRouter
from pydantic import BaseModel

from session_broker.io.rights import BrokerDep, Right, require

router = APIRouter(prefix="/api/v1")


class RegionView(BaseModel):
    """A place where nodes are."""

    name: str
    url: str
    """A small answer from there, which pages of other sites may read."""


class Regions(BaseModel):
    """All that the operator has named; empty where all nodes are in one place."""

    regions: list[RegionView]


@router.get("/regions", dependencies=[require(Right.GUEST)])
async def list_regions(broker: BrokerDep) -> Regions:
    """List the regions that a page may measure its distance from."""
    return Regions(regions=[RegionView(name=name, url=url) for name, url in broker.config.regions.urls.items()])
