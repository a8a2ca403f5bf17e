"""Requests for a session as the first of the broker's spans."""

from __future__ import annotations

import secrets

from session_broker.core.records import Asked
from session_broker.io.clock import monotonic_s
from wire.tracing import Service, Span, SpanSink, new_trace, parse_traceparent, span_under

NAME = "broker.create_session"


class RequestTrace:
    """A request that is traced, from its arrival on.

    What a browser names as its own span is taken if it is one, and else a trace begins here.
    """

    def __init__(self, traceparent: str | None, on_span: SpanSink) -> None:
        self._on_span = on_span
        self._theirs = parse_traceparent(traceparent)
        self.asked = Asked(self._theirs or new_trace(secrets.token_bytes), monotonic_s())

    def made(self, session_id: str, title_id: str) -> None:
        """Record the request: it made this session."""
        start_s, end_s, trace = self.asked.at, monotonic_s(), self.asked.trace
        about = {"farplay.session.id": session_id, "farplay.title.id": title_id}
        if self._theirs is None:
            self._on_span(Span(Service.BROKER, NAME, trace, None, start_s, end_s, about))
        else:
            self._on_span(span_under(trace, secrets.token_bytes, Service.BROKER, NAME, start_s, end_s, about))
