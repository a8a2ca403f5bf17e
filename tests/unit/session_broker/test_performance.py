"""What is kept of how a session did."""

from __future__ import annotations

from session_broker.core.effects import AppendEvent
from session_broker.core.performance import Performance
from tests.support.coordinator_bench import Bench
from wire.errors import Reason
from wire.node_control import Heartbeat, PlacementNews, RunningSession, SessionFigures
from wire.worker_control import PlacementState


def test_means_the_lowest_and_the_longest_are_kept() -> None:
    performance = Performance()
    assert performance.summary() is None
    for peers, fps in ((0, 1.0), (1, 60.0), (2, 30.0)):
        performance.note(SessionFigures("ses_a", peers, fps, 100.0 * fps, fps / 10, fps / 5))
    assert performance.summary() == {
        "samples": 2, "fps_mean": 45.0, "fps_min": 30.0, "sent_bps_mean": 4500, "encode_ms_p50_mean": 4.5,
        "encode_ms_p99_max": 12.0,
    }  # fmt: skip


def test_it_is_written_down_when_the_session_has_ended() -> None:
    bench = Bench()
    link, session = bench.node(), bench.session()
    serving = RunningSession(session.session_id, session.epoch, PlacementState.SERVING)
    figures = SessionFigures(session.session_id, 1, 60.0, 8e6, 5.0, 9.0)
    bench.node_says(link, Heartbeat((serving,), figures=(figures,)))
    gone = PlacementNews(session.session_id, session.epoch, PlacementState.RELEASED, Reason.TITLE_CRASHED)
    written = [e for e in bench.node_says(link, gone) if isinstance(e, AppendEvent) and e.event == "performance"]
    assert [(e.session_id, e.data["samples"], e.data["fps_mean"]) for e in written] == [(session.session_id, 1, 60.0)]
