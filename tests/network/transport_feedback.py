"""Transport-wide feedback as Chrome sends it: when a report leaves, and what it says."""

from __future__ import annotations

from render_node.session.core.transport_feedback import DELTA_US
from tests.network.sender_port import TransportFeedback

REPORT_INTERVAL_US = 62_500
"""Seen in Chromium at 3 and at 8 Mbit/s."""
FIRST_REPORT_US = 29_000
"""From the first packet to the first report."""
KEPT_US = 500_000
"""Arrivals before the next report's start are forgotten after this long."""


class FeedbackModel:
    """Collects arrivals and reports them; a packet that comes late has all from it on reported once more."""

    def __init__(self) -> None:
        self._arrivals_us: dict[int, int] = {}
        self._start: int | None = None
        self._end = 0
        self._count = 0
        self.next_us: int | None = None
        """When the next report is due; None before the first packet."""

    def on_packet(self, wide_seq: int, now_us: int) -> None:
        """Take an arrival."""
        if wide_seq in self._arrivals_us:
            return
        if self.next_us is None:
            self.next_us = now_us + FIRST_REPORT_US
        self._arrivals_us[wide_seq] = now_us // DELTA_US * DELTA_US
        self._start = wide_seq if self._start is None else min(self._start, wide_seq)
        self._end = max(self._end, wide_seq + 1)

    def report(self, now_us: int) -> TransportFeedback | None:
        """Return what is due now; None if nothing came since the last report."""
        if self.next_us is None:
            return None
        self.next_us = now_us + REPORT_INTERVAL_US
        if self._start is None or self._start == self._end:
            return None
        arrivals = tuple((seq, self._arrivals_us.get(seq)) for seq in range(self._start, self._end))
        feedback = TransportFeedback(self._count, arrivals)
        self._count = (self._count + 1) % 256
        self._start = self._end
        self._arrivals_us = {seq: us for seq, us in self._arrivals_us.items() if us > now_us - KEPT_US}
        return feedback
