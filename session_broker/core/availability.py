"""Whether a title could start on this deployment now, and which of its needs are met: what the library shows."""

from __future__ import annotations

from dataclasses import dataclass

from session_broker.core.fleet import Fleet
from session_broker.core.placing import place
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


def availability_of(fleet: Fleet, title: CatalogueTitle) -> Availability:
    """Return what placement would answer, without placing anything.

    Args:
        fleet: The snapshot; not changed.
        title: The title.
    """
    decision = place(fleet, title.title_id, title.version, title.kind, 0.0, title.needs, release=title.release)
    ready = fleet.ready
    if not ready.any():
        return Availability(Reason.NO_NODE, None, None)
    return Availability(
        decision.reason,
        bool((ready & fleet.has_gpu(title.needs)).any()),
        bool((ready & fleet.has_memory(title.needs)).any()),
    )
