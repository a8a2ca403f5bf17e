"""Where traces go, and what a collector that is gone or hangs costs."""

from __future__ import annotations

import os
import socket
import sys
import time
from subprocess import run

import pytest

from farplay import trace_export
from farplay.failures import CommandFailure
from farplay.trace_export import FLUSH_S, exporting
from farplay.trace_variables import forget_headers, traces_endpoint
from tests.support.deadlines import patient
from tests.support.otlp_receiver import otlp_receiver
from wire.tracing import Service, Span, TraceParent

BASE, TRACES = "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
COLLECTOR = "http://collector:4318"
SPAN = Span(
    Service.BROKER, "broker.start_session", TraceParent("a" * 32, "b" * 16), "c" * 16, 1.0, 2.5,
    {"farplay.node.id": "node_a"}, "title_crashed",
)  # fmt: skip


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for the last spans for as long as a busy machine may take."""
    monkeypatch.setattr(trace_export, "FLUSH_S", patient(10.0))


@pytest.mark.parametrize(
    ("environment", "endpoint"),
    [
        ({}, None),
        ({BASE: ""}, None),
        ({BASE: COLLECTOR}, f"{COLLECTOR}/v1/traces"),
        ({BASE: f"{COLLECTOR}/in/"}, f"{COLLECTOR}/in/v1/traces"),
        ({BASE: COLLECTOR, TRACES: "https://[2001:db8::1]/here"}, "https://[2001:db8::1]/here"),
        ({BASE: COLLECTOR, "OTEL_SDK_DISABLED": "TRUE"}, None),
        ({BASE: COLLECTOR, "OTEL_TRACES_EXPORTER": "none"}, None),
        ({BASE: COLLECTOR, "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}, f"{COLLECTOR}/v1/traces"),
    ],
)
def test_the_standard_variables_say_where_traces_go(environment: dict[str, str], endpoint: str | None) -> None:
    assert traces_endpoint(environment) == endpoint


@pytest.mark.parametrize(
    "url", ["collector:4318", "grpc://collector", "http://", "http://a:b", "http://[", "http://a:0"]
)
def test_what_is_no_url_is_refused_by_its_name(url: str) -> None:
    with pytest.raises(CommandFailure, match=BASE) as refused:
        traces_endpoint({BASE: url})
    assert "http://localhost:4318" in refused.value.advice


def test_another_protocol_is_refused() -> None:
    with pytest.raises(CommandFailure, match="grpc") as refused:
        traces_endpoint({BASE: COLLECTOR, "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"})
    assert "4318" in refused.value.advice


@pytest.mark.usefixtures("unhurried")
def test_a_span_arrives_as_it_was_recorded() -> None:
    before_ns = time.time_ns() - time.monotonic_ns()
    with otlp_receiver() as collector, exporting(f"{collector.url}/v1/traces", "attic") as take:
        assert take is not None
        take(SPAN)
    (span,) = collector.spans
    assert (span.service, span.name, span.failure) == ("farplay-broker", SPAN.name, "title_crashed")
    assert (span.trace_id, span.span_id, span.parent_id) == ("a" * 32, "b" * 16, "c" * 16)
    assert span.attributes == {"farplay.node.id": "node_a"}
    assert span.end_ns - span.start_ns == 1_500_000_000
    assert abs(span.start_ns - before_ns - 1_000_000_000) < 60e9


def test_without_a_collector_nothing_is_exported() -> None:
    with exporting(None, "attic") as take:
        assert take is None


DEAF = """
import sys, time
from farplay.trace_export import exporting
from wire.tracing import Service, Span, TraceParent
with exporting(sys.argv[1], "attic") as take:
    begun_s = time.monotonic()
    for _ in range(1_000):
        take(Span(Service.BROKER, "place", TraceParent("a" * 32, "b" * 16), None, 1.0, 2.5))
    print(time.monotonic() - begun_s)
"""
"""A process whose spans nobody takes. It is one of its own, since the exporter's thread tries on until that ends."""


def test_a_collector_that_hangs_delays_nothing_and_holds_no_end_up() -> None:
    small = {**os.environ, "OTEL_BSP_MAX_QUEUE_SIZE": "64", "OTEL_BSP_MAX_EXPORT_BATCH_SIZE": "8"}
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}/v1/traces"
        begun_s = time.monotonic()
        ended = run([sys.executable, "-c", DEAF, url], env=small, capture_output=True, text=True, check=True)
        taken_s = time.monotonic() - begun_s
    assert float(ended.stdout.splitlines()[-1]) < patient(1.0)
    assert taken_s < FLUSH_S + patient(2.5), "the exporter by itself would try for ten seconds"


@pytest.mark.usefixtures("unhurried")
def test_a_fault_of_a_span_is_nobody_elses() -> None:
    with otlp_receiver() as collector, exporting(f"{collector.url}/v1/traces", "attic") as take:
        assert take is not None
        take(Span(Service.NODE, "broken", TraceParent("not hex", ""), None, 1.0, 2.0))
        take(SPAN)
    assert [span.name for span in collector.spans] == [SPAN.name]


def test_children_inherit_no_key_of_the_collector(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "api-key=secret")
    forget_headers()
    assert "OTEL_EXPORTER_OTLP_HEADERS" not in os.environ


@pytest.mark.parametrize("part", ["farplay.roles", "session_broker.io.serve", "render_node.agent.io.agent_main"])
def test_the_sdk_is_not_imported_where_nothing_is_traced(part: str) -> None:
    words = f"import {part}, sys; sys.exit('opentelemetry.sdk' in sys.modules)"
    assert run([sys.executable, "-c", words], check=False).returncode == 0
