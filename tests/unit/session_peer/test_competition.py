"""Telling a queue that is ours from one that somebody else fills."""

from __future__ import annotations

from render_node.session.core.competition import (
    FOREIGN_QUEUE_US,
    PATIENCE_US,
    TEST_EVERY_US,
    Competition,
    QueueReport,
)

REPORT_US = 62_500
CAPACITY_BPS = 4e6
RTT_US = 20_000
MAX_BPS = 20e6


class Bottleneck:
    """A queue that drains as we let it, or that somebody holds at its length."""

    def __init__(self, queue_us: int, *, held: bool) -> None:
        self.queue_us, self.held = queue_us, held
        self.now_us = 0
        self.competition = Competition()
        self.competition.note_calm(3.8e6)

    def report(self, rate_bps: float, *, lost: bool = False) -> QueueReport:
        self.now_us += REPORT_US
        sent_bytes = round(rate_bps * REPORT_US / 8e6)
        change_us = 0 if self.held else round(sent_bytes * 8e6 / CAPACITY_BPS - REPORT_US)
        change_us = max(change_us, -self.queue_us)
        self.queue_us += change_us
        return QueueReport(
            queue_us=self.queue_us,
            queue_change_us=change_us,
            elapsed_us=REPORT_US,
            sent_bytes=sent_bytes,
            capacity_bps=CAPACITY_BPS,
            cycle_us=RTT_US + self.queue_us,
            lost_us=self.now_us - 1 if lost else None,
        )

    def watch(self, rate_bps: float, seconds: float) -> bool:
        return any(
            self.competition.watch(self.report(rate_bps), self.now_us)
            for _ in range(round(seconds * 1e6 / REPORT_US))
        )

    def compete(self, seconds: float, *, loss_every: int = 0) -> list[float]:
        """Return the rates until it ends or the time is over."""
        rates = [2e6]
        for index in range(1, round(seconds * 1e6 / REPORT_US)):
            lost = bool(loss_every) and index % loss_every == 0
            rate_bps = self.competition.rate_bps(self.report(rates[-1], lost=lost), self.now_us, max_bps=MAX_BPS)
            if rate_bps is None:
                break
            rates.append(rate_bps)
        return rates


def test_a_queue_of_our_own_drains_and_is_not_suspected() -> None:
    assert not Bottleneck(100_000, held=False).watch(1e6, 3)


def test_a_queue_that_does_not_drain_is_somebody_elses_but_not_at_once() -> None:
    bottleneck = Bottleneck(100_000, held=True)
    assert not bottleneck.watch(1e6, PATIENCE_US / 1e6)
    assert bottleneck.watch(1e6, 0.3)
    assert bottleneck.competition.is_active


def test_a_queue_that_we_feed_in_full_proves_nothing() -> None:
    assert not Bottleneck(100_000, held=True).watch(CAPACITY_BPS, 5)


def test_a_short_queue_is_left_alone() -> None:
    assert not Bottleneck(FOREIGN_QUEUE_US - 1, held=True).watch(1e6, 5)


def test_the_rate_grows_and_falls_with_loss_as_tcp_does() -> None:
    bottleneck = Bottleneck(100_000, held=True)
    bottleneck.watch(1e6, 2)
    grown = bottleneck.compete(3)
    assert grown[-1] > 1.3 * grown[1]
    cut = bottleneck.compete(3, loss_every=8)
    assert min(cut) < 0.75 * grown[-1]
    assert bottleneck.compete(60)[-1] <= MAX_BPS


def test_several_losses_of_one_moment_are_one_cut() -> None:
    bottleneck = Bottleneck(100_000, held=True)
    bottleneck.watch(1e6, 2)
    bottleneck.compete(1)
    report = bottleneck.report(2e6, lost=True)
    first = bottleneck.competition.rate_bps(report, bottleneck.now_us, max_bps=MAX_BPS)
    again = bottleneck.competition.rate_bps(report, bottleneck.now_us, max_bps=MAX_BPS)
    assert first is not None
    assert again is not None
    assert again >= first


def test_it_ends_when_the_queue_is_gone() -> None:
    bottleneck = Bottleneck(100_000, held=True)
    bottleneck.watch(1e6, 2)
    bottleneck.held, bottleneck.queue_us = False, 0
    assert len(bottleneck.compete(2)) < 12
    assert not bottleneck.competition.is_active


def test_it_ends_when_a_test_shows_that_the_queue_is_our_own() -> None:
    bottleneck = Bottleneck(400_000, held=True)
    bottleneck.watch(1e6, 2)
    bottleneck.held = False
    began_us = bottleneck.now_us
    rate_bps: float | None = CAPACITY_BPS
    while rate_bps is not None and bottleneck.now_us - began_us < 4 * TEST_EVERY_US:
        report = bottleneck.report(rate_bps)
        rate_bps = bottleneck.competition.rate_bps(report, bottleneck.now_us, max_bps=CAPACITY_BPS)
    assert rate_bps is None
    assert bottleneck.queue_us > 100_000, "not because it was empty"


def test_tests_find_a_competitor_still_there() -> None:
    bottleneck = Bottleneck(100_000, held=True)
    bottleneck.watch(1e6, 2)
    rates = bottleneck.compete(30, loss_every=40)
    assert bottleneck.competition.is_active
    assert len(rates) > 400
