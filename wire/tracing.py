"""A trace of one start, from the click to the first picture: what travels between processes, and what a span is.

Spans are plain records, which ``farplay/trace_export.py`` exports. They name sessions, nodes and titles, never
a person. Source: W3C Trace Context, level 1.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

TRACEPARENT_CHARS = 55
"""Of a ``traceparent`` of version 00, the only one that there is."""

TRACE_ID_BYTES = 16
SPAN_ID_BYTES = 8

_TRACEPARENT = re.compile(r"00-(?P<trace>[0-9a-f]{32})-(?P<span>[0-9a-f]{16})-[0-9a-f]{2}")


@dataclass(frozen=True, slots=True)
class TraceParent:
    """The span that others hang on."""

    trace_id: str
    """32 lower-case hex digits, not all zero."""
    span_id: str
    """16 lower-case hex digits, not all zero."""

    @property
    def text(self) -> str:
        """Return it as the header ``traceparent`` has it; what is carried on is always recorded."""
        return f"00-{self.trace_id}-{self.span_id}-01"


def parse_traceparent(text: str | None) -> TraceParent | None:
    """Return the span that a ``traceparent`` names; None for anything that is none, which the standard has us ignore.

    The flags do not count: whether a trace is recorded is for the side that records to say.
    """
    match = _TRACEPARENT.fullmatch(text or "")
    if match is None or not int(match["trace"], 16) or not int(match["span"], 16):
        return None
    return TraceParent(match["trace"], match["span"])


class Service(StrEnum):
    """Which part of Farplay a span tells of."""

    PAGE = "farplay-page"
    BROKER = "farplay-broker"
    NODE = "farplay-node"
    WORKER = "farplay-worker"


AttributeValue: TypeAlias = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Span:
    """Something that took time."""

    service: Service
    name: str
    context: TraceParent
    """Its own ids."""
    parent_id: str | None
    """Of the span that it is a part of; None for the first."""
    start_s: float
    """Monotonic seconds of the machine that recorded it."""
    end_s: float
    attributes: Mapping[str, AttributeValue] = field(default_factory=dict)
    failure: str | None = None
    """The reason why it did not come to its end."""


SpanSink: TypeAlias = Callable[[Span], None]
"""Takes spans and never raises, waits or blocks."""


def new_span_id(entropy: Callable[[int], bytes]) -> str:
    """Return the id of a new span, of secure random bytes."""
    return _not_zero(entropy(SPAN_ID_BYTES))


def new_trace(entropy: Callable[[int], bytes]) -> TraceParent:
    """Return the first span of a trace that begins here."""
    return TraceParent(_not_zero(entropy(TRACE_ID_BYTES)), new_span_id(entropy))


def _not_zero(random: bytes) -> str:
    # All zero stands for none, and fakes of randomness do give it.
    return random.hex() if any(random) else (b"\x01" * len(random)).hex()


def span_under(
    parent: TraceParent,
    entropy: Callable[[int], bytes],
    service: Service,
    name: str,
    start_s: float,
    end_s: float,
    attributes: Mapping[str, AttributeValue],
) -> Span:
    """Return a finished span that is a part of another."""
    context = TraceParent(parent.trace_id, new_span_id(entropy))
    return Span(service, name, context, parent.span_id, start_s, max(start_s, end_s), attributes)
