"""When to send padding only to learn what the link carries.

Frames are probes themselves (``capacity_estimate``). Padding is needed only where they are too small to measure by,
as with a still picture or at the lowest rates, and only where there is something to gain.
"""

from __future__ import annotations

from dataclasses import dataclass

PROBE_AFTER_US = 1_000_000
"""Age of the newest measured capacity at which a probe is sent."""

PROBE_EVERY_US = 2_000_000

PROBE_FACTOR = 3.0
"""Rate of a probe over the rate in force."""

PROBE_PACKETS = 6
"""Enough for one estimate; at 4 Mbit/s they fill a queue by 10 ms at worst."""


@dataclass(frozen=True, slots=True)
class ProbeCluster:
    """Packets to send in a row."""

    rate_bps: int
    packets: int
    """Of about 1200 bytes each."""


class Prober:
    """Decides for one peer."""

    def __init__(self) -> None:
        self._probed_us: int | None = None

    def take(self, total_bps: float, measured_us: int | None, now_us: int) -> ProbeCluster | None:
        """Return a probe if one is due.

        Args:
            total_bps: Rate in force.
            measured_us: When the capacity was last measured, None if it never was.
            now_us: The time.
        """
        if measured_us is not None and now_us - measured_us < PROBE_AFTER_US:
            return None
        if self._probed_us is not None and now_us - self._probed_us < PROBE_EVERY_US:
            return None
        self._probed_us = now_us
        return ProbeCluster(round(PROBE_FACTOR * total_bps), PROBE_PACKETS)
