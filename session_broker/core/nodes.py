"""What nodes do: dial in, report, go silent, come back. A node can touch only sessions that are placed on it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from ipaddress import ip_address

from session_broker.core import node_table, start_trace, title_checks
from session_broker.core.claims import drop_claim, save_node, set_claim
from session_broker.core.effects import CLOSE_REFUSED, CloseLink, Count, LinkKey, NodeOffer, Tally, ToNode
from session_broker.core.node_loss import link_gone, lose
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
    NodeCapacity,
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
    beside: NodeId | None = None,
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
        beside: The node on the same machine in whose place it has come, while that may still run sessions.
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
    node.protocol, node.successors = protocol, hello.successors
    node.capacity, node.check_port = hello.capacity, _reachable(hello.check_port)
    node.state = node_table.transition(node.state, NodeEvent.HELLO)
    if node.drained and node.state is NodeState.READY:
        node.state = node_table.transition(node.state, NodeEvent.DRAIN)
    titles = [(t.title_id, t.version) for t in hello.titles]
    known = {(title.title_id, title.version) for title in state.titles.values()}
    kinds = set(KINDS).intersection(hello.capacity.title_kinds)
    # Only what the catalogue knows: a node must not make the fleet remember words of its own.
    node.titles = tuple(sorted(known.intersection(titles)))
    node.region = clean_text(hello.region)
    state.fleet.describe(node_id, hello.capacity, kinds, node.titles, state.limits.regions.known(node.region))
    if beside is not None:
        state.fleet.set_former(node_id, beside)
    _take_archives(state, node, hello.archives)
    state.emit(ToNode(link, NodeWelcome(protocol, node_id, key, state.limits.heartbeat_s)))
    # Nothing new goes there before it is agreed what runs there.
    state.fleet.set_ready(node_id, False)
    title_checks.adopt(node, hello.checks)
    _adopt(state, node, hello.sessions, now)
    state.fleet.set_ready(node_id, node.state is NodeState.READY)
    save_node(state, node, _offer(node, hello.capacity))
    place_waiting(state, now)


def _offer(node: Node, capacity: NodeCapacity) -> NodeOffer:
    return NodeOffer(capacity, node.titles, node.check_port, node.archives, node.region)


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
    node.claims = {session_id: report.epoch for session_id, report in listed.items()}
    mine = [s for s in state.sessions.values() if s.placement is not None and s.placement.node_id == node.node_id]
    for session in mine:
        set_claim(state, node, session.session_id, session.epoch)
    state.fleet.set_claims(node.node_id, node.taken)
    for session in mine:
        report = listed.get(session.session_id)
        if report is not None and report.epoch == session.epoch:
            if report.state is PlacementState.RELEASED:
                continue  # It ended while no broker listened; why is what the node says next.
            _take_listed(state, node, session, report, now)
            if session.state in SERVED:
                tell_whole_table(state, session)
                reopen_invited(state, session, now)
        elif session.state is SessionState.STARTING:
            send_start(state, session, node)  # The request may have been lost with the old link.
        else:
            epoch = session.epoch
            lose(state, session, now)
            drop_claim(state, node.node_id, session.session_id, epoch)
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
        if session.session_id in node.claims:
            return None  # It was taken from this node, which still has to end what it runs of it.
        raise WireError(Reason.FORBIDDEN, "this session is not on this node")
    return session


def _take_heartbeat(state: BrokerState, node: Node, heartbeat: Heartbeat, now: float) -> None:
    node.cpu_percent, node.memory_used_bytes = heartbeat.cpu_percent, heartbeat.memory_used_bytes
    if heartbeat.archives is not None and node.capacity is not None:
        _take_archives(state, node, heartbeat.archives)
        save_node(state, node, _offer(node, node.capacity))
    for figures in heartbeat.figures:
        told = state.sessions.get(SessionId(figures.session_id))
        if told is not None and told.placement is not None and told.placement.node_id == node.node_id:
            told.placement.figures = figures
            told.performance.note(figures)
    listed = {SessionId(r.session_id): r for r in heartbeat.sessions if is_id(r.session_id, "ses")}
    freed = title_checks.take_heartbeat(state, node, heartbeat.checks)
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
        start_trace.served(state, session, placement, now, None)
    if session.state is SessionState.STARTING:
        session.deadline = None
        move_session(state, session, SessionEvent.SERVE, now=now)
        reopen_invited(state, session, now)
    if session.state is SessionState.RUNNING and paused:
        move_session(state, session, SessionEvent.PAUSE, now=now)
    elif session.state is SessionState.PAUSED and not paused:
        move_session(state, session, SessionEvent.RESUME, now=now)


def _take_peer_message(state: BrokerState, node: Node, message: NodePeerOffer | NodePeerState, now: float) -> None:
    session = _own_session(state, node, message.session_id)
    if session is None:
        state.emit(Count(Tally.NODE_STRAY, message.TYPE))
    elif isinstance(message, NodePeerOffer):
        take_offer(state, session, message)
    else:
        take_peer_state(state, session, message, now)


def handle_gone(state: BrokerState, link: LinkKey, now: float) -> None:
    """A node's socket closed."""
    node_id = state.links.pop(link, None)
    if node_id is not None:
        link_gone(state, state.nodes[node_id], now)


def check_session(state: BrokerState, session: Session, now: float) -> None:
    """End a session that starts or ends for too long, or that nobody attends."""
    if session.deadline is not None and now >= session.deadline:
        session.deadline = None
        if session.state is SessionState.ENDING:
            reason = session.reason or Reason.WORKER_LOST
            placement_gone(state, session, PlacementEvent.LOSE, reason, now=now)
            return
        end_session(state, session, Reason.START_TIMEOUT, now)
    elif session.unattended_since is not None:
        abandoned = now - session.unattended_since >= state.limits.abandon_s
        if abandoned or (session.reserved_until is not None and now >= session.reserved_until):
            end_session(state, session, Reason.ABANDONED, now)
