"""Hypothesis strategies for events: whatever a worker may send, as the SDK sees it."""

from __future__ import annotations

from hypothesis import strategies as st

from farplay_sdk.events import Event
from farplay_sdk.inputs import SEATS
from render_node.title.device_events import sdk_event
from tests.unit.wire.wire_values import EVENTS as INPUT_EVENTS

EVENTS: st.SearchStrategy[Event] = st.builds(
    lambda seat, event: sdk_event(seat, event.payload), st.integers(0, SEATS - 1), INPUT_EVENTS
)
TICKS = st.lists(st.lists(EVENTS, max_size=4), max_size=30)
