"""Slots of our own nodes: taken and freed in memory, and told to the other replicas by the node's row."""

from __future__ import annotations

from session_broker.core.effects import NodeOffer, SaveNode
from session_broker.core.records import BrokerState, Node
from wire.ids import NodeId, SessionId


def set_claim(state: BrokerState, node: Node, session_id: SessionId, epoch: int) -> None:
    """Take one of the node's slots; the caller writes the node's row."""
    node.claims[session_id] = epoch
    state.fleet.set_claims(node.node_id, node.taken)


def drop_claim(state: BrokerState, node_id: NodeId, session_id: SessionId, epoch: int) -> None:
    """Free the slot that the session holds with this epoch, if it does."""
    node = state.nodes[node_id]
    if node.claims.get(session_id) == epoch:
        del node.claims[session_id]
        state.fleet.set_claims(node_id, node.taken)
        save_node(state, node)


def save_node(state: BrokerState, node: Node, offer: NodeOffer | None = None) -> None:
    """Write a node's row, with what it offers if that is new."""
    ready = state.fleet.is_ready(node.node_id)
    state.emit(
        SaveNode(
            node.node_id, node.state, node.name, node.slots, ready, node.taken, node.drained,
            node.drain_until_ms, offer,
        )
    )  # fmt: skip
