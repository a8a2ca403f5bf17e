"""The picture for the library: a moment of a match, with the name over it."""

from __future__ import annotations

import pygame

from . import arena, paint
from .arena import Side
from .pieces import Phase
from .rival import LEVELS, Rival
from .rules import Match
from .stage import Stage

SIZE = (640, 360)
SEED = 4


def _is_lively(match: Match) -> bool:
    """Two orbs are far apart and quick, below where the name is written."""
    if len(match.orbs) != 2 or match.phase is not Phase.PLAY:
        return False
    first, second = match.orbs
    apart = first.position.distance_to(second.position) > 300 and all(disc.position.y > 300 for disc in match.discs)
    return apart and all(orb.position.y > 320 and orb.velocity.length() > 520 for orb in match.orbs)


def lively_moment(seed: int) -> pygame.Surface:
    """Return the screen, without score, at a lively moment of a match of two computers."""
    target = pygame.Surface((arena.WIDTH, arena.HEIGHT), 0, 32)
    match, stage = Match.start(seed), Stage(seed)
    ember, tide = (Rival(side, LEVELS[2], seed + side) for side in Side)
    while not _is_lively(match):
        stage.see(match.step((ember.think(match), tide.think(match))))
        stage.draw(target, match, ("", ""), hud=False)
        if match.phase is Phase.OVER:
            match = Match.start(match.rng.randrange(2**32))
    return target


def save(file: str) -> None:
    """Write the artwork."""
    picture = lively_moment(SEED)
    paint.put(picture, paint.headline("EMBER & TIDE", 156, paint.EMBER, paint.TIDE, 14), (arena.MIDDLE_X, 196))
    pygame.image.save(pygame.transform.smoothscale(picture, SIZE), file)
