"""Every state with every event, against tables that are written out here a second time on purpose."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from itertools import product
from typing import Any

import pytest

from session_broker.core import node_table, peer_table, placement_table, session_table
from session_broker.core.node_table import NodeEvent, NodeState
from session_broker.core.peer_table import PeerEvent
from session_broker.core.placement_table import PlacementEvent
from session_broker.core.session_table import SessionEvent
from session_broker.core.transitions import IllegalTransition
from wire.session_control import PeerState, SessionState
from wire.worker_control import PlacementState

EXPECTED: list[tuple[type[StrEnum], type[StrEnum], Callable[[Any, Any], StrEnum], dict[str, dict[str, str]]]] = [
    (
        SessionState,
        SessionEvent,
        session_table.transition,
        {
            "queued": {"place": "placing", "end": "ended"},
            "placing": {"no_room": "queued", "claim": "starting", "end": "ended"},
            "starting": {
                "serve": "running",
                "end": "ending",
                "placement_lost": "queued",
                "placement_gone": "ended",
            },
            "running": {
                "pause": "paused",
                "suspend": "suspended",
                "end": "ending",
                "placement_lost": "queued",
                "placement_gone": "ended",
            },
            "paused": {
                "resume": "running",
                "suspend": "suspended",
                "end": "ending",
                "placement_lost": "queued",
                "placement_gone": "ended",
            },
            "suspended": {"place": "placing", "end": "ended"},
            "ending": {"placement_gone": "ended"},
            "ended": {},
        },
    ),
    (
        PlacementState,
        PlacementEvent,
        placement_table.transition,
        {
            "preparing": {"serve": "serving", "supersede": "superseded", "lose": "lost", "release": "released"},
            "serving": {"supersede": "superseded", "lose": "lost", "release": "released"},
            "superseded": {"lose": "lost", "release": "released"},
            "lost": {},
            "released": {},
        },
    ),
    (
        PeerState,
        PeerEvent,
        peer_table.transition,
        {
            "invited": {"answer": "connecting", "lose": "lost", "leave": "left"},
            "connecting": {"connect": "connected", "lose": "lost", "leave": "left"},
            "connected": {"lose": "lost", "leave": "left"},
            "lost": {},
            "left": {},
        },
    ),
    (
        NodeState,
        NodeEvent,
        node_table.transition,
        {
            "registering": {"hello": "ready", "lose": "lost"},
            "ready": {"hello": "ready", "drain": "draining", "lose": "lost"},
            "draining": {"hello": "draining", "undrain": "ready", "lose": "lost"},
            "lost": {"hello": "ready"},
        },
    ),
]

CASES = [
    pytest.param(transition, state, event, steps[state].get(event), id=f"{states.__name__}-{state}-{event}")
    for states, events, transition, steps in EXPECTED
    for state, event in product(states, events)
]


def test_a_session_is_served_where_it_runs_or_stands_still() -> None:
    steps = EXPECTED[0][3]
    assert {state for state in SessionState if {"pause", "resume"} & steps[state].keys()} == session_table.SERVED


@pytest.mark.parametrize(("transition", "state", "event", "after"), CASES)
def test_state_and_event(
    transition: Callable[[Any, Any], StrEnum], state: StrEnum, event: StrEnum, after: str | None
) -> None:
    if after is not None:
        assert transition(state, event) == after
        return
    with pytest.raises(IllegalTransition) as refused:
        transition(state, event)
    assert (refused.value.state, refused.value.event) == (state, event)
