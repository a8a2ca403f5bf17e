"""How many bytes may be under way without news of them.

Self-clocking as in SCReAM (RFC 8298 §4.1.2): what is sent while nothing comes back can at most fill the limit, so a
link that suddenly slows down or stops is never sent more than it would have carried in the time that news usually
takes, plus a short queue. How long news usually takes is measured, so the limit is tight where the page reports every
frame and looser where there is only transport feedback every 62 ms.
"""

from __future__ import annotations

from collections.abc import Sequence

from render_node.session.core.sent_packets import SentPacket

QUANTILE = 0.95
STEP_UP_US = 1_000
"""Step of the estimate upwards; downwards it is smaller by the odds, so that both balance at the quantile."""

START_US = 150_000
"""Assumed until known: a round trip of 60 ms and a report interval."""

NEWS_MAX_US = 500_000
"""Longest time believed, whatever the peer does with its reports."""

QUEUE_US = 20_000
"""Queue that may build up on top, at the link's speed."""

QUEUE_MAX_US = 50_000
"""The same at our own rate: on a fast link news that is three frames late is no reason to stop yet."""

LIMIT_MIN_BYTES = 16_000
"""Room for a frame at the lowest rates."""


class InFlightLimit:
    """Tracks how long after sending news of a packet comes while there is no queue."""

    def __init__(self) -> None:
        self.news_us = float(START_US)
        """95th percentile of the time between sending a packet and hearing of it."""

    def heard(self, packets: Sequence[SentPacket], now_us: int) -> None:
        """News came of these packets, at a time without a queue."""
        down_us = STEP_UP_US * (1 - QUANTILE) / QUANTILE
        for packet in packets:
            self.news_us += STEP_UP_US if now_us - packet.sent_us > self.news_us else -down_us
        self.news_us = min(max(self.news_us, 0.0), NEWS_MAX_US)

    def limit_bytes(self, rate_bps: float, capacity_bps: float, foreign_queue_us: int) -> int:
        """Return the limit.

        Args:
            rate_bps: At which is sent.
            capacity_bps: Of the link, as far as known.
            foreign_queue_us: Queue that is there whatever we do.
        """
        queue_us = min(max(QUEUE_US, QUEUE_US * capacity_bps / rate_bps), QUEUE_MAX_US)
        return max(LIMIT_MIN_BYTES, round(rate_bps * (self.news_us + queue_us + foreign_queue_us) / 8e6))
