"""Whether a title could start on this deployment now, and which of its needs are met: what the library shows."""

from __future__ import annotations

from dataclasses import dataclass

from session_broker.core.fleet import Fleet
from session_broker.core.placing import ENDED_BY_A_NODE, place
from session_broker.core.pools.pool import FleetConfig
from session_broker.core.records import CatalogueTitle
from wire.errors import Reason


@dataclass(frozen=True, slots=True)
class Availability:
    """An answer for one title at one moment."""

    reason: Reason | None
    """Why it could not start now; None if it could. With ``no_room`` it waits its turn, else for an operator."""
    gpu_met: bool | None
    """Whether a ready node has the GPU that is needed; None if no node is ready, so that nobody knows."""
    memory_met: bool | None
    """The same for memory."""


def availability_of(fleet: Fleet, title: CatalogueTitle, pools: FleetConfig | None = None) -> Availability:
    """Return what placement would answer, without placing anything.

    Args:
        fleet: The snapshot; not changed.
        title: The title.
        pools: What brings nodes, if anything does: a title that one of these can run only waits its turn.
    """
    decision = place(fleet, title.title_id, title.version, title.kind, 0.0, title.needs, fetched=title.fetched())
    if decision.reason in ENDED_BY_A_NODE and pools is not None and pools.brings(gpu=title.needs.gpu):
        return Availability(Reason.NO_ROOM, None, None)
    ready = fleet.ready
    if not ready.any():
        return Availability(Reason.NO_NODE, None, None)
    return Availability(
        decision.reason,
        bool((ready & fleet.has_gpu(title.needs)).any()),
        bool((ready & fleet.has_memory(title.needs)).any()),
    )
