"""The life of a session, from the click to its end. It outlives placements and peers."""

from __future__ import annotations

from enum import StrEnum

from session_broker.core.transitions import follow
from wire.session_control import SessionState as State


class SessionEvent(StrEnum):
    """What may happen to a session."""

    PLACE = "place"
    """A node is looked for."""
    NO_ROOM = "no_room"
    """None can take it now; it waits."""
    CLAIM = "claim"
    """A slot on a node is claimed."""
    SERVE = "serve"
    """The title showed its first frame."""
    PAUSE = "pause"
    """Nobody plays; its node sends nothing any more."""
    RESUME = "resume"
    """Somebody plays again."""
    SUSPEND = "suspend"
    """It was checkpointed and left its node."""
    END = "end"
    """Somebody wants it to end."""
    PLACEMENT_LOST = "placement_lost"
    """Its node is lost; it begins anew on another."""
    PLACEMENT_GONE = "placement_gone"
    """What ran it is gone, by its own will or not."""


TABLE = {
    (State.QUEUED, SessionEvent.PLACE): State.PLACING,
    (State.QUEUED, SessionEvent.END): State.ENDED,
    (State.PLACING, SessionEvent.NO_ROOM): State.QUEUED,
    (State.PLACING, SessionEvent.CLAIM): State.STARTING,
    (State.PLACING, SessionEvent.END): State.ENDED,
    (State.STARTING, SessionEvent.SERVE): State.RUNNING,
    (State.STARTING, SessionEvent.END): State.ENDING,
    (State.STARTING, SessionEvent.PLACEMENT_LOST): State.QUEUED,
    (State.STARTING, SessionEvent.PLACEMENT_GONE): State.ENDED,
    (State.RUNNING, SessionEvent.PAUSE): State.PAUSED,
    (State.RUNNING, SessionEvent.SUSPEND): State.SUSPENDED,
    (State.RUNNING, SessionEvent.END): State.ENDING,
    (State.RUNNING, SessionEvent.PLACEMENT_LOST): State.QUEUED,
    (State.RUNNING, SessionEvent.PLACEMENT_GONE): State.ENDED,
    (State.PAUSED, SessionEvent.RESUME): State.RUNNING,
    (State.PAUSED, SessionEvent.SUSPEND): State.SUSPENDED,
    (State.PAUSED, SessionEvent.END): State.ENDING,
    (State.PAUSED, SessionEvent.PLACEMENT_LOST): State.QUEUED,
    (State.PAUSED, SessionEvent.PLACEMENT_GONE): State.ENDED,
    (State.SUSPENDED, SessionEvent.PLACE): State.PLACING,
    (State.SUSPENDED, SessionEvent.END): State.ENDED,
    (State.ENDING, SessionEvent.PLACEMENT_GONE): State.ENDED,
}


SERVED = frozenset({State.RUNNING, State.PAUSED})
"""States in which the title runs on a node and peers may be had."""


def transition(state: State, event: SessionEvent) -> State:
    """Return the session's state after ``event``.

    Raises:
        IllegalTransition: the event may not happen in this state.
    """
    return follow(TABLE, state, event)
