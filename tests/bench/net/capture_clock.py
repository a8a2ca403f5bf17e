"""When a shown frame was captured, by the page's clock: from frame stories read while the link was even both ways.

A page sees a frame's RTP time and nothing else of the worker's clock. Its own estimate of that clock takes the
shortest of recent round trips to be the same both ways, which it is not once a queue stands in one of them. The two
clocks run on one machine and do not drift, so what was estimated over the clean link holds for the whole run, and a
frame whose story was lost is no exception.
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

RTP_HZ = 90_000
RTP_MODULUS = 2**32
STORIES_MIN = 30


class CaptureClock:
    """Maps RTP times to the page's clock.

    Args:
        shown: ``farplay.stats().frames`` of the page: frames with their stages.

    Raises:
        AssertionError: there are too few to go by.
    """

    def __init__(self, shown: Sequence[Mapping[str, Any]]) -> None:
        whole = [each for each in shown if "tick_to_photon" in each["stages_ms"]]
        assert len(whole) >= STORIES_MIN, f"only {len(whole)} frames with a story"
        self._first_rtp = int(whole[0]["rtp_ts"])
        self._zero_ms: float = statistics.median(
            each["presented_ms"]
            - each["stages_ms"]["tick_to_photon"]
            + each["stages_ms"]["tick_to_captured"]
            - self._since_first_ms(int(each["rtp_ts"]))
            for each in whole
        )

    def capture_ms(self, rtp_ts: int) -> float:
        """Return when the frame of this RTP time was captured, within half a day of the first."""
        return self._zero_ms + self._since_first_ms(rtp_ts)

    def _since_first_ms(self, rtp_ts: int) -> float:
        ticks = (rtp_ts - self._first_rtp + RTP_MODULUS // 2) % RTP_MODULUS - RTP_MODULUS // 2
        return ticks * 1000 / RTP_HZ
