"""A node that is lost: the players' tabs arbitrate, and a game whose node is gone begins anew on another.

An agent whose network failed may well have workers that play on, so a session is taken from it only when no player
gets pictures any more. What it then still runs of the session has an old epoch, and is ended when it dials in again:
no session is served twice.
"""

from __future__ import annotations

from session_broker.core import node_table, title_checks
from session_broker.core.claims import drop_claim, save_node
from session_broker.core.effects import CLOSE_REFUSED, CloseLink, Count, Tally, WatchMedia
from session_broker.core.node_table import NodeEvent, NodeState
from session_broker.core.peers import drop_peer, note_attendance
from session_broker.core.placement_table import PlacementEvent
from session_broker.core.records import BrokerState, Node, Participant, Session
from session_broker.core.session_steps import move_session
from session_broker.core.session_table import SERVED, SessionEvent
from session_broker.core.sessions import leave_node, placement_gone
from session_broker.core.waiting import place_waiting
from wire.errors import Reason
from wire.session_control import Role, SessionState

PLACEMENTS_MAX = 3
"""Nodes that a session may lose before it ends: a title that takes its nodes down must not go through a fleet."""

REPORT_S = 2.0
"""Seconds within which a tab has said whether pictures come; it reports once a second."""

CARRIED_S = 0.5
"""Seconds by which a picture must be younger than the loss of the node's link to show that its worker plays on."""


def link_gone(state: BrokerState, node: Node, away_since: float) -> None:
    """Note that a node has no link; it may come back within the grace, counted from when it was last heard of."""
    node.link = None
    node.away_since = away_since
    node.grace_s = state.limits.node_grace_s
    state.fleet.set_ready(node.node_id, False)
    save_node(state, node)
    on_it = (s for s in state.sessions.values() if s.placement is not None and s.placement.node_id == node.node_id)
    state.emit(*(WatchMedia(p.tab) for s in on_it for p in s.participants.values() if p.tab is not None))


def check_silence(state: BrokerState, node: Node, now: float) -> None:
    """Close the link of a node that went silent; give up a node that stays away, and what nobody plays there."""
    if node.link is not None and now - node.seen_at >= state.limits.node_lost_s:
        state.emit(CloseLink(node.link, CLOSE_REFUSED))
        del state.links[node.link]
        link_gone(state, node, node.seen_at)
    if node.link is not None or now - node.away_since < node.grace_s:
        return
    if node.state is not NodeState.LOST:
        node.state = node_table.transition(node.state, NodeEvent.LOSE)
        title_checks.lose(state, node)
        save_node(state, node)
    for session_id, epoch in list(node.claims.items()):
        session = state.sessions.get(session_id)
        if session is None or session.placement is None or session.placement.node_id != node.node_id:
            drop_claim(state, node.node_id, session_id, epoch)
        elif not _may_play_on(state, session, node, now):
            lose(state, session, now)


def _may_play_on(state: BrokerState, session: Session, node: Node, now: float) -> bool:
    """Tell whether pictures of a session may still reach a player though its node has no link.

    A tab that gets pictures keeps its node for as long as it gets them. While no player has a tab here, it may be the
    way to the broker that failed for tab and node alike: then the media lease must run out.
    """
    if session.state not in SERVED:
        return False
    tabs = _players_here(session)
    if not tabs:
        return now - node.away_since < state.limits.media_lease_s
    if now - max(participant.tab_since for participant in tabs) < REPORT_S:
        return True
    return session.media_at > node.away_since + CARRIED_S and now - session.media_at < REPORT_S


def _players_here(session: Session) -> list[Participant]:
    return [p for p in session.participants.values() if p.role is Role.PLAYER and p.tab is not None]


def lose(state: BrokerState, session: Session, now: float) -> None:
    """Take a session from its node, which is lost or has come back without it: it begins anew, or it ends.

    It ends if it was to end anyway, if nobody waits for it, or if it has lost too many nodes.
    """
    waited_for = session.state is SessionState.STARTING or bool(_players_here(session))
    if session.state is SessionState.ENDING or not waited_for or session.epoch >= PLACEMENTS_MAX:
        placement_gone(state, session, PlacementEvent.LOSE, Reason.NODE_LOST, now=now)
        return
    leave_node(state, session, PlacementEvent.LOSE, Reason.NODE_LOST, now)
    for participant in session.participants.values():
        drop_peer(state, participant)
    note_attendance(session, now)
    session.deadline = session.decided = None
    session.came_over = False
    move_session(state, session, SessionEvent.PLACEMENT_LOST, Reason.NODE_LOST, now=now)
    session.placement = None
    state.emit(Count(Tally.SESSION_RESTART, Reason.NODE_LOST))
    place_waiting(state, now)
