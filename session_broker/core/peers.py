"""Signalling: a participant asks for a peer, the worker offers, the tab answers. Media goes past the broker.

The broker makes the peer's id and a single-use ticket; the node gets only the ticket's digest, the tab the ticket
itself with the offer, and the worker compares them when the answer comes.
"""

from __future__ import annotations

import hmac

from session_broker.core import peer_table, start_trace
from session_broker.core.effects import Count, Tally, ToNode, ToTab
from session_broker.core.peer_table import PeerEvent
from session_broker.core.records import BrokerState, Node, Participant, Peer, Session
from session_broker.core.session_table import SERVED
from session_broker.core.tickets import PEER_TICKET_TTL_S, TOKEN_RANDOM_BYTES, digest, make_token
from wire.errors import Reason, WireError
from wire.ids import PeerId
from wire.node_control import (
    CloseNodePeer,
    NodePeerAnswer,
    NodePeerOffer,
    NodePeerState,
    OpenNodePeer,
    SetNodeQuality,
)
from wire.session_control import Answer, Offer, PeerNews, PeerState, Role

_EVENTS = {
    PeerState.CONNECTED: PeerEvent.CONNECT,
    PeerState.LOST: PeerEvent.LOSE,
    PeerState.LEFT: PeerEvent.LEAVE,
}
"""What a node's report of a peer's state means; the other states are the broker's own."""


def want_peer(
    state: BrokerState, session: Session, participant: Participant, codecs: tuple[str, ...], now: float
) -> None:
    """Open a peer for a participant now, or when the session runs and its node is here."""
    participant.wanted_codecs = codecs
    open_if_running(state, session, participant, now)


def open_if_running(state: BrokerState, session: Session, participant: Participant, now: float) -> None:
    """Send a waiting request for a peer to the node if it can take it."""
    node = node_of(state, session)
    if participant.wanted_codecs is None or participant.tab is None or session.state not in SERVED:
        return
    if node is None or node.link is None:
        return
    drop_peer(state, participant)
    ticket = make_token(state.entropy(TOKEN_RANDOM_BYTES))
    peer = Peer(PeerId(state.new_id("peer")), ticket, now + state.limits.connect_timeout_s, opened_at=now)
    participant.peer = peer
    state.peers[peer.peer_id] = (session.session_id, participant.participant_id)
    message = OpenNodePeer(
        session.session_id, peer.peer_id, participant.participant_id, participant.number, participant.role,
        participant.seats, digest(ticket), PEER_TICKET_TTL_S, participant.wanted_codecs,
        participant.video_max_bps, state.tabs[participant.tab].protocol,
    )  # fmt: skip
    state.emit(ToNode(node.link, message))


def set_quality(state: BrokerState, session: Session, participant: Participant, video_max_bps: int | None) -> None:
    """Remember what a participant allows the picture to cost, and tell the node that streams to it."""
    participant.video_max_bps = video_max_bps
    node = node_of(state, session)
    if node is not None and node.link is not None:
        state.emit(ToNode(node.link, SetNodeQuality(session.session_id, participant.participant_id, video_max_bps)))


def reopen_invited(state: BrokerState, session: Session, now: float) -> None:
    """Ask again for peers whose offer may have been lost with the node's link."""
    for participant in session.participants.values():
        peer = participant.peer
        if peer is None or peer.state is PeerState.INVITED:
            open_if_running(state, session, participant, now)


def take_answer(state: BrokerState, session: Session, participant: Participant, answer: Answer) -> None:
    """Pass a tab's answer on to the worker.

    Raises:
        WireError: ``bad_state`` for a peer that is not this tab's newest or was answered, ``bad_ticket``.
    """
    peer = participant.peer
    if peer is None or peer.peer_id != answer.peer_id or not peer.offered or peer.state is not PeerState.INVITED:
        raise WireError(Reason.BAD_STATE, "no offer waits for this answer")
    if not hmac.compare_digest(peer.ticket.encode(), answer.ticket.encode()):
        raise WireError(Reason.BAD_TICKET, "the ticket is not the one that came with the offer")
    node = node_of(state, session)
    if node is None or node.link is None:
        raise WireError(Reason.BAD_STATE, "the session's node is not here at the moment")
    peer.state = peer_table.transition(peer.state, PeerEvent.ANSWER)
    participant.wanted_codecs = None
    state.emit(ToNode(node.link, NodePeerAnswer(session.session_id, peer.peer_id, answer.ticket, answer.sdp)))


def take_offer(state: BrokerState, session: Session, offer: NodePeerOffer) -> None:
    """Pass a worker's offer on to the tab that asked for it.

    Raises:
        WireError: ``forbidden`` for another session's peer, ``bad_state`` for a second offer.
    """
    participant = _participant_of(state, session, offer.peer_id)
    if participant is None or participant.peer is None:
        state.emit(Count(Tally.NODE_STRAY, NodePeerOffer.TYPE))
        return
    if participant.peer.offered:
        raise WireError(Reason.BAD_STATE, "this peer was offered already")
    participant.peer.offered = True
    if participant.tab is not None:
        state.emit(ToTab(participant.tab, Offer(offer.peer_id, participant.peer.ticket, offer.sdp, offer.stun_uris)))


def take_peer_state(state: BrokerState, session: Session, news: NodePeerState, now: float) -> None:
    """Take a worker's word on a peer and pass it on.

    A broker that restarted does not know the peers that play on; news of those go to all tabs of their session, which
    know their own peer's id.

    Raises:
        WireError: ``forbidden`` for another session's peer.
        IllegalTransition: the peer cannot be there.
    """
    message = PeerNews(news.peer_id, news.state, news.reason)
    participant = _participant_of(state, session, news.peer_id)
    if participant is None or participant.peer is None:
        state.emit(Count(Tally.NODE_STRAY, NodePeerState.TYPE))
        state.emit(*(ToTab(p.tab, message) for p in session.participants.values() if p.tab is not None))
        return
    peer = participant.peer
    event = _EVENTS.get(news.state)
    if event is None or news.state is peer.state:
        return
    peer.state = peer_table.transition(peer.state, event)
    peer.deadline = None
    if event is PeerEvent.CONNECT:
        start_trace.connected(state, session, participant, peer, now)
    else:
        drop_peer(state, participant)
        participant.wanted_codecs = None
    note_attendance(session, now)
    if participant.tab is not None:
        state.emit(ToTab(participant.tab, message))


def close_peer(state: BrokerState, session: Session, participant: Participant, reason: Reason) -> None:
    """Close a participant's peer at the worker and forget any request for one."""
    participant.wanted_codecs = None
    node = node_of(state, session)
    if participant.peer is not None and node is not None and node.link is not None:
        state.emit(ToNode(node.link, CloseNodePeer(session.session_id, participant.peer.peer_id, reason)))
    drop_peer(state, participant)


def drop_peer(state: BrokerState, participant: Participant) -> None:
    """Forget a participant's peer."""
    if participant.peer is not None:
        state.peers.pop(participant.peer.peer_id, None)
        participant.peer = None


def expire_peer(state: BrokerState, session: Session, participant: Participant, now: float) -> None:
    """Give up a peer that did not connect in time, and say so to its tab."""
    peer = participant.peer
    if peer is None or peer.deadline is None or now < peer.deadline:
        return
    peer.state = peer_table.transition(peer.state, PeerEvent.LOSE)
    if participant.tab is not None:
        state.emit(ToTab(participant.tab, PeerNews(peer.peer_id, peer.state, Reason.CONNECT_TIMEOUT)))
    close_peer(state, session, participant, Reason.CONNECT_TIMEOUT)


def is_there(participant: Participant) -> bool:
    """Tell whether a tab or a connected peer of a participant is there."""
    peer = participant.peer
    return participant.tab is not None or (peer is not None and peer.state is PeerState.CONNECTED)


def note_attendance(session: Session, now: float) -> None:
    """Start or stop the clocks of participants who are away and of a session that no player attends."""
    for participant in session.participants.values():
        if is_there(participant):
            participant.away_since = None
        elif participant.away_since is None:
            participant.away_since = now
    players = [p for p in session.participants.values() if p.role is Role.PLAYER]
    if any(map(is_there, players)):
        session.unattended_since = session.reserved_until = None
    elif session.unattended_since is None:
        session.unattended_since = now


def node_of(state: BrokerState, session: Session) -> Node | None:
    """Return the node that the session is on."""
    return state.nodes[session.placement.node_id] if session.placement is not None else None


def _participant_of(state: BrokerState, session: Session, peer_id: str) -> Participant | None:
    owner = state.peers.get(PeerId(peer_id))
    if owner is None:
        return None
    session_id, participant_id = owner
    if session_id != session.session_id:
        raise WireError(Reason.FORBIDDEN, "this peer belongs to another session")
    return session.participants.get(participant_id)
