"""What is known of one session's player, as placement takes it: where they are near, and where they play already."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from session_broker.core.placing import NO_AFFINITY, Affinity, Decision
from session_broker.core.pools.records import Want
from session_broker.core.records import BrokerState, CatalogueTitle, Session
from session_broker.core.regions import Line
from wire.ids import NodeId
from wire.session_control import Coming


def nodes_of_account(state: BrokerState, session: Session) -> Mapping[NodeId, int]:
    """Return on which nodes the session's account plays, and how many sessions, as far as this replica knows."""
    here = (s.placement.node_id for s in state.sessions.of(session.player_id) if s.placement is not None)
    return Counter((*session.plays_beside, *here))


def affinity_of(
    state: BrokerState,
    title: CatalogueTitle,
    round_trips_ms: Mapping[str, float],
    line: Line,
    plays_on: Mapping[NodeId, int] = NO_AFFINITY.plays_on,
) -> Affinity:
    """Return which nodes are better than others for a session.

    Args:
        state: The live state.
        title: What is played.
        round_trips_ms: To regions, as the player's page has measured.
        line: In which regions it waits.
        plays_on: Sessions that the account has already, by their nodes.
    """
    pools, gpu = state.limits.fleet, title.needs.gpu
    comes = line is not None and pools is not None and pools.brings(gpu=gpu, line=line)
    if state.outlook.get(Want(gpu, line)) is Coming.NONE_FREE:
        comes = False
    return Affinity(round_trips_ms, line, comes, state.limits.regions.rtt_max_ms, plays_on)


def story_of(state: BrokerState, session: Session, decision: Decision, line: Line) -> dict[str, object]:
    """Return a decision with all that led to it, for the session's history."""
    story: dict[str, object] = {"node_id": decision.node_id, "refused": dict(decision.refused)}
    if decision.bytes_to_fetch:
        story["bytes_to_fetch"] = decision.bytes_to_fetch
    if decision.behind:
        story["behind"] = dict(decision.behind)
    if decision.region:
        story["region"] = decision.region
    if decision.round_trip_ms is not None:
        story["round_trip_ms"] = round(decision.round_trip_ms, 1)
        if decision.round_trip_ms > state.limits.regions.rtt_max_ms:
            waited = line is None and state.limits.regions.near(session.round_trips_ms) is not None
            story["far_because"] = "waited" if waited else "alone"
    return story
