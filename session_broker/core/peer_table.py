"""The life of a peer: one participant's connection to the game. A reconnect is a new peer."""

from __future__ import annotations

from enum import StrEnum

from session_broker.core.transitions import follow
from wire.session_control import PeerState as State


class PeerEvent(StrEnum):
    """What may happen to a peer."""

    ANSWER = "answer"
    """The tab's answer is on its way to the worker."""
    CONNECT = "connect"
    """The worker sees it connected."""
    LOSE = "lose"
    """It went silent, failed or never came up."""
    LEAVE = "leave"
    """It was closed on purpose."""


TABLE = {
    (State.INVITED, PeerEvent.ANSWER): State.CONNECTING,
    (State.INVITED, PeerEvent.LOSE): State.LOST,
    (State.INVITED, PeerEvent.LEAVE): State.LEFT,
    (State.CONNECTING, PeerEvent.CONNECT): State.CONNECTED,
    (State.CONNECTING, PeerEvent.LOSE): State.LOST,
    (State.CONNECTING, PeerEvent.LEAVE): State.LEFT,
    (State.CONNECTED, PeerEvent.LOSE): State.LOST,
    (State.CONNECTED, PeerEvent.LEAVE): State.LEFT,
}


def transition(state: State, event: PeerEvent) -> State:
    """Return the peer's state after ``event``.

    Raises:
        IllegalTransition: the event may not happen in this state.
    """
    return follow(TABLE, state, event)
