"""Hands spans to an OpenTelemetry collector, over OTLP by HTTP, from a thread of its own.

What waits is bounded (OTEL_BSP_MAX_QUEUE_SIZE, 2,048 spans): beyond it spans are left out, so a collector that hangs
or is gone costs a session nothing. The SDK is imported only where traces are wanted.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import structlog

from farplay import version
from wire.tracing import Service, Span, SpanSink

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import SpanProcessor

FLUSH_S = 1.0
"""Seconds that the last spans may take to be handed over when their process ends."""

CLOCK_SET_NS = 1_000_000
"""Change of the clock from which on it was set, and not only read at another moment."""

log = structlog.get_logger()


@contextlib.contextmanager
def exporting(endpoint: str | None, instance: str) -> Iterator[SpanSink | None]:
    """Take spans until the block ends.

    Args:
        endpoint: URL that takes OTLP traces; None exports nothing.
        instance: Name of the machine.

    Yields:
        What takes spans, in any thread; None if nothing is exported.
    """
    if endpoint is None:
        yield None
        return
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    processor = BatchSpanProcessor(OTLPSpanExporter(endpoint))
    export = TraceExport(processor, instance)
    log.info("traces_exported", endpoint=endpoint)
    try:
        yield export.take
    finally:
        # A daemon, since it may wait for the collector for longer than anybody wants to wait for an end.
        ending = threading.Thread(target=processor.shutdown, name="last traces", daemon=True)
        ending.start()
        ending.join(FLUSH_S)


class TraceExport:
    """Makes OpenTelemetry's spans of ours. The processor stays the caller's."""

    def __init__(self, processor: SpanProcessor, instance: str) -> None:
        from opentelemetry.sdk.resources import SERVICE_INSTANCE_ID, SERVICE_NAME, SERVICE_VERSION, Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.id_generator import IdGenerator

        class GivenIds(IdGenerator):
            """The ids that our spans have already."""

            trace_id = span_id = 0

            def generate_trace_id(self) -> int:
                return self.trace_id

            def generate_span_id(self) -> int:
                return self.span_id

        self._ids = GivenIds()
        self._lock = threading.Lock()
        self._offset_ns = 0
        self._tracers = {}
        for service in Service:
            about = {SERVICE_NAME: str(service), SERVICE_VERSION: version(), SERVICE_INSTANCE_ID: instance}
            provider = TracerProvider(resource=Resource.create(about), id_generator=self._ids, shutdown_on_exit=False)
            provider.add_span_processor(processor)
            self._tracers[service] = provider.get_tracer("farplay", version())

    def take(self, span: Span) -> None:
        """Export a span, sooner or later; see ``SpanSink``."""
        try:
            self._take(span)
        except Exception:
            log.exception("span_not_exported", span=span.name)

    def _wall_offset_ns(self) -> int:
        """Return Unix time less monotonic time, the same until a clock is set, so that spans of one start fit."""
        offset_ns = time.time_ns() - time.monotonic_ns()
        if abs(offset_ns - self._offset_ns) > CLOCK_SET_NS:
            self._offset_ns = offset_ns
        return self._offset_ns

    def _take(self, span: Span) -> None:
        from opentelemetry import trace

        wall_ns = self._wall_offset_ns()
        parent = trace.set_span_in_context(trace.INVALID_SPAN)
        if span.parent_id is not None:
            context = trace.SpanContext(
                int(span.context.trace_id, 16), int(span.parent_id, 16), is_remote=True,
                trace_flags=trace.TraceFlags(trace.TraceFlags.SAMPLED),
            )  # fmt: skip
            parent = trace.set_span_in_context(trace.NonRecordingSpan(context))
        with self._lock:
            self._ids.trace_id, self._ids.span_id = int(span.context.trace_id, 16), int(span.context.span_id, 16)
            made = self._tracers[span.service].start_span(
                span.name, parent, attributes=span.attributes, start_time=wall_ns + int(span.start_s * 1e9)
            )
        if span.failure is not None:
            made.set_status(trace.StatusCode.ERROR, span.failure)
        made.end(wall_ns + int(span.end_s * 1e9))
