"""The library's picture: a moment of a real fight, with the name over it."""

from __future__ import annotations

import os

import pygame

from .picture.screens import Screens
from .picture.stage import Stage
from .rules import autopilot
from .rules.arena import HEIGHT, WIDTH
from .rules.run import Phase, Run

SIZE = (640, 360)
SEED, WAVE, TICKS = 4, 12, 900


def paint(file: str) -> None:
    """Play to the moment and write the picture as PNG."""
    os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
    os.environ.setdefault("SDL_AUDIODRIVER", "dummy")
    pygame.display.init()
    screen = pygame.display.set_mode((WIDTH, HEIGHT))
    stage, run = Stage(), Run(SEED, first_wave=WAVE, choices=6)
    for _ in range(TICKS):
        while run.phase is Phase.CHOICE:
            run.choose(0)
        stage.tick(run.world, run.step(autopilot.steer(run.world)))
    stage.draw(screen, run.world)
    Screens().draw_logo(screen, 300, 250)
    pygame.image.save(pygame.transform.smoothscale(screen, SIZE), file)
