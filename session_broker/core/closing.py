"""Players whose machine goes out of service are told how long it gives them, whenever that is decided or changes."""

from __future__ import annotations

from session_broker.core.effects import ToTab
from session_broker.core.records import BrokerState, Node, Session, Tab
from wire.limits import CLOSING_MAX_MS
from wire.session_control import Closing
from wire.version import CLOSING_SINCE


def tell_closing(state: BrokerState, node: Node, now: float) -> None:
    """Tell everybody who plays or watches on a node until when it runs, or that it runs on."""
    news = Closing(_left_ms(state, node, now))
    for tab in state.tabs.values():
        session = state.sessions[tab.session_id]
        if session.placement is not None and session.placement.node_id == node.node_id:
            _tell(state, tab, session, news)


def tell_newcomer(state: BrokerState, tab: Tab, session: Session, now: float) -> None:
    """Tell a tab that has just come, if its session's machine is about to close."""
    node = state.nodes.get(session.placement.node_id) if session.placement is not None else None
    if node is not None and node.drain_until_ms is not None:
        _tell(state, tab, session, Closing(_left_ms(state, node, now)))


def _tell(state: BrokerState, tab: Tab, session: Session, news: Closing) -> None:
    if tab.protocol >= CLOSING_SINCE:
        state.emit(ToTab(tab.key, news, session.session_id))


def _left_ms(state: BrokerState, node: Node, now: float) -> int | None:
    if node.drain_until_ms is None:
        return None
    return min(max(0, node.drain_until_ms - state.database_ms(now)), CLOSING_MAX_MS)
