"""Single steps of sessions and placements: the table's transition, the rows, what tabs and nodes are told."""

from __future__ import annotations

from session_broker.core import placement_table, session_table
from session_broker.core.effects import (
    AppendEvent,
    SaveInterval,
    SaveParticipant,
    SavePlacement,
    SaveSession,
    ToNode,
    ToTab,
)
from session_broker.core.placement_table import PlacementEvent
from session_broker.core.records import BrokerState, Node, Participant, Placement, Session
from session_broker.core.session_table import SessionEvent
from wire.errors import Reason
from wire.node_control import ChosenOption, StartSession
from wire.session_control import SessionState, StateNews


def save_participant(state: BrokerState, session: Session, participant: Participant, *, left: bool = False) -> None:
    """Write a participant's row."""
    state.emit(
        SaveParticipant(
            participant.participant_id, session.tenant_id, session.session_id, participant.player_id,
            participant.role, participant.seats, participant.number, left,
        )
    )  # fmt: skip


def save_session(state: BrokerState, session: Session) -> None:
    """Write a session's row."""
    state.emit(
        SaveSession(
            session.session_id, session.tenant_id, session.player_id, session.title.title_id, session.title.version,
            session.state, session.reason, session.detail, session.epoch, session.queued_at_ms, session.priority,
            session.options, session.round_trips_ms,
            session.trace.text if session.trace is not None else None,
            session.running_since_ms,
        )
    )  # fmt: skip


def news_of(state: BrokerState, session: Session) -> StateNews:
    """Return what tabs are told of a session."""
    node = state.nodes.get(session.placement.node_id) if session.placement is not None else None
    region = state.limits.regions.known(node.region) or None if node is not None else None
    return StateNews(session.state, session.reason, session.detail, session.place, session.coming, region)


def tell_tabs(state: BrokerState, session: Session) -> None:
    """Send the session's state to all of its tabs."""
    news = session.told = news_of(state, session)
    tabs = [p.tab for p in session.participants.values() if p.tab is not None]
    state.emit(*(ToTab(tab, news, session.session_id) for tab in tabs))


def move_session(
    state: BrokerState,
    session: Session,
    event: SessionEvent,
    reason: Reason | None = None,
    detail: str = "",
    *,
    now: float,
) -> None:
    """Take one step of the session's table, write it down, in the ledger if play ends with it, and tell the tabs.

    Raises:
        IllegalTransition: the step is not in the table; nothing has changed.
    """
    session.state = session_table.transition(session.state, event)
    state.sessions.note(session)
    session.reason, session.detail, session.place, session.coming = reason, detail, None, None
    _keep_ledger(state, session, now)
    save_session(state, session)
    state.emit(AppendEvent(session.session_id, session.tenant_id, str(session.state), reason))
    tell_tabs(state, session)


def _keep_ledger(state: BrokerState, session: Session, now: float) -> None:
    """Note when play begins, and enter it when it ends; a session that is paused, waits or ends is not played."""
    at_ms, began_at_ms = state.database_ms(now), session.running_since_ms
    if session.state is SessionState.RUNNING:
        session.running_since_ms = at_ms if began_at_ms is None else began_at_ms
        return
    session.running_since_ms = None
    if began_at_ms is None or session.placement is None:
        return
    title, placement = session.title, session.placement
    state.emit(
        SaveInterval(
            session.session_id, began_at_ms, max(began_at_ms, at_ms), session.tenant_id, session.player_id,
            title.title_id, title.version, placement.node_id, placement.epoch, session.state, session.reason,
        )
    )  # fmt: skip


def move_placement(
    state: BrokerState, session: Session, placement: Placement, event: PlacementEvent, reason: Reason | None = None
) -> None:
    """Take one step of the placement's table and write it down.

    Raises:
        IllegalTransition: the step is not in the table; nothing has changed.
    """
    placement.state = placement_table.transition(placement.state, event)
    save_placement(state, session, placement, reason)


def save_placement(state: BrokerState, session: Session, placement: Placement, reason: Reason | None = None) -> None:
    """Write a placement's row."""
    state.emit(
        SavePlacement(
            session.session_id, placement.epoch, session.tenant_id, placement.node_id, placement.state, reason
        )
    )


def send_start(state: BrokerState, session: Session, node: Node) -> None:
    """Ask the node to start the session; it may be asked again with the same epoch."""
    if node.link is not None:
        title, options = session.title, tuple(ChosenOption(*each) for each in session.options.items())
        message = StartSession(
            session.session_id, session.epoch, title.title_id, title.version, session.player_id, title.release,
            options, _traceparent(session),
        )  # fmt: skip
        state.emit(ToNode(node.link, message))


def _traceparent(session: Session) -> str | None:
    """Return what the node's part of a session's start hangs on: the broker's, or where that began elsewhere, all."""
    begun_here = session.placement.trace if session.placement is not None else None
    parent = begun_here or session.trace
    return parent.text if parent is not None else None
