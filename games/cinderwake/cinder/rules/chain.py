"""The score and the chain that multiplies it: kills and embers feed the chain, idleness and wounds cost it. Pure."""

from __future__ import annotations

import math
from dataclasses import dataclass

LINKS_PER_STEP = 5
"""Links for the first step; each further step takes as many more."""

MULTIPLIER_MAX = 10
EMBER_POINTS = 10


@dataclass
class Chain:
    """Score of one run."""

    score: int = 0
    links: int = 0
    ticks_left: int = 0
    kills: int = 0
    best: int = 1
    """Highest multiplier so far."""

    @property
    def multiplier(self) -> int:
        """What points are multiplied by."""
        steps = (math.sqrt(1 + 8 * self.links / LINKS_PER_STEP) - 1) / 2
        return min(1 + int(steps), MULTIPLIER_MAX)

    def kill(self, points: int, hold_ticks: int) -> int:
        """A foe fell; return the points that it brought."""
        self.links += 1
        self.kills += 1
        self.ticks_left = hold_ticks
        self.best = max(self.best, self.multiplier)
        return self.add(points * self.multiplier)

    def ember(self, hold_ticks: int) -> None:
        """An ember was picked up: it keeps the chain alive."""
        if self.links:
            self.ticks_left = hold_ticks
        self.add(EMBER_POINTS * self.multiplier)

    def add(self, points: int) -> int:
        """Add points as they are; return them."""
        self.score += points
        return points

    def hurt(self) -> None:
        """The player was hit: half of the chain is lost."""
        self.links //= 2

    def tick(self) -> bool:
        """Let a tick pass; return whether a multiplier was lost by it."""
        if not self.links:
            return False
        self.ticks_left -= 1
        if self.ticks_left > 0:
            return False
        lost = self.multiplier > 1
        self.links = 0
        return lost
