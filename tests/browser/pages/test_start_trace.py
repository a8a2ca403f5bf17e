"""One trace from the click to the first picture, as a collector gets it from real page, broker, agent and worker."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import Browser

from tests.support.chromium import play_page
from tests.support.deadlines import until
from tests.support.farplay_process import FarplayProcess
from tests.support.otlp_receiver import OtlpReceiver, ReceivedSpan, otlp_receiver
from tests.support.player import open_game, session_id, sign_in

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

IN_ORDER = (
    ("farplay-page", "page.play", ""),
    ("farplay-broker", "broker.create_session", "page.play"),
    ("farplay-broker", "broker.place_session", "page.play"),
    ("farplay-broker", "broker.start_session", "page.play"),
    ("farplay-node", "node.start_session", "broker.start_session"),
    ("farplay-node", "node.take_worker", "node.start_session"),
    ("farplay-worker", "worker.launch_title", "node.start_session"),
    ("farplay-worker", "worker.first_picture", "node.start_session"),
    ("farplay-broker", "broker.connect_peer", "page.play"),
    ("farplay-worker", "worker.encode_first_frame", "broker.start_session"),
)
"""Service, span and what it is a part of, by when they begin."""

ATTRIBUTES = {
    "farplay.session.id", "farplay.session.epoch", "farplay.title.id", "farplay.title.version", "farplay.node.id",
    "farplay.node.name", "farplay.shown_ms",
}  # fmt: skip
"""All that is told: nothing of who plays, or from where."""


def timeline(spans: list[ReceivedSpan]) -> str:
    begun = min(span.start_ns for span in spans)
    times = [((span.start_ns - begun) / 1e6, (span.end_ns - span.start_ns) / 1e6, span.name) for span in spans]
    return "\n".join(f"{start:8.1f} {took:8.1f} ms  {name}" for start, took, name in times)


async def test_a_click_is_one_trace_to_the_first_picture(tmp_path: Path, browser: Browser) -> None:
    with otlp_receiver() as collector:
        up = FarplayProcess(
            ["up", "--json", "--port", "0", "--data-dir", str(tmp_path / "data")], tmp_path / "up.log",
            OTEL_EXPORTER_OTLP_ENDPOINT=collector.url, OTEL_EXPORTER_OTLP_HEADERS="api-key=of-the-collector",
            OTEL_BSP_SCHEDULE_DELAY="100",
        )  # fmt: skip
        try:
            owner = await sign_in(browser, up)
            async with play_page(browser, signed_in=owner) as play:
                await open_game(play, up, "testcard")
                session = session_id(play)

                async def all_came() -> bool:
                    return len(collector.spans) >= len(IN_ORDER)

                await until(all_came, 10, "all spans")
        finally:
            assert up.stop() == 0, up.log_tail()
    check(collector, session)


def check(collector: OtlpReceiver, session: str) -> None:
    spans = sorted(collector.spans, key=lambda span: (span.start_ns, -span.end_ns))
    by_id = {span.span_id: span for span in spans}
    print(timeline(spans))
    assert len({span.trace_id for span in spans}) == 1
    told = {(s.service, s.name, by_id[s.parent_id].name if s.parent_id else "") for s in spans}
    assert told == set(IN_ORDER)
    assert len(spans) == len(IN_ORDER)
    # Where steps of one clock follow each other, it says so; the page has its own, and its peer comes at any time.
    others = ("page.play", "broker.connect_peer", "worker.encode_first_frame")
    steps = [span.name for span in spans if span.name not in others]
    assert steps == [name for _, name, _ in IN_ORDER if name in steps], timeline(spans)
    named = {span.name: span for span in spans}
    assert named["worker.first_picture"].end_ns <= named["broker.connect_peer"].end_ns
    assert all(span.start_ns <= span.end_ns and not span.failure for span in spans)
    assert all(span.attributes["farplay.session.id"] == session for span in spans)
    assert all(span.attributes["farplay.title.id"] == "testcard" for span in spans)
    assert str(named["broker.start_session"].attributes["farplay.node.id"]).startswith("node_")
    assert {key for span in spans for key in span.attributes} == ATTRIBUTES
    assert all(headers["api-key"] == "of-the-collector" for headers in collector.headers)
