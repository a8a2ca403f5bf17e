"""Feedback reports: when they leave, and what they say."""

from __future__ import annotations

import itertools

from tests.network.transport_feedback import REPORT_INTERVAL_US, FeedbackModel


def test_reports_come_every_62_ms_and_cover_each_number_once() -> None:
    model = FeedbackModel()
    assert model.next_us is None
    reported: list[tuple[int, int | None]] = []
    report_times: list[int] = []
    for seq in range(1000):
        now_us = 5_000_000 + seq * 1_100
        while model.next_us is not None and model.next_us <= now_us:
            report_times.append(model.next_us)
            feedback = model.report(model.next_us)
            assert feedback is not None
            reported += feedback.arrivals
        if seq % 10 != 7:
            model.on_packet(seq, now_us)
    assert report_times[0] == 5_029_000
    assert {after - before for before, after in itertools.pairwise(report_times)} == {REPORT_INTERVAL_US}
    assert [seq for seq, _ in reported] == list(range(len(reported)))
    assert len(reported) > 900
    assert all((us is None) == (seq % 10 == 7) for seq, us in reported)
    assert all(us is None or 0 <= 5_000_000 + seq * 1_100 - us < 250 for seq, us in reported)


def test_a_late_packet_has_what_follows_it_reported_again() -> None:
    model = FeedbackModel()
    for seq in (0, 1, 3, 4):
        model.on_packet(seq, seq * 1000)
    first = model.report(30_000)
    assert first is not None
    assert first.arrivals == ((0, 0), (1, 1000), (2, None), (3, 3000), (4, 4000))
    assert model.report(92_500) is None
    model.on_packet(2, 100_000)
    model.on_packet(5, 101_000)
    second = model.report(155_000)
    assert second is not None
    assert second.arrivals == ((2, 100_000), (3, 3000), (4, 4000), (5, 101_000))
    assert second.count == 1
