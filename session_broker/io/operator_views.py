"""Live records and database rows as operators read them. Players appear by their opaque ids only."""

from __future__ import annotations

from collections.abc import Iterable

from pydantic import BaseModel

from session_broker.core.nodes import clean_text
from session_broker.core.records import Node, Participant, Session
from session_broker.core.regions import NO_REGION, RegionRules
from session_broker.io.session_history import PastSession
from wire.node_control import SessionFigures
from wire.session_control import Role
from wire.title_manifest import TitleManifest


class NodeRow(BaseModel):
    """A node. What it measured of itself is null until it has dialled in."""

    node_id: str
    name: str
    state: str
    connected: bool
    heard_s: int
    """Whole seconds since it was last heard of."""
    drained: bool
    """Whether it shall take no more sessions."""
    slots: int
    slots_used: int
    cpu_cores: int | None
    cpu_percent: float
    memory_bytes: int | None
    memory_used_bytes: int
    encoders: list[str] | None
    encode_ms_720p: float | None
    gpus: list[str] | None
    sandbox: str | None
    missing_walls: list[str]
    region: str = ""
    """Where it says that it is; empty if it does not, or if a broker of an earlier version tells of it."""
    region_known: bool = False
    """Whether the operator has named such a region to this broker; a node in no known one counts as anywhere."""


class ParticipantRow(BaseModel):
    """Somebody at the table."""

    role: str
    number: int
    seats: list[int]
    has_tab: bool
    peer: str | None
    route: str | None
    """How this person's page says that it reaches the node."""


class Delays(BaseModel):
    """What the player's page measured, in milliseconds."""

    input_ms_p50: float | None
    input_ms_p95: float | None
    rtt_ms: float | None


class SessionRow(BaseModel):
    """A live session."""

    session_id: str
    title_id: str
    title_names: dict[str, str]
    player_id: str
    state: str
    reason: str | None
    node_id: str | None
    created_at_ms: int | None
    participants: list[ParticipantRow]
    figures: SessionFigures | None
    delays: Delays | None


class PastRow(BaseModel):
    """A session as the database remembers it."""

    session_id: str
    title_id: str
    title_version: str
    title_names: dict[str, str]
    player_id: str
    state: str
    reason: str | None
    created_at_ms: int
    ended_at_ms: int | None


def node_row(node: Node, regions: RegionRules, now: float) -> NodeRow:
    """Return what operators see of a node."""
    connected, capacity = node.link is not None, node.capacity
    return NodeRow(
        node_id=node.node_id,
        name=node.name,
        state=node.state,
        connected=connected,
        heard_s=max(0, int(now - (node.seen_at if connected else node.away_since))),
        drained=node.drained,
        slots=node.slots,
        slots_used=node.taken,
        cpu_cores=capacity.cpu_cores if capacity else None,
        cpu_percent=node.cpu_percent,
        memory_bytes=capacity.memory_bytes if capacity else None,
        memory_used_bytes=node.memory_used_bytes,
        encoders=[clean_text(name) for name in capacity.h264_encoders] if capacity else None,
        encode_ms_720p=capacity.encode_ms_720p if capacity else None,
        gpus=[clean_text(name) for name in capacity.gpus] if capacity else None,
        sandbox=clean_text(capacity.sandbox) if capacity else None,
        missing_walls=[clean_text(wall) for wall in capacity.missing_walls] if capacity else [],
        region=node.region,
        region_known=regions.known(node.region) != NO_REGION,
    )


def session_row(session: Session, created_at_ms: int | None) -> SessionRow:
    """Return what operators see of a live session."""
    placement = session.placement
    return SessionRow(
        session_id=session.session_id,
        title_id=session.title.title_id,
        title_names=dict(session.title.names),
        player_id=session.player_id,
        state=session.state,
        reason=session.reason,
        node_id=placement.node_id if placement else None,
        created_at_ms=created_at_ms,
        participants=[_participant_row(each) for each in session.participants.values()],
        figures=placement.figures if placement else None,
        delays=_delays(session.participants.values()),
    )


def _participant_row(participant: Participant) -> ParticipantRow:
    return ParticipantRow(
        role=participant.role,
        number=participant.number,
        seats=list(participant.seats),
        has_tab=participant.tab is not None,
        peer=participant.peer.state if participant.peer else None,
        route=participant.report.route if participant.report else None,
    )


def _delays(participants: Iterable[Participant]) -> Delays | None:
    """Return what the page of the first player who is there reports."""
    reports = [each.report for each in participants if each.role is Role.PLAYER and each.tab is not None]
    report = next((each for each in reports if each is not None), None)
    if report is None:
        return None
    return Delays(input_ms_p50=report.input_ms_p50, input_ms_p95=report.input_ms_p95, rtt_ms=report.rtt_ms)


def past_row(past: PastSession, titles: Iterable[TitleManifest]) -> PastRow:
    """Return what operators see of a session from the database; titles that are gone have their id for a name."""
    names = next((dict(title.names) for title in titles if title.id == past.title_id), {})
    return PastRow(
        session_id=past.session_id,
        title_id=past.title_id,
        title_version=past.title_version,
        title_names=names or {"en": past.title_id},
        player_id=past.player_id,
        state=past.state,
        reason=past.reason,
        created_at_ms=past.created_at_ms,
        ended_at_ms=past.ended_at_ms,
    )
