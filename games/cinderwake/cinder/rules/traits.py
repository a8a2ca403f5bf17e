"""What each kind of foe is worth and withstands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from .things import Kind


@dataclass(frozen=True, slots=True)
class Traits:
    """Numbers of one kind."""

    hp: float
    radius: float
    points: int
    embers: int
    threat: int
    """Share of a wave's budget; 0 for kinds that only others bring."""
    first_wave: int
    """From which wave on it comes."""


TRAITS: Mapping[Kind, Traits] = {
    Kind.MOTE: Traits(2, 17, 50, 1, 1, 1),
    Kind.HUNTER: Traits(3, 16, 80, 1, 2, 1),
    Kind.DART: Traits(3, 16, 120, 2, 3, 2),
    Kind.BLOOM: Traits(7, 24, 150, 3, 4, 3),
    Kind.WEAVER: Traits(4, 17, 160, 2, 4, 4),
    Kind.SHARD: Traits(6, 25, 120, 2, 4, 6),
    Kind.SPLINTER: Traits(1, 10, 40, 1, 0, 6),
    Kind.SOWER: Traits(6, 21, 180, 3, 4, 7),
    Kind.MINE: Traits(1, 12, 20, 0, 0, 7),
    Kind.AEGIS: Traits(7, 22, 220, 3, 5, 8),
    Kind.LANCER: Traits(6, 19, 240, 3, 5, 9),
    Kind.WARDEN: Traits(130, 62, 5000, 24, 0, 5),
    Kind.LOOM: Traits(260, 58, 8000, 28, 0, 10),
    Kind.COMET: Traits(340, 54, 12000, 32, 0, 15),
}

BOSSES = (Kind.WARDEN, Kind.LOOM, Kind.COMET)
