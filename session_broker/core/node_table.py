"""The life of a node as the broker sees it."""

from __future__ import annotations

from enum import StrEnum

from session_broker.core.transitions import follow


class NodeState(StrEnum):
    """Where a node is in its life."""

    REGISTERING = "registering"
    """Enrolled; not yet here in this broker's life."""
    READY = "ready"
    """Takes sessions."""
    DRAINING = "draining"
    """Keeps what it runs and takes nothing new."""
    LOST = "lost"
    """Its socket is gone for longer than the grace."""


class NodeEvent(StrEnum):
    """What may happen to a node."""

    HELLO = "hello"
    """It dialled in with a good credential."""
    DRAIN = "drain"
    UNDRAIN = "undrain"
    LOSE = "lose"
    """It stayed away or silent for too long."""


TABLE = {
    (NodeState.REGISTERING, NodeEvent.HELLO): NodeState.READY,
    (NodeState.REGISTERING, NodeEvent.LOSE): NodeState.LOST,
    (NodeState.READY, NodeEvent.HELLO): NodeState.READY,
    (NodeState.READY, NodeEvent.DRAIN): NodeState.DRAINING,
    (NodeState.READY, NodeEvent.LOSE): NodeState.LOST,
    (NodeState.DRAINING, NodeEvent.HELLO): NodeState.DRAINING,
    (NodeState.DRAINING, NodeEvent.UNDRAIN): NodeState.READY,
    (NodeState.DRAINING, NodeEvent.LOSE): NodeState.LOST,
    (NodeState.LOST, NodeEvent.HELLO): NodeState.READY,
}


def transition(state: NodeState, event: NodeEvent) -> NodeState:
    """Return the node's state after ``event``.

    Raises:
        IllegalTransition: the event may not happen in this state.
    """
    return follow(TABLE, state, event)
