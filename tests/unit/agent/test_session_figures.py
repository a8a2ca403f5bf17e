from __future__ import annotations

from render_node.agent.core.session_figures import FiguresBook
from wire.limits import FIGURES_PER_HEARTBEAT
from wire.node_control import FROM_NODE, Heartbeat, SessionFigures
from wire.schema import decode, encode
from wire.worker_control import WorkerStats


def test_rates_come_from_two_counts() -> None:
    book = FiguresBook()
    book.take("ses_a", WorkerStats(1, frames_captured=100, sent_bytes=1_000_000), 10.0)
    book.take("ses_a", WorkerStats(2, 220, sent_bytes=3_000_000, encode_ms_p50=4.444, encode_ms_p99=9.0), 12.0)
    assert book.report(["ses_a"]) == (SessionFigures("ses_a", 2, 60.0, 8_000_000, 4.44, 9.0),)


def test_counts_that_fall_or_lie_never_cost_the_heartbeat() -> None:
    book = FiguresBook()
    book.take("ses_a", WorkerStats(frames_captured=100, sent_bytes=5000), 1.0)
    book.take("ses_a", WorkerStats(-4, 10, sent_bytes=10, encode_ms_p50=-1.0, encode_ms_p99=1e300), 2.0)
    book.take("ses_a", WorkerStats(2**50, 2**53, sent_bytes=2**53), 2.0)
    (figures,) = book.report(["ses_a"])
    assert (figures.fps, figures.sent_bps) == (0.0, 0.0)
    heartbeat = Heartbeat((), figures=(figures,))
    assert decode(encode(heartbeat), FROM_NODE) == heartbeat


def test_sessions_that_are_gone_are_forgotten_and_all_others_get_their_turn() -> None:
    book = FiguresBook()
    many = [f"ses_{n}" for n in range(FIGURES_PER_HEARTBEAT + 10)]
    for name in [*many, "ses_gone"]:
        book.take(name, WorkerStats(1), 1.0)
    first, second = (book.report(many) for _ in range(2))
    assert len(first) == len(second) == FIGURES_PER_HEARTBEAT
    assert {f.session_id for f in (*first, *second)} == set(many)
    assert book.report([]) == ()
    assert book.report(["ses_gone"]) == ()
