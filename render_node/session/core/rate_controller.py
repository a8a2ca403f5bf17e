"""From what feedback shows to a rate: the decisions of congestion control."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from render_node.session.core.capacity_estimate import Capacity
from render_node.session.core.delay_trend import Usage

USED_SHARE = 0.95
"""Part of a measured capacity that is used."""

DRAIN_US = 120_000
"""Time in which a standing queue is to be gone."""

QUEUE_IDLE_US = 4_000
"""Standing delay that is noise rather than a queue."""

GROWTH = 1.2
"""Most that the rate grows with one report."""


class RateReason(StrEnum):
    """Why the rate is what it is."""

    START = "start"
    GROWING = "growing"
    AT_MAXIMUM = "at_maximum"
    AT_CAPACITY = "at_capacity"
    QUEUE = "queue"
    LOSS = "loss"
    COMPETING = "competing"
    NO_FEEDBACK = "no_feedback"


@dataclass(frozen=True, slots=True)
class PathSignals:
    """What one report shows of the path."""

    queue_us: int
    """Standing queue."""
    capacity: Capacity | None
    delivered_bps: float | None
    usage: Usage
    loss: float
    """Share lost in the last second, 0..1."""
    rtt_us: int


class RateController:
    """Decides the rate of all that is sent to one peer, in bits per second with IP headers."""

    def __init__(self, start_bps: float) -> None:
        self.total_bps = start_bps
        self.reason = RateReason.START

    def on_report(self, signals: PathSignals, now_us: int, *, min_bps: float, max_bps: float) -> None:
        """Take one report's signals."""
        capacity = signals.capacity
        if capacity is None:
            return
        excess_us = max(0, signals.queue_us - QUEUE_IDLE_US)
        wanted_bps = capacity.bps * (USED_SHARE - excess_us / DRAIN_US)
        if wanted_bps < self.total_bps:
            if not capacity.at_least:
                self.total_bps = wanted_bps
                self.reason = RateReason.QUEUE if excess_us else RateReason.AT_CAPACITY
        else:
            self.total_bps = min(wanted_bps, self.total_bps * GROWTH)
            self.reason = RateReason.GROWING
        if self.total_bps >= max_bps:
            self.reason = RateReason.AT_MAXIMUM
        self.total_bps = min(max(self.total_bps, min_bps), max_bps)
