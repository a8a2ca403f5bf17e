"""Draining: a node takes no more sessions; those that it runs end by themselves, or at the operator's deadline.

The operator's wish outlives the node's absence, the broker and the replica: a drained node that dials in again is
drained. An ``undrain`` undoes it.
"""

from __future__ import annotations

from session_broker.core import node_table, title_checks
from session_broker.core.claims import save_node
from session_broker.core.closing import tell_closing
from session_broker.core.node_table import NodeEvent, NodeState
from session_broker.core.records import BrokerState, Node
from session_broker.core.sessions import end_session
from session_broker.core.waiting import place_waiting
from wire.errors import Reason, WireError


def drain(state: BrokerState, node_id: str, deadline_s: float | None, now: float) -> None:
    """Let a node take no more sessions; doing it again sets the deadline anew.

    Args:
        state: The live state.
        node_id: A node of this replica.
        deadline_s: Seconds after which what still runs there is ended; None leaves it to the players.
        now: Monotonic seconds.

    Raises:
        WireError: ``not_found``.
    """
    node = _node(state, node_id)
    node.drained = True
    node.drain_until_ms = None if deadline_s is None else state.database_ms(now) + int(deadline_s * 1000)
    if node.state is NodeState.READY:
        node.state = node_table.transition(node.state, NodeEvent.DRAIN)
    state.fleet.set_ready(node.node_id, False)
    save_node(state, node)
    tell_closing(state, node, now)


def undrain(state: BrokerState, node_id: str, now: float) -> None:
    """Let a node take sessions again; one that was not drained stays as it is.

    Raises:
        WireError: ``not_found``.
    """
    node = _node(state, node_id)
    node.drained, node.drain_until_ms = False, None
    if node.state is NodeState.DRAINING:
        node.state = node_table.transition(node.state, NodeEvent.UNDRAIN)
    state.fleet.set_ready(node.node_id, node.state is NodeState.READY and node.link is not None)
    save_node(state, node)
    tell_closing(state, node, now)
    place_waiting(state, now)


def check_drain(state: BrokerState, node: Node, now: float) -> None:
    """End what runs on a drained node past its deadline."""
    if node.drain_until_ms is None or state.database_ms(now) < node.drain_until_ms:
        return
    for check_id in list(node.checks):
        title_checks.end(state, check_id, now)
    for session_id in list(node.claims):
        session = state.sessions.get(session_id)
        if session is not None:
            end_session(state, session, Reason.NODE_SHUTDOWN, now)


def _node(state: BrokerState, node_id: str) -> Node:
    node = next((node for node in state.nodes.values() if node.node_id == node_id), None)
    if node is None:
        raise WireError(Reason.NOT_FOUND, "there is no such node")
    return node
