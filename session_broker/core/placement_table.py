"""The life of a placement: one session on one node, with an epoch. A migration is two placements."""

from __future__ import annotations

from enum import StrEnum

from session_broker.core.transitions import follow
from wire.worker_control import PlacementState as State


class PlacementEvent(StrEnum):
    """What may happen to a placement."""

    SERVE = "serve"
    """The title showed its first frame."""
    SUPERSEDE = "supersede"
    """A placement with a higher epoch serves the session."""
    LOSE = "lose"
    """Its node is lost, or no longer knows of it."""
    RELEASE = "release"
    """Its node confirmed that it is over."""


TABLE = {
    (State.PREPARING, PlacementEvent.SERVE): State.SERVING,
    (State.PREPARING, PlacementEvent.SUPERSEDE): State.SUPERSEDED,
    (State.PREPARING, PlacementEvent.LOSE): State.LOST,
    (State.PREPARING, PlacementEvent.RELEASE): State.RELEASED,
    (State.SERVING, PlacementEvent.SUPERSEDE): State.SUPERSEDED,
    (State.SERVING, PlacementEvent.LOSE): State.LOST,
    (State.SERVING, PlacementEvent.RELEASE): State.RELEASED,
    (State.SUPERSEDED, PlacementEvent.LOSE): State.LOST,
    (State.SUPERSEDED, PlacementEvent.RELEASE): State.RELEASED,
}


ON_NODE = frozenset({State.PREPARING, State.SERVING})
"""States in which the session is on the placement's node, or comes to it."""


def transition(state: State, event: PlacementEvent) -> State:
    """Return the placement's state after ``event``.

    Raises:
        IllegalTransition: the event may not happen in this state.
    """
    return follow(TABLE, state, event)
