"""What nodes do: dial in, report, go silent, come back. A node can touch only sessions that are placed on it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from ipaddress import ip_address

from session_broker.core import node_table
from session_broker.core.claims import drop_claim, save_node, set_claim
from session_broker.core.effects import CLOSE_REFUSED, CloseLink, Count, LinkKey, NodeOffer, Tally, ToNode, WatchMedia
from session_broker.core.node_table import NodeEvent, NodeState
from session_broker.core.peers import reopen_invited, take_offer, take_peer_state
from session_broker.core.placement_table import PlacementEvent
from session_broker.core.records import BrokerState, Node, Placement, Session
from session_broker.core.session_steps import move_placement, move_session, send_start
from session_broker.core.session_table import SERVED, SessionEvent
from session_broker.core.sessions import end_session, note_violations, placement_gone, send_end
from session_broker.core.table import tell_whole_table
from session_broker.core.transitions import IllegalTransition
from session_broker.core.waiting import place_waiting
from wire.errors import Reason, WireError
from wire.ids import NodeId, SessionId, TenantId, is_id
from wire.node_control import (
    CheckPort,
    Heartbeat,
    NodeHello,
    NodePeerOffer,
    NodePeerState,
    NodeRefusal,
    NodeWelcome,
    PlacementNews,
    RunningSession,
)
from wire.schema import Message
from wire.session_control import SessionState
from wire.title_manifest import KINDS
from wire.worker_control import PlacementState

_DIGEST = re.compile(r"[0-9a-f]{64}")

ABSENT_HEARTBEATS = 2
"""Heartbeats in a row that must miss a serving session before it counts as lost; one may cross its news."""


def join(
    state: BrokerState,
    link: LinkKey,
    node_id: NodeId,
    hello: NodeHello,
    *,
    protocol: int,
    key: str | None,
    now: float,
) -> None:
    """Welcome a node whose credential the shell has checked, and agree with it on what runs.

    Args:
        state: The live state.
        link: The node's socket; an older one of the same node is closed.
        node_id: The node.
        hello: What it said.
        protocol: The control version that both sides speak.
        key: Its own key if it enrolled just now.
        now: Monotonic seconds.
    """
    node = state.nodes.setdefault(node_id, Node(node_id, TenantId(state.tenant_id), hello.name))
    if node.link is not None:
        del state.links[node.link]
        state.emit(
            ToNode(node.link, NodeRefusal(Reason.REPLACED, "this node dialled in again")),
            CloseLink(node.link, CLOSE_REFUSED),
        )
    state.links[link] = node_id
    node.link, node.seen_at, node.name, node.slots = link, now, clean_text(hello.name), hello.capacity.slots
    node.capacity, node.check_port = hello.capacity, _reachable(hello.check_port)
    node.state = node_table.transition(node.state, NodeEvent.HELLO)
    if node.drained and node.state is NodeState.READY:
        node.state = node_table.transition(node.state, NodeEvent.DRAIN)
    titles = [(t.title_id, t.version) for t in hello.titles]
    known = {(title.title_id, title.version) for title in state.titles.values()}
    kinds = set(KINDS).intersection(hello.capacity.title_kinds)
    # Only what the catalogue knows: a node must not make the fleet remember words of its own.
    node.titles = tuple(sorted(known.intersection(titles)))
    state.fleet.describe(node_id, hello.capacity, kinds, node.titles)
    _take_archives(state, node, hello.archives)
    state.emit(ToNode(link, NodeWelcome(protocol, node_id, key, state.limits.heartbeat_s)))
    _adopt(state, node, hello.sessions, now)
    state.fleet.set_ready(node_id, node.state is NodeState.READY)
    save_node(state, node, NodeOffer(hello.capacity, node.titles, node.check_port, node.archives))
    place_waiting(state, now)


def _take_archives(state: BrokerState, node: Node, archives: Iterable[str]) -> None:
    node.archives = tuple(archive for archive in archives if _DIGEST.fullmatch(archive))
    state.fleet.set_archives(node.node_id, node.archives)


def _reachable(port: CheckPort | None) -> CheckPort | None:
    """Return the port with those of its hosts that are addresses: pages put them into session descriptions."""
    hosts = tuple(host for host in port.hosts if _is_address(host)) if port is not None else ()
    return replace(port, hosts=hosts) if port is not None and hosts else None


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return "%" not in host


def clean_text(text: str) -> str:
    """Return text that every database takes: PostgreSQL refuses NUL."""
    return text.replace("\x00", "\N{REPLACEMENT CHARACTER}")


def _adopt(state: BrokerState, node: Node, running: Iterable[RunningSession], now: float) -> None:
    listed = {SessionId(r.session_id): r for r in running if is_id(r.session_id, "ses")}
    node.claims = {s: r.epoch for s, r in listed.items() if r.state is not PlacementState.RELEASED}
    mine = [s for s in state.sessions.values() if s.placement is not None and s.placement.node_id == node.node_id]
    for session in mine:
        set_claim(state, node, session.session_id, session.epoch)
    state.fleet.set_claims(node.node_id, len(node.claims))
    for session in mine:
        report = listed.get(session.session_id)
        if report is not None and report.epoch == session.epoch:
            _take_listed(state, node, session, report, now)
            if session.state in SERVED:
                tell_whole_table(state, session)
                reopen_invited(state, session, now)
        elif session.state is SessionState.STARTING:
            send_start(state, session, node)  # The request may have been lost with the old link.
        else:
            _lose(state, session, Reason.NODE_LOST, now)
            drop_claim(state, node.node_id, session.session_id, session.epoch)
    _end_strangers(state, node, listed.values())


def _take_listed(state: BrokerState, node: Node, session: Session, report: RunningSession, now: float) -> None:
    placement = session.placement
    if placement is None:
        return
    placement.absent = 0
    if report.state is PlacementState.RELEASED:
        placement_gone(state, session, PlacementEvent.RELEASE, Reason.WORKER_LOST, now=now)
        return
    if session.state is SessionState.ENDING:
        send_end(state, node, session.session_id, session.epoch, session.reason or Reason.SUPERSEDED)
        return
    if report.state is PlacementState.SERVING:
        _serve(state, session, placement, now, paused=report.paused)


def _end_strangers(state: BrokerState, node: Node, running: Iterable[RunningSession]) -> None:
    for report in running:
        session = state.sessions.get(SessionId(report.session_id))
        placement = session.placement if session is not None else None
        if placement is not None and placement.node_id == node.node_id and placement.epoch == report.epoch:
            continue
        if report.state is not PlacementState.RELEASED:
            state.emit(Count(Tally.NODE_STRAY, "session"))
            send_end(state, node, SessionId(report.session_id), report.epoch, Reason.SUPERSEDED)


def handle_message(state: BrokerState, link: LinkKey, message: Message, now: float) -> None:
    """Take a message of a welcomed node.

    Raises:
        WireError: the message is not this node's to send.
    """
    node_id = state.links.get(link)
    if node_id is None:
        return  # It crossed a newer link of the same node; this one is closing.
    node = state.nodes[node_id]
    node.seen_at = now
    try:
        match message:
            case NodeHello():
                raise WireError(Reason.BAD_STATE, "hello was said already")
            case Heartbeat():
                _take_heartbeat(state, node, message, now)
            case PlacementNews():
                _take_placement(state, node, message, now)
            case NodePeerOffer() | NodePeerState():
                _take_peer_message(state, node, message, now)
    except IllegalTransition as error:
        raise WireError(Reason.BAD_STATE, str(error)) from error


def _own_session(state: BrokerState, node: Node, session_id: str) -> Session | None:
    session = state.sessions.get(SessionId(session_id))
    if session is None:
        return None
    if session.placement is None or session.placement.node_id != node.node_id:
        raise WireError(Reason.FORBIDDEN, "this session is not on this node")
    return session


def _take_heartbeat(state: BrokerState, node: Node, heartbeat: Heartbeat, now: float) -> None:
    node.cpu_percent, node.memory_used_bytes = heartbeat.cpu_percent, heartbeat.memory_used_bytes
    if heartbeat.archives is not None and node.capacity is not None:
        _take_archives(state, node, heartbeat.archives)
        save_node(state, node, NodeOffer(node.capacity, node.titles, node.check_port, node.archives))
    for figures in heartbeat.figures:
        told = state.sessions.get(SessionId(figures.session_id))
        if told is not None and told.placement is not None and told.placement.node_id == node.node_id:
            told.placement.figures = figures
            told.performance.note(figures)
    listed = {SessionId(r.session_id): r for r in heartbeat.sessions if is_id(r.session_id, "ses")}
    freed = False
    for session_id, epoch in list(node.claims.items()):
        session = state.sessions.get(session_id)
        report = listed.get(session_id)
        there = report is not None and report.epoch == epoch
        owned = session is not None and session.placement is not None and session.placement.node_id == node.node_id
        if session is not None and owned and session.epoch == epoch:
            if there and report is not None:
                _take_listed(state, node, session, report, now)
            else:
                _note_absence(state, session, now)
        elif not there:
            drop_claim(state, node.node_id, session_id, epoch)
            freed = True
    _end_strangers(state, node, listed.values())
    if freed:
        place_waiting(state, now)


def _note_absence(state: BrokerState, session: Session, now: float) -> None:
    placement = session.placement
    if placement is None or placement.state is not PlacementState.SERVING:
        return
    placement.absent += 1
    if placement.absent >= ABSENT_HEARTBEATS:
        placement_gone(state, session, PlacementEvent.RELEASE, Reason.WORKER_LOST, now=now)


def _take_placement(state: BrokerState, node: Node, news: PlacementNews, now: float) -> None:
    session = _own_session(state, node, news.session_id)
    if session is None or session.placement is None or session.placement.epoch != news.epoch:
        state.emit(Count(Tally.NODE_STRAY, PlacementNews.TYPE))
        if news.state is PlacementState.RELEASED:
            drop_claim(state, node.node_id, SessionId(news.session_id), news.epoch)
            place_waiting(state, now)
        else:
            send_end(state, node, SessionId(news.session_id), news.epoch, Reason.SUPERSEDED)
        return
    match news.state:
        case PlacementState.PREPARING if session.placement.state is PlacementState.PREPARING:
            pass
        case PlacementState.SERVING:
            _serve(state, session, session.placement, now, paused=news.paused)
        case PlacementState.RELEASED:
            reason, detail = news.reason or Reason.WORKER_LOST, clean_text(news.detail)
            if news.violations:
                note_violations(state, session, news.violations)
            placement_gone(state, session, PlacementEvent.RELEASE, reason, detail=detail, now=now)
        case _:
            raise WireError(Reason.BAD_STATE, f"a node may not report {news.state}")


def _serve(state: BrokerState, session: Session, placement: Placement, now: float, *, paused: bool) -> None:
    """Take a node's word that a session serves, and whether anybody plays it; one that is ending just goes on so."""
    if placement.state is not PlacementState.SERVING:
        move_placement(state, session, placement, PlacementEvent.SERVE)
    if session.state is SessionState.STARTING:
        session.deadline = None
        move_session(state, session, SessionEvent.SERVE)
        reopen_invited(state, session, now)
    if session.state is SessionState.RUNNING and paused:
        move_session(state, session, SessionEvent.PAUSE)
    elif session.state is SessionState.PAUSED and not paused:
        move_session(state, session, SessionEvent.RESUME)


def _take_peer_message(state: BrokerState, node: Node, message: NodePeerOffer | NodePeerState, now: float) -> None:
    session = _own_session(state, node, message.session_id)
    if session is None:
        state.emit(Count(Tally.NODE_STRAY, message.TYPE))
    elif isinstance(message, NodePeerOffer):
        take_offer(state, session, message)
    else:
        take_peer_state(state, session, message, now)


def handle_gone(state: BrokerState, link: LinkKey, now: float, *, away_since: float | None = None) -> None:
    """A node's socket closed; it may come back within the grace, counted from when it was last heard of."""
    node_id = state.links.pop(link, None)
    if node_id is None:
        return
    node = state.nodes[node_id]
    node.link = None
    node.away_since = now if away_since is None else away_since
    node.grace_s = state.limits.node_grace_s
    state.fleet.set_ready(node_id, False)
    save_node(state, node)
    on_it = (s for s in state.sessions.values() if s.placement is not None and s.placement.node_id == node_id)
    state.emit(*(WatchMedia(p.tab) for s in on_it for p in s.participants.values() if p.tab is not None))


def check_silence(state: BrokerState, node: Node, now: float) -> None:
    """Close the link of a node that went silent; give up a node that stays away."""
    if node.link is not None and now - node.seen_at >= state.limits.node_lost_s:
        link = node.link
        state.emit(CloseLink(link, CLOSE_REFUSED))
        handle_gone(state, link, now, away_since=node.seen_at)
    if node.link is not None or now - node.away_since < node.grace_s:
        return
    if node.state is not NodeState.LOST:
        node.state = node_table.transition(node.state, NodeEvent.LOSE)
        save_node(state, node)
    for session_id, epoch in list(node.claims.items()):
        session = state.sessions.get(session_id)
        if session is None or session.placement is None or session.placement.node_id != node.node_id:
            drop_claim(state, node.node_id, session_id, epoch)
        elif not _still_plays(state, session, node, now):
            _lose(state, session, Reason.NODE_LOST, now)


def _still_plays(state: BrokerState, session: Session, node: Node, now: float) -> bool:
    """Tell whether the player's tab got frames after the node's link was lost, and still gets them.

    The tab arbitrates: an agent whose network failed may well have workers that play on. Its word holds until the
    media lease has run out.
    """
    limits = state.limits
    after_loss = session.media_at > node.away_since + 0.5
    fresh = now - session.media_at < 2.0
    return after_loss and fresh and now - node.away_since < limits.media_lease_s


def _lose(state: BrokerState, session: Session, reason: Reason, now: float) -> None:
    placement_gone(state, session, PlacementEvent.LOSE, reason, now=now)


def check_session(state: BrokerState, session: Session, now: float) -> None:
    """End a session that starts or ends for too long, or that nobody attends."""
    if session.deadline is not None and now >= session.deadline:
        session.deadline = None
        if session.state is SessionState.ENDING:
            _lose(state, session, session.reason or Reason.WORKER_LOST, now)
            return
        end_session(state, session, Reason.START_TIMEOUT, now)
    elif session.unattended_since is not None:
        abandoned = now - session.unattended_since >= state.limits.abandon_s
        if abandoned or (session.reserved_until is not None and now >= session.reserved_until):
            end_session(state, session, Reason.ABANDONED, now)
