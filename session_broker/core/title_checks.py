"""Checks of publishers' titles on nodes: each takes a slot, but only one that no player waits for, and as long.

Which checks there are lies in the store; here is which of them run on nodes of this replica. A check that a node no
longer lists is forgotten, and the store's keeper decides whether it is tried again.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from session_broker.core.claims import save_node
from session_broker.core.effects import ToNode
from session_broker.core.fleet import Needs
from session_broker.core.placing import place
from session_broker.core.records import BrokerState, Node, archives_of
from session_broker.core.waiting import place_waiting, room_is_waited_for
from wire.errors import Reason
from wire.ids import NodeId, is_id
from wire.node_control import EndTitleCheck, StartTitleCheck
from wire.runtime_manifest import NO_RUNTIME, RuntimePin
from wire.sandbox import Trust
from wire.title_release import Release
from wire.version import TITLE_CHECKS_SINCE

ABSENT_HEARTBEATS = 2
"""Heartbeats in a row that must miss a check before it counts as gone; one may cross its start."""


@dataclass(frozen=True, slots=True)
class TitleCheck:
    """A check that is to be run."""

    check_id: str
    release: Release
    trust: Trust
    kind: str
    needs: Needs
    runtime: RuntimePin = NO_RUNTIME
    """What the node fetches beside the title."""


@dataclass(frozen=True, slots=True)
class Decision:
    """Where a check runs, or why it must wait."""

    node_id: NodeId | None
    reason: Reason | None


def decide(state: BrokerState, check: TitleCheck) -> Decision:
    """Say which node of ours could run a check now; changes nothing."""
    if len(state.queue) > len(state.sessions.waiting) or any(
        session.reason in (None, Reason.NO_ROOM) for session in state.sessions.waiting
    ):
        return Decision(None, Reason.NO_ROOM)
    here = [node for node in state.nodes.values() if state.fleet.is_ready(node.node_id)]
    able = [node for node in here if node.protocol >= TITLE_CHECKS_SINCE]
    fit = [node.node_id for node in able if node.capacity is not None and check.trust in node.capacity.checks]
    if not fit:
        return Decision(None, Reason.TITLE_UNTRUSTED if here else Reason.NO_NODE)
    release = check.release
    found = place(
        state.fleet, release.title_id, release.version, check.kind, state.draw(), check.needs,
        state.fleet.rows_of(fit), fetched=archives_of(release, check.runtime),
    )  # fmt: skip
    return Decision(found.node_id, found.reason)


def start(state: BrokerState, check: TitleCheck, node_id: NodeId) -> bool:
    """Take a slot of a node for a check, if it still has one; return whether it did."""
    node = state.nodes.get(node_id)
    if node is None or node.link is None or node.taken >= node.slots or not state.fleet.is_ready(node_id):
        return False
    _set_checks(state, node, {**node.checks, check.check_id: 0})
    state.emit(ToNode(node.link, StartTitleCheck(check.check_id, check.release, check.trust)))
    return True


def gives_way(state: BrokerState, check_id: str, now: float) -> bool:
    """Say whether a player waits for the slot that a check has."""
    node_id = running(state).get(check_id)
    return node_id is not None and room_is_waited_for(state, node_id, now)


def end(state: BrokerState, check_id: str, now: float) -> None:
    """Have a check ended, and give its slot to whoever waits."""
    for node in state.nodes.values():
        if check_id in node.checks:
            if node.link is not None:
                state.emit(ToNode(node.link, EndTitleCheck(check_id)))
            _set_checks(state, node, {each: absent for each, absent in node.checks.items() if each != check_id})
            place_waiting(state, now)


def running(state: BrokerState) -> dict[str, NodeId]:
    """Return the node of each check that runs here."""
    return {check_id: node.node_id for node in state.nodes.values() for check_id in node.checks}


def adopt(node: Node, listed: Iterable[str]) -> None:
    """Take what a node that dials in says it runs; the caller counts its slots."""
    node.checks = {check_id: 0 for check_id in listed if is_id(check_id, "chk")}


def take_heartbeat(state: BrokerState, node: Node, listed: Iterable[str]) -> bool:
    """Compare with what a node says it runs; return whether a slot became free."""
    there = frozenset(listed)
    counted = {check_id: 0 if check_id in there else absent + 1 for check_id, absent in node.checks.items()}
    kept = {check_id: absent for check_id, absent in counted.items() if absent < ABSENT_HEARTBEATS}
    freed = len(kept) < len(node.checks)
    if freed:
        _set_checks(state, node, kept)
    node.checks = kept
    if node.link is not None:
        # What was ended while the node did not listen runs on until it hears of it.
        strays = sorted(check_id for check_id in there - kept.keys() if is_id(check_id, "chk"))
        state.emit(*(ToNode(node.link, EndTitleCheck(check_id)) for check_id in strays))
    return freed


def lose(state: BrokerState, node: Node) -> None:
    """Forget the checks of a node that is lost."""
    if node.checks:
        _set_checks(state, node, {})


def _set_checks(state: BrokerState, node: Node, checks: dict[str, int]) -> None:
    node.checks = checks
    state.fleet.set_claims(node.node_id, node.taken)
    save_node(state, node)
