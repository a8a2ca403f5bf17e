"""The library's picture: a fight as it could be, with the name over it."""

from __future__ import annotations

import math
import os
import random

import pygame

from .picture.screens import Screens
from .picture.stage import Stage
from .rules.arena import HEIGHT, WIDTH
from .rules.things import Bullet, Ember, Happening, Kind, Line, Shot, What
from .rules.world import World

SIZE = (640, 360)
WAVE = 7
FOES = (
    (Kind.WARDEN, 1040, 405), (Kind.HUNTER, 760, 470), (Kind.HUNTER, 815, 545), (Kind.HUNTER, 690, 560),
    (Kind.DART, 1075, 610), (Kind.WEAVER, 1180, 540), (Kind.BLOOM, 905, 610), (Kind.SHARD, 720, 640),
    (Kind.MOTE, 1150, 640), (Kind.MOTE, 160, 420), (Kind.LANCER, 250, 330), (Kind.SOWER, 1165, 250),
)  # fmt: skip
FALLEN = ((Kind.BLOOM, 330, 560), (Kind.SHARD, 455, 470), (Kind.DART, 240, 620))


def paint(file: str) -> None:
    """Set the scene, let its sparks fly for a moment, and write it as PNG."""
    os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
    os.environ.setdefault("SDL_AUDIODRIVER", "dummy")
    pygame.display.init()
    screen = pygame.display.set_mode((WIDTH, HEIGHT))
    stage, world = Stage(), _scene()
    for _ in range(40):
        stage.tick(world, ())
    stage.tick(world, [Happening(What.KILL, x, y, kind, 0) for kind, x, y in FALLEN])
    for _ in range(9):
        stage.tick(world, ())
    stage.draw(screen, world)
    Screens().draw_logo(screen, 112, 250)
    pygame.image.save(pygame.transform.smoothscale(screen, SIZE), file)


def _scene() -> World:
    world = World(random.Random(2))
    world.wave = WAVE
    flyer = world.flyer
    flyer.x, flyer.y = 545.0, 415.0
    flyer.heading, flyer.vx, flyer.vy = (0.83, -0.55), 9.0, -6.0
    flyer.angle = -0.04
    world.lines.append(Line(205, 640, 540, 420, 100, 100))
    world.lines.append(Line(560, 660, 205, 640, 60, 100))
    for kind, x, y in FOES:
        world.add_foe(kind, x, y)
    for step in range(5):
        for side in (-1, 1):
            x, y = 610 + step * 66, 408 - step * 3 + side * 8
            world.shots.append(Shot(x, y, 15.0, -0.6, 1, 0))
    for index in range(14):
        way = index * math.tau / 14
        world.bullets.append(Bullet(1040 + math.cos(way) * 128, 405 + math.sin(way) * 128, 0, 0))
    for index in range(9):
        way = index * 2.4
        world.embers.append(Ember(400 + math.cos(way) * 22 * index, 560 + math.sin(way) * 9 * index, 0, 0))
    return world
