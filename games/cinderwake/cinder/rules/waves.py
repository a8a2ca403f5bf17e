"""Which foes a wave brings, from its number and a seed. Pure."""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import StrEnum

from .things import Kind
from .traits import BOSSES, TRAITS

WAVES_PER_SECTOR = 5
"""The last one of them is a boss."""

REGULARS = tuple(kind for kind, traits in TRAITS.items() if traits.threat)
GROUP_THREAT = 9
THREAT_MAX = 260


class Layout(StrEnum):
    """How a group's portals lie."""

    SCATTER = "scatter"
    RING = "ring"
    SIDES = "sides"
    ROW = "row"


@dataclass(frozen=True, slots=True)
class Group:
    """Foes that come together."""

    kinds: tuple[Kind, ...]
    layout: Layout


@dataclass(frozen=True, slots=True)
class Wave:
    """All of a wave; the next group comes when few are left of those before, or after its time."""

    number: int
    groups: tuple[Group, ...]
    boss: Kind | None = None
    newcomer: Kind | None = None
    """A kind that is seen for the first time."""


def sector_of(wave: int) -> int:
    """Return the sector, from 0, that a wave, from 1, belongs to."""
    return (wave - 1) // WAVES_PER_SECTOR


def is_boss_wave(wave: int) -> bool:
    """Return whether a boss comes."""
    return wave % WAVES_PER_SECTOR == 0


def earns_upgrade(wave: int) -> bool:
    """Return whether there is something to choose after a wave."""
    return (wave - 1) % WAVES_PER_SECTOR in (0, 2, 4)


def strength(wave: int) -> float:
    """Return what foes' hit points are multiplied by: from the second sector on they grow."""
    grown = max(wave - WAVES_PER_SECTOR, 0)
    return 1.0 + 0.05 * grown + 0.005 * grown * grown


def pace(wave: int) -> float:
    """Return what foes' speed is multiplied by."""
    return min(0.92 + 0.018 * wave, 1.5)


def bullet_pace(wave: int) -> float:
    """Return what the speed of foes' bullets is multiplied by."""
    return min(0.86 + 0.018 * wave, 1.6)


def few_left(wave: int) -> int:
    """Return how few foes must be left for the next group to come."""
    return min(3 + wave // 3, 14)


def group_ticks(wave: int) -> int:
    """Return after how long the next group comes in any case."""
    return max(600 - 12 * wave, 300)


def plan(number: int, chance: random.Random) -> Wave:
    """Return wave ``number`` (from 1)."""
    if is_boss_wave(number):
        boss = BOSSES[sector_of(number) % len(BOSSES)]
        escorts = Group((Kind.MOTE,) * min(2 + number // 5, 8), Layout.SIDES)
        return Wave(number, (Group((boss,), Layout.ROW), escorts), boss, boss if number <= 15 else None)
    newcomer = next((kind for kind in REGULARS if TRAITS[kind].first_wave == number), None)
    if number == 1:
        newcomer = None
    known = [kind for kind in REGULARS if TRAITS[kind].first_wave <= number]
    budget = min(16 + 8.0 * number, THREAT_MAX)
    favourites = chance.sample(known, min(3, len(known)))
    if newcomer and newcomer not in favourites:
        favourites[0] = newcomer
    groups: list[Group] = []
    while budget > 0:
        group = _group(favourites, known, chance, GROUP_THREAT + number * 0.8)
        budget -= sum(TRAITS[kind].threat for kind in group.kinds)
        groups.append(group)
    return Wave(number, tuple(groups), None, newcomer)


def _group(favourites: list[Kind], known: list[Kind], chance: random.Random, threat: float) -> Group:
    main = chance.choice(favourites)
    kinds: list[Kind] = []
    left = threat
    while left > 0 and len(kinds) < 12:
        kind = main if chance.random() < 0.65 else chance.choice(known)
        if kinds.count(kind) >= _together_max(kind):
            kind = chance.choice((Kind.MOTE, Kind.HUNTER))
        kinds.append(kind)
        left -= TRAITS[kind].threat
    return Group(tuple(kinds), chance.choice(tuple(Layout)))


def _together_max(kind: Kind) -> int:
    """More than so many of a kind in one group would leave no way out."""
    return {5: 2, 4: 3, 3: 4}.get(TRAITS[kind].threat, 10)
