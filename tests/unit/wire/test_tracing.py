"""What comes as a ``traceparent`` is taken only if it is one."""

from __future__ import annotations

import secrets

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wire.tracing import TRACEPARENT_CHARS, Service, TraceParent, new_trace, parse_traceparent, span_under

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


def test_the_example_of_the_standard() -> None:
    parent = parse_traceparent(f"00-{TRACE}-{SPAN}-01")
    assert parent == TraceParent(TRACE, SPAN)
    assert parent is not None
    assert (parent.text, len(parent.text)) == (f"00-{TRACE}-{SPAN}-01", TRACEPARENT_CHARS)
    assert parse_traceparent(f"00-{TRACE}-{SPAN}-00") == parent


@pytest.mark.parametrize(
    "text",
    [
        None, "", "x", f"01-{TRACE}-{SPAN}-01", f"00-{'0' * 32}-{SPAN}-01", f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-{SPAN}-01", f"00-{TRACE}-{SPAN}-01-more", f"00-{TRACE}-{SPAN}-01\n",
        f" 00-{TRACE}-{SPAN}-01", f"00-{TRACE}-{SPAN}", f"00-{TRACE[1:]}-{SPAN}-01", f"00-{TRACE}-{SPAN}-٠١",
        "00-" + "a" * 100_000,
    ],
)  # fmt: skip
def test_what_is_none_is_ignored(text: str | None) -> None:
    assert parse_traceparent(text) is None


@given(st.text(max_size=60) | st.from_regex(r"[0-9a-f]{2}-[0-9a-f]{30,33}-[0-9a-f]{15,17}-[0-9a-f]{2}"))
def test_only_what_is_written_the_same_way_is_read(text: str) -> None:
    parent = parse_traceparent(text)
    assert parent is None or parent.text[:-2] == text[:-2]


@given(st.binary(min_size=24, max_size=24))
def test_any_randomness_makes_a_trace_that_can_be_read(random: bytes) -> None:
    made = new_trace(lambda count: random[:count])
    assert parse_traceparent(made.text) == made


def test_a_part_lies_in_its_trace_and_does_not_end_before_it_begins() -> None:
    parent = TraceParent(TRACE, SPAN)
    span = span_under(parent, secrets.token_bytes, Service.NODE, "node.take_worker", 5.0, 4.0, {})
    assert (span.context.trace_id, span.parent_id, span.end_s) == (TRACE, SPAN, 5.0)
    assert span.context.span_id != SPAN
