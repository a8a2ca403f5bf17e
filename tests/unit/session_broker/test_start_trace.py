"""The broker's spans of a start: what each is a part of, when they begin and end, and that nobody can add to them."""

from __future__ import annotations

import pytest

from session_broker.core.effects import LinkKey, SaveSession, TabKey, Traced
from session_broker.core.records import Asked, Session
from tests.support.coordinator_bench import PLAYER, Bench
from wire.errors import Reason, WireError
from wire.ids import NodeId
from wire.node_control import NodePeerOffer, NodePeerState, OpenNodePeer, PlacementNews, StartSession
from wire.session_control import Answer, Offer, OpenPeer, PeerState
from wire.tracing import Span, TraceParent, parse_traceparent
from wire.worker_control import PlacementState

PAGE = TraceParent("a" * 32, "b" * 16)
OTHER = TraceParent("a" * 32, "c" * 16)


class TracedBench(Bench):
    """A bench that keeps every span."""

    def __init__(self) -> None:
        super().__init__()
        self.spans: list[Span] = []

    def drain(self) -> list:  # type: ignore[type-arg]
        effects = super().drain()
        self.spans += [effect.span for effect in effects if isinstance(effect, Traced)]
        return effects

    def named(self, name: str) -> Span:
        (found,) = [span for span in self.spans if span.name == name]
        return found

    def click(self, asked: Asked | None) -> Session:
        made, _ = self.coordinator.create_session(PLAYER, "testcard", self.now, asked=asked)
        self.drain()
        return made

    def shown(self, session: Session, told: TraceParent | None, asked_s: float, shown_s: float) -> None:
        self.coordinator.first_picture_shown(session.session_id, told, asked_s=asked_s, shown_s=shown_s, now=self.now)
        self.drain()


def connect(bench: Bench, link: LinkKey, tab: TabKey) -> None:
    bench.tab_says(tab, OpenPeer(("H264",)))
    (opened,) = bench.to_node(OpenNodePeer)
    bench.now += 0.2
    bench.node_says(link, NodePeerOffer(opened.session_id, opened.peer_id, "v=0"))
    (offer,) = bench.to_tab(Offer)
    bench.tab_says(tab, Answer(offer.peer_id, offer.ticket, "v=0"))
    bench.node_says(link, NodePeerState(opened.session_id, opened.peer_id, PeerState.CONNECTED))


def test_a_start_from_the_request_to_the_picture() -> None:
    bench = TracedBench()
    session = bench.click(Asked(PAGE, bench.now - 0.1))
    saved = [effect for effect in bench.effects if isinstance(effect, SaveSession)]
    assert {row.traceparent for row in saved} == {PAGE.text}
    bench.now += 3.0
    link = bench.node()
    (command,) = bench.to_node(StartSession)
    bench.now += 0.5
    bench.node_reports(link, session, PlacementState.SERVING)
    tab = bench.tab(session)
    bench.now += 0.1
    connect(bench, link, tab)
    bench.now += 0.3
    bench.shown(session, PAGE, asked_s=0.05, shown_s=3.9)
    placed, started = bench.named("broker.place_session"), bench.named("broker.start_session")
    connected, played = bench.named("broker.connect_peer"), bench.named("page.play")
    assert [span.name for span in bench.spans] == [placed.name, started.name, connected.name, played.name]
    assert parse_traceparent(command.traceparent) == started.context
    assert {span.parent_id for span in (placed, started, connected)} == {PAGE.span_id}
    assert (played.context, played.parent_id) == (PAGE, None)
    assert {span.context.trace_id for span in bench.spans} == {PAGE.trace_id}
    assert (placed.start_s, placed.end_s) == (99.9, 103.0)
    assert (started.start_s, started.end_s) == (103.0, 103.5)
    assert (connected.start_s, connected.end_s) == pytest.approx((103.6, 103.8))
    # The page's figures are 0.25 s behind what the broker saw, which counts: nothing begins before the click.
    assert (played.start_s, played.end_s) == pytest.approx((99.85, 104.1))
    assert played.attributes["farplay.shown_ms"] == 3900.0


def test_a_page_is_heard_once_and_only_of_its_own_trace() -> None:
    bench = TracedBench()
    bench.node()
    session = bench.click(Asked(PAGE, bench.now))
    for told in (None, OTHER, TraceParent("c" * 32, PAGE.span_id)):
        bench.shown(session, told, 0.0, 1.0)
    assert [span.name for span in bench.spans] == ["broker.place_session"]
    bench.shown(session, PAGE, 0.0, 1.0)
    bench.shown(session, PAGE, 0.0, 1.0)
    assert [span.name for span in bench.spans] == ["broker.place_session", "page.play"]
    with pytest.raises(WireError) as refused:
        bench.shown(Session(session.session_id[:-1], session.tenant_id, PLAYER, session.title), PAGE, 0.0, 1.0)  # type: ignore[arg-type]
    assert refused.value.reason is Reason.UNKNOWN_SESSION


def test_what_is_not_traced_makes_no_spans() -> None:
    bench = TracedBench()
    link = bench.node()
    session = bench.click(None)
    connect_after_start(bench, link, session)
    bench.shown(session, PAGE, 0.0, 1.0)
    assert bench.spans == []


def connect_after_start(bench: Bench, link: LinkKey, session: Session) -> None:
    bench.node_reports(link, session, PlacementState.SERVING)
    connect(bench, link, bench.tab(session))


def test_a_resumed_session_is_no_part_of_a_second_trace() -> None:
    bench = TracedBench()
    session = bench.click(Asked(PAGE, bench.now))
    again = bench.click(Asked(OTHER, bench.now))
    assert again is session
    assert session.trace == PAGE


def test_a_start_that_fails_says_why() -> None:
    bench = TracedBench()
    link = bench.node()
    session = bench.click(Asked(PAGE, bench.now))
    bench.now += 1.0
    bench.node_says(
        link, PlacementNews(session.session_id, session.epoch, PlacementState.RELEASED, Reason.TITLE_CRASHED)
    )
    failed = bench.named("broker.start_session")
    assert (failed.failure, failed.end_s) == (Reason.TITLE_CRASHED, bench.now)


def test_a_start_that_begins_anew_elsewhere_is_told_twice() -> None:
    bench = TracedBench()
    link = bench.node("node_a")
    session = bench.click(Asked(PAGE, bench.now))
    (first,) = bench.to_node(StartSession)
    bench.coordinator.node_gone(link, bench.now)
    bench.node("node_b")
    bench.wait(2.0)
    (second,) = bench.to_node(StartSession)
    lost, *_ = (span for span in bench.spans if span.name == "broker.start_session")
    assert (lost.failure, lost.attributes["farplay.node.id"]) == (Reason.NODE_LOST, NodeId("node_a"))
    assert session.placement is not None
    assert second.traceparent != first.traceparent
    assert parse_traceparent(second.traceparent) == session.placement.trace
    assert [span.name for span in bench.spans].count("broker.place_session") == 1


def test_a_replica_that_takes_a_start_over_goes_on_with_its_trace() -> None:
    bench = TracedBench()
    session = bench.click(Asked(PAGE, bench.now))
    session.trace_begun_at = None
    session.queued_at_ms = bench.now_ms - 2_000
    bench.node()
    assert bench.named("broker.place_session").start_s == bench.now - 2.0
