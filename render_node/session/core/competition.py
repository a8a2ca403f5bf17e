"""Beside somebody who fills the queue whatever we do: noticing it, and taking a fair share all the same.

A sender that keeps the queue short starves beside one that stops only at loss (TCP Cubic and the like): it cuts, and
the other takes what it left. The sign is a queue that does not drain although we send less than we get through. Then
there is nothing to be gained from a low rate, and a window is steered as TCP Cubic does it, with a cut at loss while
the queue is long. Now and then we send less for a moment: if the queue then falls as fast as it must when nobody else
fills it, the other has gone.

Source: RFC 9438 §4.2-4.6 with Reno's growth as the least; testing a queue by draining it is as in Copa's
mode switch (Arun and Balakrishnan, NSDI 2018 §4).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

FOREIGN_QUEUE_US = 40_000
"""Standing queue that is worth a suspicion. At a shorter one the usual rule keeps more than half of a fair share, and
two senders that follow it make a standing queue of about 20 ms."""

QUEUE_MIN_US = 15_000
"""A standing queue shorter than this needs no competing."""

PROOF_US = 60_000
"""Time's worth of queue that must have drained, had we been alone, before the watch says anything."""

PATIENCE_US = 1_000_000
"""Time for which a long queue must not have drained: others may cut as we do, a little later, and a path that became
longer is known as such after half of it (``queue_delay``)."""

FOREIGN_RATIO, OWN_RATIO = 0.35, 0.75
"""Part of the expected drain that was seen: below the first others fill the queue, above the second nobody does."""

SEGMENT_BITS_US = 1_500 * 8e6
"""A segment in bits, times the microseconds of a second: windows are in segments, as in the RFC."""

DECREASE = 0.7
CUBIC_SCALE = 0.4
CUBIC_GROWTH_MAX = 1.1
"""Most that the window grows with one report."""

CYCLE_WEIGHT = 0.1
"""Part of the newest round trip in the smoothed one; the queue swings with our own rate, which must not follow it."""

ENTRY_SHARE = 0.5
"""Part of the rate before the queue grew with which competing begins: half, as there are two."""

TEST_EVERY_US = 5_000_000
TEST_EVERY_MAX_US = 20_000_000
TEST_US = 300_000
TEST_SHARE = 0.7
"""Every five seconds a third less is sent for a moment; less often if leaving proved wrong."""

TESTS_TO_LEAVE = 2
RELAPSE_US = 10_000_000
"""Competing again within this time after leaving: the test was misled."""

EMPTY_US = 300_000
"""A queue that stays short for this long is filled by nobody; a loss-based sender's hardly empties when it cuts."""


@dataclass(slots=True)
class DrainWatch:
    """Compares how a queue drains with how it would if we were alone."""

    expected_us: float = 0.0
    seen_us: float = 0.0

    def add(self, *, elapsed_us: int, sent_bytes: int, capacity_bps: float, queue_change_us: int) -> None:
        """Take the packets of one report.

        Args:
            elapsed_us: Between the sending of the newest packets of the report before and of this one.
            sent_bytes: Sent in that time.
            capacity_bps: What gets through.
            queue_change_us: Of the standing queue between the two.
        """
        change_us = sent_bytes * 8e6 / capacity_bps - elapsed_us
        if change_us < 0:
            self.expected_us -= change_us
            self.seen_us -= queue_change_us

    @property
    def ratio(self) -> float | None:
        """Part of the expected drain that was seen; None before there is enough to tell."""
        return self.seen_us / self.expected_us if self.expected_us >= PROOF_US else None


class Competition:
    """Whether we compete, and the rate while we do."""

    def __init__(self) -> None:
        self.is_active = False
        self._watch = DrainWatch()
        self._watched_us: int | None = None
        self._calm_bps = 0.0
        self._window = 0.0
        self._window_max = 0.0
        self._rate_bps = 0.0
        self._cycle_us = 0.0
        self._peak_queue_us = 0
        self._cut_us = 0
        self._reported_us = 0
        self._empty_since_us: int | None = None
        self._tested_us = 0
        self._test_every_us = TEST_EVERY_US
        self._own_results = 0
        self._left_us: int | None = None

    def note_calm(self, rate_bps: float) -> None:
        """There is no queue to speak of at this rate."""
        self._calm_bps = rate_bps
        self._watch = DrainWatch()

    def watch(self, report: QueueReport, now_us: int) -> bool:
        """Take a report while the queue should drain; return whether competing begins."""
        if report.queue_us < FOREIGN_QUEUE_US:
            self._watch, self._watched_us = DrainWatch(), None
            return False
        if self._watched_us is None:
            self._watched_us = now_us
        self._watch.add(
            elapsed_us=report.elapsed_us,
            sent_bytes=report.sent_bytes,
            capacity_bps=report.capacity_bps,
            queue_change_us=report.queue_change_us,
        )
        ratio = self._watch.ratio
        if ratio is None or now_us - self._watched_us < PATIENCE_US:
            return False
        if ratio >= FOREIGN_RATIO:
            self._watch, self._watched_us = DrainWatch(), None
            return False
        self._enter(report, now_us)
        return True

    def _enter(self, report: QueueReport, now_us: int) -> None:
        relapsed = self._left_us is not None and now_us - self._left_us < RELAPSE_US
        self._test_every_us = min(2 * self._test_every_us, TEST_EVERY_MAX_US) if relapsed else TEST_EVERY_US
        self.is_active = True
        self._cycle_us = report.cycle_us
        self._rate_bps = max(ENTRY_SHARE * self._calm_bps, report.capacity_bps)
        self._window = self._rate_bps * self._cycle_us / SEGMENT_BITS_US
        self._window_max = self._window
        self._peak_queue_us = report.queue_us
        self._cut_us = self._reported_us = self._tested_us = now_us
        self._empty_since_us = None
        self._own_results = 0

    def rate_bps(self, report: QueueReport, now_us: int, *, max_bps: float) -> float | None:
        """Return the rate after a report, or None if competing ends with it."""
        elapsed_us, self._reported_us = now_us - self._reported_us, now_us
        is_testing = now_us - self._tested_us < TEST_US
        self._peak_queue_us = max(report.queue_us, round(0.995 * self._peak_queue_us))
        if self._is_over(report, now_us):
            self.is_active = False
            self._left_us = now_us
            self._watch = DrainWatch()
            return None
        if report.queue_us < QUEUE_MIN_US:
            # A window would go out the faster the shorter the queue is, and fill it again by itself.
            return self._rate_bps
        self._cycle_us += CYCLE_WEIGHT * (report.cycle_us - self._cycle_us)
        if report.lost_us is not None and 2 * report.queue_us > self._peak_queue_us:
            if report.lost_us > self._cut_us:
                self._window_max = self._window
                self._window *= DECREASE
                self._cut_us = now_us
        else:
            reno = self._window + elapsed_us / self._cycle_us
            self._window = max(reno, self._cubic(now_us))
        self._window = min(self._window, max_bps * self._cycle_us / SEGMENT_BITS_US)
        self._rate_bps = self._window * SEGMENT_BITS_US / self._cycle_us
        return self._rate_bps * (TEST_SHARE if is_testing else 1)

    def _cubic(self, now_us: int) -> float:
        """Return the window that Cubic would have now, in segments."""
        plateau_s = math.cbrt(self._window_max * (1 - DECREASE) / CUBIC_SCALE)
        since_s = (now_us - self._cut_us) / 1e6 - plateau_s
        return min(CUBIC_SCALE * since_s**3 + self._window_max, self._window * CUBIC_GROWTH_MAX)

    def _is_over(self, report: QueueReport, now_us: int) -> bool:
        if report.queue_us >= QUEUE_MIN_US:
            self._empty_since_us = None
        elif self._empty_since_us is None:
            self._empty_since_us = now_us
        elif now_us - self._empty_since_us > EMPTY_US:
            return True
        return self._tests_say_over(report, now_us)

    def _tests_say_over(self, report: QueueReport, now_us: int) -> bool:
        since_us = now_us - self._tested_us
        if since_us < TEST_US + report.cycle_us:
            self._watch.add(
                elapsed_us=report.elapsed_us,
                sent_bytes=report.sent_bytes,
                capacity_bps=report.capacity_bps,
                queue_change_us=report.queue_change_us,
            )
        elif since_us > self._test_every_us and now_us - self._cut_us > TEST_US + report.cycle_us:
            ratio = self._watch.ratio
            if ratio is not None:
                self._own_results = self._own_results + 1 if ratio > OWN_RATIO else 0
            self._watch = DrainWatch()
            self._tested_us = now_us
        return self._own_results >= TESTS_TO_LEAVE


@dataclass(frozen=True, slots=True)
class QueueReport:
    """What one report shows of the queue."""

    queue_us: int
    """Standing queue at the newest packets."""
    queue_change_us: int
    """Since the report before."""
    elapsed_us: int
    """Between the sending of the newest packets of both."""
    sent_bytes: int
    """Sent in that time."""
    capacity_bps: float
    """What gets through."""
    cycle_us: int
    """Round trip, queue included."""
    lost_us: int | None
    """When the newest packet was sent that the report calls missing; None if there is none."""
