"""Whose sessions and nodes are whose: taking them over, handing them on, letting them go.

A node's home is the replica that holds its socket; a session that is on a node is that replica's too, so that one
process alone decides about the slots of a node. A session that waits is with whoever made it or has it now.
"""

from __future__ import annotations

from collections.abc import Iterable

from session_broker.core.claims import save_node, set_claim
from session_broker.core.effects import AppendEvent, DetachTab, HandOver
from session_broker.core.records import BrokerState, DistantNode, Node, Session
from wire.ids import NodeId, SessionId
from wire.session_control import SessionState
from wire.title_manifest import KINDS


def take_over(state: BrokerState, nodes: Iterable[Node], live: Iterable[Session], now: float) -> None:
    """Take what the store says is ours and is not here yet: at the start, or from another replica.

    Nodes have ``node_return_s`` to dial in with the sessions that they still run. A session on a node that is not
    here is left where it is: it comes with its node.
    """
    for came in nodes:
        if came.node_id not in state.nodes:
            state.nodes[came.node_id] = came
            state.distant.pop(came.node_id, None)
            state.fleet.set_ready(came.node_id, False)
            came.away_since, came.grace_s = now, state.limits.node_return_s
    for session in live:
        placement = session.placement
        node = state.nodes.get(placement.node_id) if placement is not None else None
        if session.session_id not in state.sessions and (placement is None or node is not None):
            _take_session(state, session, node, now)


def _take_session(state: BrokerState, session: Session, node: Node | None, now: float) -> None:
    session.unattended_since = now
    for participant in session.participants.values():
        participant.away_since = now
    for invitation in session.invitations.values():
        state.invitations[invitation.code_sha256] = (session.session_id, invitation.invitation_id)
    if session.state is SessionState.ENDING:
        session.deadline = now + state.limits.node_return_s + state.limits.end_timeout_s
    elif session.state is SessionState.STARTING:
        session.deadline = now + state.limits.node_return_s + state.limits.start_timeout_s
    state.sessions[session.session_id] = session
    if node is not None:
        set_claim(state, node, session.session_id, session.epoch)


def hand_over(state: BrokerState, session: Session, distant: DistantNode) -> None:
    """Give a waiting session to the home of a node that has room for it."""
    data: dict[str, object] = {"node_id": distant.node_id, "to": distant.home}
    state.emit(AppendEvent(session.session_id, session.tenant_id, "handed_over", None, data))
    state.emit(HandOver(session.session_id, distant.home))
    # A guess until the node's row says so, lest the next session be sent after this one.
    state.fleet.add_claim(distant.node_id)
    let_go_session(state, session.session_id)


def let_go_session(state: BrokerState, session_id: SessionId) -> None:
    """Forget a session that is another replica's now, and send its tabs after it.

    Nothing is written of it; but a node of ours that a slot was taken on for it has that slot again.
    """
    session = state.sessions.pop(session_id, None)
    if session is None:
        return
    for participant in session.participants.values():
        if participant.peer is not None:
            state.peers.pop(participant.peer.peer_id, None)
        if participant.tab is not None:
            state.tabs.pop(participant.tab, None)
            state.emit(DetachTab(participant.tab))
    for invitation in session.invitations.values():
        state.invitations.pop(invitation.code_sha256, None)
    node = state.nodes.get(session.placement.node_id) if session.placement is not None else None
    if node is not None and node.claims.pop(session_id, None) is not None:
        state.fleet.set_claims(node.node_id, node.taken)
        save_node(state, node)


def let_go_node(state: BrokerState, node_id: NodeId) -> None:
    """Forget a node that is another replica's now, and its sessions. Nothing is written."""
    node = state.nodes.pop(node_id, None)
    if node is None:
        return
    on_it = [s.session_id for s in state.sessions.values() if s.placement and s.placement.node_id == node_id]
    for session_id in on_it:
        let_go_session(state, session_id)
    state.fleet.set_ready(node_id, False)
    if node.link is not None:
        del state.links[node.link]


def see_distant(state: BrokerState, nodes: Iterable[DistantNode]) -> None:
    """Take the nodes of other replicas as the store has them; those that are not named are no longer there."""
    seen: dict[NodeId, DistantNode] = {}
    known = {(title.title_id, title.version) for title in state.titles.values()}
    for node in nodes:
        if node.node_id in state.nodes:
            continue
        before = state.distant.get(node.node_id)
        seen[node.node_id] = node
        if node.offer is not None and (before is None or before.offer is not node.offer):
            capacity = node.offer.capacity
            titles = known.intersection(node.offer.titles)
            kinds = set(KINDS).intersection(capacity.title_kinds)
            region = state.limits.regions.known(node.offer.region)
            state.fleet.describe(node.node_id, capacity, kinds, titles, region)
            state.fleet.set_archives(node.node_id, node.offer.archives)
        state.fleet.set_claims(node.node_id, node.claims)
        state.fleet.set_ready(node.node_id, node.ready and node.offer is not None)
    for node_id in state.distant.keys() - seen.keys() - state.nodes.keys():
        state.fleet.forget(node_id)
    state.distant = seen
