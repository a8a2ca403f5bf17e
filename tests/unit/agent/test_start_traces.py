"""A node's spans of a start, and what a worker may add to them."""

from __future__ import annotations

import secrets
from dataclasses import replace

from render_node.agent.core.start_traces import TRACES_MAX, NodeStep, StartTraces
from wire.errors import Reason
from wire.node_control import PlacementNews, StartSession
from wire.tracing import Service, Span, TraceParent
from wire.worker_control import PlacementState, StartStep, WorkerStep

BROKER = TraceParent("a" * 32, "b" * 16)
ASK = StartSession("ses_a", 2, "chess", "1.0.0", "plr_secret", traceparent=BROKER.text)
SERVING = PlacementNews("ses_a", 2, PlacementState.SERVING)


class Bench:
    def __init__(self) -> None:
        self.spans: list[Span] = []
        self.traces = StartTraces(self.spans.append, "attic", secrets.token_bytes)

    def step(self, step: StartStep, start_s: float, end_s: float, now: float) -> None:
        self.traces.take_step("ses_a", WorkerStep(step, int(start_s * 1e6), int(end_s * 1e6)), now)


def test_a_start_step_by_step() -> None:
    bench = Bench()
    bench.traces.take_command(ASK, 10.0)
    assert bench.traces.follows("ses_a")
    bench.traces.end_step("ses_a", NodeStep.FETCH_TITLE, 11.0)
    bench.traces.end_step("ses_a", NodeStep.TAKE_WORKER, 11.5)
    bench.step(StartStep.LAUNCH_TITLE, 11.5, 12.0, 12.0)
    bench.step(StartStep.FIRST_PICTURE, 12.0, 13.0, 13.0)
    bench.traces.note_news(SERVING, 13.0)
    bench.traces.note_news(SERVING, 13.5)
    bench.step(StartStep.ENCODE_FIRST_FRAME, 13.25, 13.5, 14.0)
    told = {span.name: (span.start_s, span.end_s) for span in bench.spans}
    assert told == {
        "node.fetch_title": (10.0, 11.0), "node.take_worker": (11.0, 11.5), "worker.launch_title": (11.5, 12.0),
        "worker.first_picture": (12.0, 13.0), "node.start_session": (10.0, 13.0),
        "worker.encode_first_frame": (13.25, 13.5),
    }  # fmt: skip
    assert len(bench.spans) == len(told)
    own = next(span for span in bench.spans if span.name == "node.start_session")
    assert own.parent_id == BROKER.span_id
    parents = {span.name: span.parent_id for span in bench.spans if span is not own}
    assert parents.pop("worker.encode_first_frame") == BROKER.span_id
    assert set(parents.values()) == {own.context.span_id}
    assert {span.service for span in bench.spans} == {Service.NODE, Service.WORKER}
    assert "plr_secret" not in str(bench.spans)
    assert not bench.traces.follows("ses_a")


def test_what_a_worker_says_is_bounded_by_what_the_agent_saw() -> None:
    bench = Bench()
    bench.traces.take_command(ASK, 10.0)
    bench.step(StartStep.LAUNCH_TITLE, 0.0, 1e9, 11.0)
    bench.step(StartStep.LAUNCH_TITLE, 10.0, 11.0, 12.0)
    bench.step(StartStep.FIRST_PICTURE, 1e9, 0.0, 12.0)
    assert [(span.start_s, span.end_s) for span in bench.spans] == [(10.0, 11.0), (12.0, 12.0)]


def test_a_start_that_fails_or_is_refused_says_why_and_is_forgotten() -> None:
    bench = Bench()
    bench.traces.take_command(ASK, 10.0)
    bench.traces.note_news(PlacementNews("ses_a", 2, PlacementState.PREPARING), 10.0)
    bench.traces.note_news(PlacementNews("ses_a", 2, PlacementState.RELEASED, Reason.TITLE_CRASHED), 12.0)
    (failed,) = bench.spans
    assert (failed.name, failed.failure) == ("node.start_session", Reason.TITLE_CRASHED)
    assert not bench.traces.follows("ses_a")


def test_what_the_broker_does_not_trace_is_not_followed() -> None:
    bench = Bench()
    for text in (None, "nonsense", f"00-{'0' * 32}-{'b' * 16}-01"):
        bench.traces.take_command(replace(ASK, traceparent=text), 10.0)
    bench.traces.note_news(SERVING, 11.0)
    assert bench.spans == []
    silent = StartTraces(None, "attic", secrets.token_bytes)
    silent.take_command(ASK, 10.0)
    assert not silent.follows("ses_a")


def test_no_more_starts_are_followed_than_may_be() -> None:
    bench = Bench()
    for number in range(TRACES_MAX + 1):
        bench.traces.take_command(replace(ASK, session_id=f"ses_{number}"), 10.0)
    followed = [number for number in range(TRACES_MAX + 1) if bench.traces.follows(f"ses_{number}")]
    assert followed == list(range(1, TRACES_MAX + 1))
