"""The broker's part of a trace from the click to the first picture; nothing happens for a session without one.

A trace ends with the page's word that a picture was shown. What happens to the session later is no part of it.
"""

from __future__ import annotations

from session_broker.core.effects import Traced
from session_broker.core.records import HOST_NUMBER, Asked, BrokerState, Participant, Peer, Placement, Session
from wire.errors import Reason
from wire.tracing import AttributeValue, Service, Span, TraceParent, new_span_id, span_under


def begin(session: Session, asked: Asked | None) -> None:
    """Let a new session's start be traced, if the request for it is."""
    if asked is not None:
        session.trace, session.trace_begun_at = asked.trace, asked.at


def placed(state: BrokerState, session: Session, placement: Placement, now: float) -> None:
    """Note that a slot is claimed: the wait for it is over, and the start on the node begins."""
    if session.trace is None:
        return
    placement.claimed_at = now
    placement.trace = TraceParent(session.trace.trace_id, new_span_id(state.entropy))
    if placement.epoch == 1:
        about = _about(session) | {"farplay.node.id": placement.node_id}
        _emit(state, session.trace, "broker.place_session", begun_at(state, session), now, about)


def served(state: BrokerState, session: Session, placement: Placement, now: float, failed: Reason | None) -> None:
    """Note that a placement serves its session, or is over before it ever did."""
    if session.trace is None or placement.trace is None or placement.claimed_at is None:
        return
    about = _about(session) | {"farplay.node.id": placement.node_id, "farplay.session.epoch": placement.epoch}
    state.emit(
        Traced(
            Span(
                Service.BROKER, "broker.start_session", placement.trace, session.trace.span_id,
                placement.claimed_at, now, about, failed,
            )
        )
    )  # fmt: skip
    placement.trace = None


def connected(state: BrokerState, session: Session, participant: Participant, peer: Peer, now: float) -> None:
    """Note that the host's page has its connection to the game."""
    if session.trace is None or participant.number != HOST_NUMBER:
        return
    _emit(state, session.trace, "broker.connect_peer", peer.opened_at, now, _about(session))


def shown(
    state: BrokerState, session: Session, told: TraceParent | None, *, asked_s: float, shown_s: float, now: float
) -> None:
    """Take the host's page's word for its first picture; one that names another trace is not heard.

    Args:
        state: The live state.
        session: The session.
        told: The span by which the page asked for the session.
        asked_s: Seconds from the click until it asked.
        shown_s: Seconds from the click to the picture.
        now: Monotonic seconds.
    """
    if told is None or told != session.trace:
        return
    # The page's clock is its own, so its figures are laid to what the broker saw: nothing may begin before the click.
    start_s = min(now - shown_s, begun_at(state, session) - asked_s)
    about = _about(session) | {"farplay.shown_ms": round(shown_s * 1000.0, 1)}
    state.emit(Traced(Span(Service.PAGE, "page.play", told, None, start_s, now, about)))
    session.trace = None


def begun_at(state: BrokerState, session: Session) -> float:
    """Return when a session was asked for, in monotonic seconds, here or at another replica."""
    if session.trace_begun_at is not None:
        return session.trace_begun_at
    return (session.queued_at_ms - state.clock_offset_ms) / 1000.0


def _about(session: Session) -> dict[str, AttributeValue]:
    title = session.title
    return {
        "farplay.session.id": session.session_id,
        "farplay.title.id": title.title_id,
        "farplay.title.version": title.version,
    }


def _emit(
    state: BrokerState,
    parent: TraceParent,
    name: str,
    start_s: float,
    end_s: float,
    about: dict[str, AttributeValue],
) -> None:
    state.emit(Traced(span_under(parent, state.entropy, Service.BROKER, name, start_s, end_s, about)))
