"""How much is lost, and in how long bursts.

Loss at a low delay is the link's own (radio, a bad cable): sending less would heal nothing, repair does.
"""

from __future__ import annotations

from collections import deque

WINDOW_US = 1_000_000
"""Time over which the share is taken."""

PACKETS_MIN = 40
"""Below this many packets a share says nothing."""


class LossEstimate:
    """Losses of one path, from reports."""

    def __init__(self) -> None:
        self._reports: deque[tuple[int, int, int, int]] = deque()
        self._arrived = 0
        self._lost = 0
        self._bursts = 0
        self.lost_total = 0

    @property
    def fraction(self) -> float:
        """Share of packets lost in the last second, 0..1; 0 while there are too few to tell."""
        total = self._arrived + self._lost
        return max(0, self._lost) / total if total >= PACKETS_MIN else 0.0

    @property
    def burst_packets(self) -> float:
        """Mean number of packets lost in a row in the last second; 1 if none were."""
        return self._lost / self._bursts if self._bursts else 1.0

    def add(self, *, arrived: int, lost: int, bursts: int, late: int, now_us: int) -> None:
        """Take one report.

        Args:
            arrived: Packets that arrived.
            lost: Packets newly reported missing.
            bursts: Runs of consecutive ones among these.
            late: Packets that arrived after they had been reported missing.
            now_us: When the report came.
        """
        lost -= late
        self.lost_total += lost
        self._reports.append((now_us, arrived + late, lost, bursts))
        self._arrived += arrived + late
        self._lost += lost
        self._bursts += bursts
        while self._reports[0][0] < now_us - WINDOW_US:
            _, arrived, lost, bursts = self._reports.popleft()
            self._arrived -= arrived
            self._lost -= lost
            self._bursts -= bursts
