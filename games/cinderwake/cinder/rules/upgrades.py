"""Upgrades: what the player may choose between waves, and what they add up to. Pure."""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

CHOICES = 3


class Upgrade(StrEnum):
    """What can be chosen."""

    TWIN = "twin"
    FUSE = "fuse"
    CORE = "core"
    PIERCE = "pierce"
    LINE = "line"
    SWIFT = "swift"
    MAGNET = "magnet"
    HEART = "heart"
    MEND = "mend"
    ORBIT = "orbit"
    NOVA = "nova"
    CHAIN = "chain"


LEVELS_MAX: Mapping[Upgrade, int] = {
    Upgrade.TWIN: 2,
    Upgrade.FUSE: 3,
    Upgrade.CORE: 3,
    Upgrade.PIERCE: 2,
    Upgrade.LINE: 3,
    Upgrade.SWIFT: 3,
    Upgrade.MAGNET: 2,
    Upgrade.HEART: 2,
    Upgrade.MEND: 99,
    Upgrade.ORBIT: 3,
    Upgrade.NOVA: 2,
    Upgrade.CHAIN: 2,
}


@dataclass
class Loadout:
    """What was chosen so far, and the numbers that follow from it."""

    levels: dict[Upgrade, int] = field(default_factory=dict)

    def level(self, upgrade: Upgrade) -> int:
        """Return how often it was chosen."""
        return self.levels.get(upgrade, 0)

    def take(self, upgrade: Upgrade) -> None:
        """Choose one.

        Raises:
            ValueError: it is at its limit.
        """
        if self.level(upgrade) >= LEVELS_MAX[upgrade]:
            raise ValueError(f"{upgrade} is at its limit")
        self.levels[upgrade] = self.level(upgrade) + 1

    def offer(self, chance: random.Random, *, hurt: bool) -> tuple[Upgrade, ...]:
        """Return different upgrades to choose from; mending is among them only for who is hurt."""
        open_ones = [upgrade for upgrade in Upgrade if self.level(upgrade) < LEVELS_MAX[upgrade]]
        open_ones.remove(Upgrade.MEND)
        picked = chance.sample(open_ones, min(CHOICES, len(open_ones)))
        if hurt and (len(picked) < CHOICES or chance.random() < 0.6):
            picked = [*picked[: CHOICES - 1], Upgrade.MEND]
        return tuple(picked)

    @property
    def shots(self) -> int:
        """Parallel shots."""
        return 1 + self.level(Upgrade.TWIN)

    @property
    def shot_ticks(self) -> int:
        """Ticks between shots."""
        return (10, 8, 7, 6)[self.level(Upgrade.FUSE)]

    @property
    def damage(self) -> float:
        """Damage of one shot."""
        return 1.0 + 0.5 * self.level(Upgrade.CORE)

    @property
    def line_ticks(self) -> int:
        """How long a dash's line burns."""
        return 84 + 42 * self.level(Upgrade.LINE)

    @property
    def line_damage(self) -> float:
        """Damage of a line, each time it bites."""
        return 1.5 + 0.75 * self.level(Upgrade.LINE)

    @property
    def dash_ticks(self) -> int:
        """Ticks from one dash to the next."""
        return (66, 54, 45, 38)[self.level(Upgrade.SWIFT)]

    @property
    def magnet_px(self) -> float:
        """How far embers are drawn in from."""
        return 110.0 + 80.0 * self.level(Upgrade.MAGNET)

    @property
    def lives_max(self) -> int:
        """Most lives."""
        return 4 + self.level(Upgrade.HEART)

    @property
    def nova_reach_px(self) -> float:
        """How far a nova burns."""
        return 360.0 + 90.0 * self.level(Upgrade.NOVA)

    @property
    def nova_damage(self) -> float:
        """Damage of a nova."""
        return 10.0 + 6.0 * self.level(Upgrade.NOVA)

    @property
    def chain_ticks(self) -> int:
        """How long a chain holds without food."""
        return 180 + 50 * self.level(Upgrade.CHAIN)
