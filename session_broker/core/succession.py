"""A node that is asked to have its successor started beside it, on the same machine."""

from __future__ import annotations

from session_broker.core.effects import LinkKey, ToNode
from session_broker.core.records import BrokerState
from wire.errors import Reason, WireError
from wire.node_control import StartSuccessor
from wire.version import SUCCESSORS_SINCE

BY_HAND = (
    "cannot start another beside itself: it is of an older version, or run by farplay up. Drain it, wait until it "
    "runs nothing, end it, and start the new version on the same data folder"
)


def check(state: BrokerState, node_id: str) -> LinkKey:
    """Return the socket of a node that can have its successor started.

    Raises:
        WireError: ``not_found``, or ``bad_state`` with words for the operator.
    """
    node = next((node for node in state.nodes.values() if node.node_id == node_id), None)
    if node is None:
        raise WireError(Reason.NOT_FOUND, "there is no such node")
    if node.link is None:
        raise WireError(Reason.BAD_STATE, f"{node.name} is away; upgrade it when it is back")
    if node.protocol < SUCCESSORS_SINCE or not node.successors:
        raise WireError(Reason.BAD_STATE, f"{node.name} {BY_HAND}")
    return node.link


def ask(state: BrokerState, node_id: str, token: str) -> None:
    """Have a node's successor started, which enrols with a token; raises as ``check``."""
    state.emit(ToNode(check(state, node_id), StartSuccessor(token)))
