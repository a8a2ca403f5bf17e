"""Sessions that wait: the queue of all replicas as this one knows it, and placing who is next.

Other replicas' sessions are in the queue like our own. One that comes before ours and that a node has room for takes
that room, in thought: its own replica places it there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from session_broker.core import placing, session_table, start_trace
from session_broker.core.claims import save_node, set_claim
from session_broker.core.effects import AppendEvent, Count, Tally
from session_broker.core.fleet import Flags
from session_broker.core.nearness import affinity_of, nodes_of_account, story_of
from session_broker.core.ownership import hand_over
from session_broker.core.placing import Affinity
from session_broker.core.pools.records import Outlook, Want
from session_broker.core.queue import PRIORITY_MAX, Places, Waiting
from session_broker.core.records import BrokerState, CatalogueTitle, Node, Placement, Session
from session_broker.core.regions import Line
from session_broker.core.session_steps import (
    move_session,
    news_of,
    save_placement,
    save_session,
    send_start,
    tell_tabs,
)
from session_broker.core.session_table import SessionEvent
from session_broker.core.turnover import Standing
from wire.errors import Reason, WireError
from wire.ids import NodeId, PlayerId, SessionId, TitleId
from wire.session_control import Coming

THOUGHT_OF_S = 4.0
"""Seconds for which room is kept for a session of another replica: a few of its looks."""


def standings(state: BrokerState, now: float) -> dict[SessionId, Standing]:
    """Return where everybody stands; ``now`` in monotonic seconds."""
    places, standing = Places(), {}
    for entry, line in state.queue.in_lines(state.database_ms(now)):
        standing[entry.session_id] = state.turnover.standing(places.next(line), line, now)
    return standing


def see_queue(state: BrokerState, waiting: Iterable[Waiting], playing: Mapping[PlayerId, int]) -> None:
    """Take the sessions of other replicas: those that wait, and how many of each account do not."""
    # One that has come over since the look at the rows is ours, whatever they said.
    distant = {entry.session_id: entry for entry in waiting if entry.session_id not in state.sessions}
    for gone in [each for each in state.queue.ids() if each not in state.sessions and each not in distant]:
        state.queue.remove(gone)
    for entry in distant.values():
        state.queue.put(entry)
    before, state.distant_playing = state.distant_playing, playing
    for player_id in list(state.queue.accounts()):
        if before.get(player_id, 0) != playing.get(player_id, 0):
            state.queue.recount(player_id)
    state.thought_of_since = {each: since for each, since in state.thought_of_since.items() if each in distant}
    state.distant_sessions = len(distant) + sum(playing.values())


def see_outlook(state: BrokerState, outlook: Outlook, now: float) -> None:
    """Take what those who wait may hope for of the fleet, and tell them."""
    state.outlook = outlook
    tell_queue(state, now)


def note_departures(state: BrokerState, now: float) -> None:
    """Count who has left the queue since the last look."""
    there = {entry.session_id: line for entry, line in state.queue.in_lines(state.database_ms(now))}
    gone = Counter(line for session_id, line in state.waited.items() if session_id not in there)
    for line, departures in gone.items():
        state.turnover.note(line, departures, now)
    state.turnover.keep(frozenset(there.values()), now)
    state.waited = there


def set_priority(state: BrokerState, session: Session, priority: int, now: float) -> None:
    """Let a session wait less or more than others; one that no longer waits only remembers it.

    Raises:
        WireError: ``malformed`` for a priority out of range.
    """
    if not 0 <= priority <= PRIORITY_MAX:
        raise WireError(Reason.MALFORMED, f"a priority is from 0 to {PRIORITY_MAX}")
    session.priority = priority
    state.sessions.note(session)
    save_session(state, session)
    data: dict[str, object] = {"priority": priority}
    state.emit(AppendEvent(session.session_id, session.tenant_id, "priority", None, data))
    place_waiting(state, now)


def place_waiting(state: BrokerState, now: float) -> None:
    """Try to place every session of ours that waits, in the order of the whole queue."""
    if not state.sessions.waiting:
        return
    hopeless: set[tuple[TitleId, Line]] = set()
    try:
        for entry, line in state.queue.in_lines(state.database_ms(now)):
            session = state.sessions.get(entry.session_id)
            wish = (entry.title_id, line)
            if wish in hopeless and (session is None or session.decided is not None):
                continue
            placed = _think_of(state, entry, line, now) if session is None else _place(state, session, line, now)
            if not placed:
                hopeless.add(wish)
    finally:
        state.fleet.free_reserved()
    tell_queue(state, now)


def room_is_waited_for(state: BrokerState, node_id: NodeId, now: float) -> bool:
    """Say whether somebody waits whom a node of ours lacks nothing to take but room."""
    row = state.fleet.rows_of([node_id])
    looked_at: set[tuple[TitleId, str, Line]] = set()
    for entry, line in state.queue.in_lines(state.database_ms(now)):
        session = state.sessions.get(entry.session_id)
        title = state.titles.get(entry.title_id) if session is None else session.title
        if title is None or (wish := (title.title_id, title.version, line)) in looked_at:
            continue
        looked_at.add(wish)
        affinity = affinity_of(state, title, entry.round_trips_ms, line)
        if str(Reason.NO_ROOM) in _place_title(state, title, affinity, row).refused:
            return True
    return False


def tell_queue(state: BrokerState, now: float) -> None:
    """Count those who wait for room, and tell whoever waits for another reason or at another place than before."""
    places = Places()
    for entry, line in state.queue.in_lines(state.database_ms(now)) if state.sessions.waiting else ():
        session = state.sessions.get(entry.session_id)
        if session is None:
            places.next(line)
            continue
        session.coming = _coming(state, session, line)
        waits_for_room = session.reason is Reason.NO_ROOM or session.coming is not None
        session.place = places.next(line) if waits_for_room else None
        if news_of(state, session) != session.told:
            tell_tabs(state, session)


def _coming(state: BrokerState, session: Session, line: Line) -> Coming | None:
    """Return what the fleet does for a session that waits: a node that it brings may lack something else."""
    if session.reason not in placing.ENDED_BY_A_NODE:
        return None
    return state.outlook.get(Want(session.title.needs.gpu, line))


def _think_of(state: BrokerState, entry: Waiting, line: Line, now: float) -> bool:
    """Keep the room that another replica's session would take, for as long as this step looks at the queue.

    One whose replica does not place it though we see room, because it sees things otherwise or is gone, is thought of
    for a while only: room must not stand empty.
    """
    title = state.titles.get(entry.title_id)
    if title is None or now - state.thought_of_since.setdefault(entry.session_id, now) >= THOUGHT_OF_S:
        return True
    affinity = affinity_of(state, title, entry.round_trips_ms, line)
    node_id = _place_title(state, title, affinity).node_id
    if node_id is None:
        del state.thought_of_since[entry.session_id]
        return False
    state.fleet.reserve(node_id)
    return True


def _place(state: BrokerState, session: Session, line: Line, now: float) -> bool:
    decision = _decide(state, session, line)
    written = (decision.node_id, decision.reason, tuple(sorted(decision.refused.items())))
    if written != session.decided:
        session.decided = written
        data = story_of(state, session, decision, line)
        state.emit(AppendEvent(session.session_id, session.tenant_id, "placement", decision.reason, data))
        state.emit(Count(Tally.PLACEMENT, str(decision.reason or "placed")))
    distant = state.distant.get(decision.node_id) if decision.node_id is not None else None
    if distant is not None:
        hand_over(state, session, distant)
        return True
    session.state = session_table.transition(session.state, SessionEvent.PLACE)
    if decision.node_id is None:
        session.state = session_table.transition(session.state, SessionEvent.NO_ROOM)
        if session.reason is not decision.reason:
            session.reason = decision.reason
            save_session(state, session)
        return False
    _claim(state, session, state.nodes[decision.node_id], now)
    return True


def _decide(state: BrokerState, session: Session, line: Line) -> placing.Decision:
    affinity = affinity_of(state, session.title, session.round_trips_ms, line, nodes_of_account(state, session))
    if session.came_over:
        here = _place_title(state, session.title, affinity, state.fleet.rows_of(state.nodes))
        if here.node_id is not None:
            return here
    return _place_title(state, session.title, affinity)


def _place_title(
    state: BrokerState, title: CatalogueTitle, affinity: Affinity, among: Flags | None = None
) -> placing.Decision:
    return placing.place(
        state.fleet,
        title.title_id,
        title.version,
        title.kind,
        state.draw(),
        title.needs,
        among,
        fetched=title.fetched(),
        affinity=affinity,
    )


def _claim(state: BrokerState, session: Session, node: Node, now: float) -> None:
    session.epoch += 1
    session.placement = Placement(session.epoch, node.node_id)
    session.deadline = now + state.limits.start_timeout_s
    if session.reason is not None and session.unattended_since is not None:
        session.reserved_until = now + state.limits.reserve_s  # It had to wait, and whoever waited may have gone.
    set_claim(state, node, session.session_id, session.epoch)
    start_trace.placed(state, session, session.placement, now)
    move_session(state, session, SessionEvent.CLAIM, now=now)
    save_placement(state, session, session.placement)
    save_node(state, node)
    send_start(state, session, node)
