"""How much is lost, and in how long bursts.

Loss at a low delay is the link's own (radio, a bad cable): sending less would heal nothing, repair does.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

from render_node.session.core.sent_packets import SentPacket

WINDOW_US = 1_000_000
"""Time over which the share is taken."""

PACKETS_MIN = 40
"""Below this many packets a share says nothing."""


@dataclass(frozen=True, slots=True)
class _Report:
    at_us: int
    arrived: int
    lost: int
    bursts: int


class LossEstimate:
    """Losses of one path, from reports."""

    def __init__(self) -> None:
        self._reports: deque[_Report] = deque()
        self._arrived = 0
        self._lost = 0
        self._bursts = 0
        self.lost_total = 0
        """Packets lost so far."""

    @property
    def fraction(self) -> float:
        """Share of packets lost in the last second, 0..1; 0 while there are too few to tell."""
        total = self._arrived + self._lost
        return max(0, self._lost) / total if total >= PACKETS_MIN else 0.0

    @property
    def burst_packets(self) -> float:
        """Mean number of packets lost in a row in the last second; 1 if none were."""
        return max(1.0, self._lost / self._bursts) if self._bursts else 1.0

    def add(self, *, arrived: int, lost: Sequence[SentPacket], late: int, now_us: int) -> None:
        """Take one report.

        Args:
            arrived: Packets that arrived.
            lost: Packets newly reported missing, in the order of sending.
            late: Packets that arrived after they had been reported missing.
            now_us: When the report came.
        """
        bursts = sum(index == 0 or packet.seq != lost[index - 1].seq + 1 for index, packet in enumerate(lost))
        report = _Report(now_us, arrived + late, len(lost) - late, bursts)
        self.lost_total += report.lost
        self._reports.append(report)
        self._count(report, 1)
        while self._reports[0].at_us < now_us - WINDOW_US:
            self._count(self._reports.popleft(), -1)

    def _count(self, report: _Report, sign: int) -> None:
        self._arrived += sign * report.arrived
        self._lost += sign * report.lost
        self._bursts += sign * report.bursts
