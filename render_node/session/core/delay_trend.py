"""Whether the one-way delay rises: the trendline filter of Google congestion control.

Packets sent within 5 ms are one group; the change of the time between groups, on arrival against on departure, is the
change of delay. Summed, smoothed and fitted with a line over the last groups, its slope against an adaptive threshold
tells overuse. Clocks need not agree, and a constant offset or a slow drift does no harm.

Source: draft-ietf-rmcat-gcc-02 §5.2-5.4 with the constants and the trendline of libwebrtc (``trendline_estimator``,
``inter_arrival_delta``, tree of 2026-07). It differs in one thing: a burst that arrives at once after a stall of the
receiver's radio is not joined into one group, since the queue's own delay (``queue_delay``) decides beside it.
"""

from __future__ import annotations

from collections import deque
from enum import StrEnum

from render_node.session.core.sent_packets import SentPacket

GROUP_US = 5_000
"""Packets that left within this time of a group's first one belong to it."""

WINDOW_GROUPS = 20
SMOOTHING = 0.9
THRESHOLD_GAIN = 4.0
SAMPLES_MAX = 60
"""The slope counts for more the longer there were samples, up to here."""

OVERUSE_US = 10_000
"""Overuse must last this long before it is believed."""

THRESHOLD_START_MS, THRESHOLD_MIN_MS, THRESHOLD_MAX_MS = 12.5, 6.0, 600.0
THRESHOLD_UP, THRESHOLD_DOWN = 0.0087, 0.039
THRESHOLD_OUTLIER_MS = 15.0
"""A trend further than this above the threshold does not move it: a sudden drop of the link is no reason to get used
to it."""

THRESHOLD_STEP_MAX_MS = 100.0


class Usage(StrEnum):
    """What the trend says of the bottleneck."""

    NORMAL = "normal"
    OVERUSE = "overuse"
    UNDERUSE = "underuse"


class DelayTrend:
    """One path's trend; fed with packets that arrived, in the order of sending."""

    def __init__(self) -> None:
        self.usage = Usage.NORMAL
        self.trend_ms = 0.0
        """Modified trend, in the units of the threshold."""
        self._threshold_ms = THRESHOLD_START_MS
        self._group: tuple[int, int, int] | None = None
        self._before: tuple[int, int] | None = None
        self._first_arrival_us = 0
        self._delay_ms = 0.0
        self._smoothed_ms = 0.0
        self._samples = 0
        self._points: deque[tuple[float, float]] = deque(maxlen=WINDOW_GROUPS)
        self._slope = 0.0
        self._over_us = 0
        self._over_count = 0

    def add(self, packet: SentPacket) -> None:
        """Take a packet that arrived."""
        assert packet.arrival_us is not None
        if self._group is None:
            self._group = packet.sent_us, packet.sent_us, packet.arrival_us
            self._first_arrival_us = packet.arrival_us
            return
        first_us, last_us, arrival_us = self._group
        if packet.sent_us < first_us:
            return
        if packet.sent_us - first_us <= GROUP_US:
            self._group = first_us, packet.sent_us, max(arrival_us, packet.arrival_us)
            return
        if self._before is not None:
            self._delta(last_us - self._before[0], arrival_us - self._before[1], arrival_us)
        self._before = last_us, arrival_us
        self._group = packet.sent_us, packet.sent_us, packet.arrival_us

    def _delta(self, sent_us: int, arrived_us: int, arrival_us: int) -> None:
        self._samples += 1
        self._delay_ms += (arrived_us - sent_us) / 1000
        self._smoothed_ms = SMOOTHING * self._smoothed_ms + (1 - SMOOTHING) * self._delay_ms
        self._points.append(((arrival_us - self._first_arrival_us) / 1000, self._smoothed_ms))
        slope = _slope(self._points) if len(self._points) == WINDOW_GROUPS else self._slope
        self.trend_ms = min(self._samples, SAMPLES_MAX) * slope * THRESHOLD_GAIN
        self._judge(slope, sent_us)
        self._slope = slope
        self._adapt(max(0.0, sent_us / 1000))

    def _judge(self, slope: float, sent_us: int) -> None:
        if self.trend_ms > self._threshold_ms:
            self._over_us += sent_us
            self._over_count += 1
            if self._over_us > OVERUSE_US and self._over_count > 1 and slope >= self._slope:
                self._over_us = self._over_count = 0
                self.usage = Usage.OVERUSE
            return
        self._over_us = self._over_count = 0
        self.usage = Usage.UNDERUSE if self.trend_ms < -self._threshold_ms else Usage.NORMAL

    def _adapt(self, elapsed_ms: float) -> None:
        size_ms = abs(self.trend_ms)
        if size_ms > self._threshold_ms + THRESHOLD_OUTLIER_MS:
            return
        gain = THRESHOLD_DOWN if size_ms < self._threshold_ms else THRESHOLD_UP
        step = gain * (size_ms - self._threshold_ms) * min(elapsed_ms, THRESHOLD_STEP_MAX_MS)
        self._threshold_ms = min(max(self._threshold_ms + step, THRESHOLD_MIN_MS), THRESHOLD_MAX_MS)


def _slope(points: deque[tuple[float, float]]) -> float:
    """Return the slope of the least-squares line, 0 if all times are one."""
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    below = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / below if below else 0.0
