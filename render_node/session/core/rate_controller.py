"""From what feedback shows to a rate: the decisions of congestion control (``docs/congestion.md``).

While the capacity of the link is measured, the rate is a fixed part of it, less what drains the standing queue in
time. Where trains arrive as they were sent the link is faster than we know, and the rate grows; where there are no
trains to measure by, the trend of the delay decides as in Google congestion control. Loss alone is not congestion.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from render_node.session.core.capacity_estimate import STALE_US, Capacity
from render_node.session.core.competition import Competition, QueueReport
from render_node.session.core.delay_trend import Usage
from render_node.session.core.growth_ceiling import GrowthCeiling
from render_node.session.core.path_estimate import QUEUE_IDLE_US, PathSignals

USED_SHARE = 0.95
"""Part of a measured capacity that is used."""

DRAIN_US = 80_000
"""Time in which a standing queue is to be gone."""

DRAIN_SHARE_MIN = 0.4
"""Part of the capacity below which draining does not go: the limit of bytes in flight skips whole frames instead."""

QUEUE_LONG_US = 20_000
"""Standing queue that shows that the rate was too high."""

GROWTH = 1.2
"""Most that the rate grows with one report: others may see the same room at the same time."""

BLIND_GROWTH_PER_S = 0.08
BLIND_DECREASE = 0.85
"""Without a capacity: growth and cut of Google congestion control (draft-ietf-rmcat-gcc-02 §5.5)."""

LOSS_USUAL = 0.12
"""Loss of radio links, repaired rather than avoided; more than this is met by sending what arrives."""

LOSS_TRIAL_US = 1_500_000
"""Time after which a cut for loss shows whether it helped."""

LOSS_HELPED = 0.6

SILENCE_DECREASE = 0.7


class RateReason(StrEnum):
    """Why the rate is what it is."""

    START = "start"
    GROWING = "growing"
    AT_MAXIMUM = "at_maximum"
    AT_CAPACITY = "at_capacity"
    QUEUE = "queue"
    HELD = "held"
    LOSS = "loss"
    COMPETING = "competing"
    NO_FEEDBACK = "no_feedback"


@dataclass(slots=True)
class _LossTrial:
    """A cut for loss, to be judged."""

    cut_us: int
    carried_bps: float
    loss: float


class RateController:
    """Decides the rate of all that is sent to one peer, in bits per second with IP headers."""

    def __init__(self, start_bps: float) -> None:
        self.total_bps = start_bps
        self.reason = RateReason.START
        self._competition = Competition()
        self._reported_us: int | None = None
        self._ceiling = GrowthCeiling()
        self._queued = False
        self._usual_loss = LOSS_USUAL
        self._loss_trial: _LossTrial | None = None

    @property
    def is_competing(self) -> bool:
        """Somebody else keeps the queue full, and we take our share of it."""
        return self._competition.is_active

    def on_report(self, signals: PathSignals, now_us: int, *, min_bps: float, max_bps: float) -> None:
        """Take one report's signals."""
        elapsed_us = now_us - self._reported_us if self._reported_us is not None else 0
        self._reported_us = now_us
        capacity = signals.capacity
        if capacity is not None and signals.newest_sent_us - capacity.measured_us > STALE_US:
            capacity = None
        if not self._competes(signals, capacity, now_us, max_bps):
            # Trains that arrive as they were sent while a queue stands were bunched on the way: they prove nothing.
            is_bunched = capacity is not None and capacity.at_least and signals.queue_us > QUEUE_LONG_US
            if capacity is None or is_bunched:
                self._by_trend(signals, elapsed_us)
            else:
                self._by_capacity(signals, capacity, now_us)
            self._note_queue(signals, capacity, now_us)
            self._heed_loss(signals, now_us)
        if self.total_bps >= max_bps:
            self.reason = RateReason.AT_MAXIMUM
        self.total_bps = min(max(self.total_bps, min_bps), max_bps)

    def on_silence(self, *, min_bps: float) -> None:
        """Reports are overdue."""
        self.total_bps = max(min_bps, self.total_bps * SILENCE_DECREASE)
        self.reason = RateReason.NO_FEEDBACK

    def _competes(self, signals: PathSignals, capacity: Capacity | None, now_us: int, max_bps: float) -> bool:
        through_bps = capacity.bps if capacity is not None and not capacity.at_least else signals.delivered_bps
        if not through_bps:
            return self._competition.is_active
        report = QueueReport(
            signals.queue_us,
            signals.queue_change_us,
            signals.elapsed_us,
            signals.sent_bytes,
            through_bps,
            max(signals.rtt_us + signals.queue_us, 1_000),
            signals.lost_us,
        )
        if not self._competition.is_active:
            if signals.queue_us < QUEUE_LONG_US:
                self._competition.note_calm(self.total_bps)
                return False
            if not self._competition.watch(report, now_us):
                return False
        rate_bps = self._competition.rate_bps(report, now_us, max_bps=max_bps)
        if rate_bps is None:
            return False
        self.total_bps = rate_bps
        self.reason = RateReason.COMPETING
        return True

    def _by_capacity(self, signals: PathSignals, capacity: Capacity, now_us: int) -> None:
        excess_us = max(0, signals.queue_us - QUEUE_IDLE_US)
        share = max(DRAIN_SHARE_MIN, USED_SHARE - excess_us / DRAIN_US)
        wanted_bps = capacity.bps * share
        if wanted_bps < self.total_bps:
            if not capacity.at_least:
                self.total_bps = wanted_bps
                self.reason = RateReason.QUEUE if excess_us else RateReason.AT_CAPACITY
            return
        if capacity.at_least and excess_us:
            return
        grown_bps = min(wanted_bps, self.total_bps * GROWTH)
        self.reason = RateReason.GROWING if capacity.at_least else RateReason.AT_CAPACITY
        bounded_bps = max(self.total_bps, self._ceiling.bound(grown_bps, now_us))
        if bounded_bps < grown_bps:
            self.reason = RateReason.HELD
        elif capacity.at_least and grown_bps > self.total_bps:
            self._ceiling.grew(now_us)
        self.total_bps = bounded_bps

    def _note_queue(self, signals: PathSignals, capacity: Capacity | None, now_us: int) -> None:
        """Once for each long queue, remember what the link carried."""
        is_long = signals.queue_us > QUEUE_LONG_US
        if is_long and not self._queued:
            measured = capacity is not None and not capacity.at_least
            carried_bps = capacity.bps if capacity is not None and measured else signals.delivered_bps
            if carried_bps:
                self._ceiling.trouble(USED_SHARE * carried_bps, now_us)
        self._queued = is_long

    def _by_trend(self, signals: PathSignals, elapsed_us: int) -> None:
        delivered_bps = signals.delivered_bps or self.total_bps
        # The trend alone may stem from a probe's own packets, which queue behind each other.
        rises = signals.usage is Usage.OVERUSE and signals.queue_us > QUEUE_IDLE_US
        if rises or signals.queue_us > QUEUE_LONG_US:
            self.total_bps = min(
                self.total_bps, max(BLIND_DECREASE * delivered_bps, DRAIN_SHARE_MIN * self.total_bps)
            )
            self.reason = RateReason.QUEUE
        elif signals.usage is Usage.NORMAL and self.total_bps < 1.5 * delivered_bps:
            self.total_bps *= 1 + BLIND_GROWTH_PER_S * elapsed_us / 1e6
            self.reason = RateReason.GROWING

    def _heed_loss(self, signals: PathSignals, now_us: int) -> None:
        """Send what arrives where far more than usual is lost; if that does not help, it is usual here."""
        trial = self._loss_trial
        if trial is None and signals.loss > self._usual_loss and signals.delivered_bps:
            trial = _LossTrial(now_us, USED_SHARE * signals.delivered_bps, signals.loss)
            self._loss_trial = trial
            self._ceiling.trouble(trial.carried_bps, now_us)
        if trial is None:
            return
        if self.total_bps > trial.carried_bps:
            self.total_bps = trial.carried_bps
            self.reason = RateReason.LOSS
        if now_us - trial.cut_us > LOSS_TRIAL_US:
            self._loss_trial = None
            if signals.loss > LOSS_HELPED * trial.loss:
                self._usual_loss = max(self._usual_loss, 1.5 * signals.loss)
