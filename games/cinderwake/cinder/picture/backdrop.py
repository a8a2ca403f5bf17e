"""Space behind the arena: for each sector a nebula with a world in it, dust and stars that shift with the view."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

import numpy as np
import pygame
from numpy.typing import NDArray

from ..rules.arena import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH
from .neon import ADD, Colour, neon, orb, scaled

MARGIN = 32
"""By how much the nebula is larger than the picture on each side, to shift in."""


@dataclass(frozen=True, slots=True)
class Palette:
    """Colours of a sector."""

    deep: Colour
    cloud: Colour
    second: Colour
    world: Colour
    wall: Colour
    world_at: tuple[float, float]
    world_radius: int


PALETTES = (
    Palette((7, 10, 30), (22, 66, 134), (96, 28, 112), (90, 150, 255), (60, 110, 230), (0.80, 0.32), 138),
    Palette((13, 7, 30), (96, 28, 128), (24, 56, 150), (225, 110, 240), (160, 80, 240), (0.18, 0.70), 165),
    Palette((4, 18, 25), (10, 104, 104), (24, 48, 136), (90, 245, 215), (40, 190, 180), (0.74, 0.78), 190),
    Palette((22, 7, 16), (132, 30, 62), (92, 36, 136), (255, 130, 120), (230, 80, 130), (0.24, 0.30), 150),
)


def _clouds(chance: np.random.Generator, size: tuple[int, int], cells: int) -> NDArray[np.float32]:
    """Return smooth noise of several scales from 0 to 1, ``(height, width)``."""
    total = np.zeros((size[1], size[0]), np.float32)
    weight = 0.0
    for octave in range(5):
        count = cells * 2**octave
        grid = chance.integers(0, 256, (count, count, 1), np.uint8).repeat(3, axis=2)
        fine = pygame.transform.smoothscale(pygame.surfarray.make_surface(grid), size)
        share = 0.55**octave
        total += pygame.surfarray.pixels_red(fine).T.astype(np.float32) * (share / 255)
        weight += share
    return total / weight


def paint_nebula(palette: Palette, seed: int) -> pygame.Surface:
    """Return the nebula, larger than the picture by the margin on each side."""
    chance = np.random.default_rng(seed)
    width, height = WIDTH + 2 * MARGIN, HEIGHT + 2 * MARGIN
    half = width // 2, height // 2
    first = np.clip(_clouds(chance, half, 3) * 2.6 - 0.95, 0, 1)[..., None]
    second = np.clip(_clouds(chance, half, 4) * 2.8 - 1.15, 0, 1)[..., None]
    ys, xs = np.mgrid[-1 : 1 : half[1] * 1j, -1 : 1 : half[0] * 1j].astype(np.float32)
    vignette = np.clip(1.12 - 0.42 * (xs * xs + ys * ys), 0.35, 1)[..., None]
    colours = [np.array(colour, np.float32) for colour in (palette.deep, palette.cloud, palette.second)]
    picture = (colours[0] + first * first * colours[1] * 0.9 + second * second * colours[2] * 0.8) * vignette
    soft = pygame.surfarray.make_surface(np.clip(picture, 0, 255).astype(np.uint8).swapaxes(0, 1))
    large = pygame.transform.smoothscale(soft, (width, height))
    _paint_world(large, palette)
    return large.convert()


def _paint_world(target: pygame.Surface, palette: Palette) -> None:
    """A dark globe, lit from one side, with a thin ring of air."""
    radius = palette.world_radius
    size = radius * 2 + 80
    ys, xs = np.mgrid[0:size, 0:size].astype(np.float32) - size / 2
    distance = np.sqrt(xs * xs + ys * ys) / radius
    lit = np.clip((-xs * 0.75 - ys * 0.66) / radius, 0, 1)
    body = np.where(distance < 1, np.clip(lit**1.8 * (0.25 + distance**4 * 0.75), 0, 1) * 0.62, 0)
    air = np.where(distance >= 1, np.exp(-(distance - 1) * 16), np.exp(-(1 - distance) * 26)) * (0.06 + 0.75 * lit)
    shine = ((body + air * 0.8)[..., None] * np.array(palette.world, np.float32)).clip(0, 255).astype(np.uint8)
    centre = target.get_width() * palette.world_at[0], target.get_height() * palette.world_at[1]
    disc = pygame.Surface((size, size), pygame.SRCALPHA)
    pygame.draw.circle(disc, (*scaled(palette.deep, 0.7), 215), (size // 2, size // 2), radius)
    corner = round(centre[0] - size / 2), round(centre[1] - size / 2)
    target.blit(disc, corner)
    target.blit(pygame.surfarray.make_surface(shine.swapaxes(0, 1)), corner, special_flags=ADD)


class Backdrop:
    """Draws space and wall; each sector's nebula is painted when it is first seen."""

    def __init__(self) -> None:
        self._nebulas: dict[int, pygame.Surface] = {}
        self._walls: dict[int, pygame.Surface] = {}
        chance = random.Random(5)
        lights = [orb(radius, colour, core=0.3) for radius in (2, 3) for colour in ((120, 140, 200), (200, 190, 170))]
        self._stars = [
            (chance.choice(lights[:2] if depth < 0.6 else lights), chance.random(), chance.random(), depth)
            for depth in (chance.uniform(0.15, 1.0) for _ in range(130))
        ]

    def draw(self, screen: pygame.Surface, sector: int, frame: float, look: tuple[float, float]) -> None:
        """Draw over everything.

        Args:
            screen: The picture.
            sector: Counts on through the palettes.
            frame: Time in ticks, for the drift of the stars.
            look: Where the view has moved to, each from -1 to 1.
        """
        index = sector % len(PALETTES)
        nebula = self.nebula(index)
        screen.blit(nebula, (-MARGIN - look[0] * MARGIN * 0.8, -MARGIN - look[1] * MARGIN * 0.8))
        span_x, span_y = WIDTH + 20, HEIGHT + 20
        palette = PALETTES[index]
        world_x = nebula.get_width() * palette.world_at[0] - MARGIN * (1 + look[0] * 0.8)
        world_y = nebula.get_height() * palette.world_at[1] - MARGIN * (1 + look[1] * 0.8)
        stars = []
        for light, x, y, depth in self._stars:
            left = (x * span_x - look[0] * 60 * depth - frame * 0.25 * depth) % span_x - 10
            top = (y * span_y - look[1] * 60 * depth) % span_y - 10
            if math.hypot(left - world_x, top - world_y) > palette.world_radius:
                stars.append((light, (left, top)))
        screen.fblits(stars, ADD)

    def draw_wall(self, screen: pygame.Surface, sector: int, shift: tuple[int, int]) -> None:
        """Draw the arena's wall."""
        index = sector % len(PALETTES)
        if index not in self._walls:
            self._walls[index] = _paint_wall(PALETTES[index].wall)
        screen.blit(self._walls[index], shift, special_flags=ADD)

    def nebula(self, index: int) -> pygame.Surface:
        """Return a sector's nebula."""
        if index not in self._nebulas:
            self._nebulas[index] = paint_nebula(PALETTES[index], 11 + index * 7)
        return self._nebulas[index]


def _paint_wall(colour: Colour) -> pygame.Surface:
    cut = 26.0
    corners = [
        (LEFT + cut, TOP), (RIGHT - cut, TOP), (RIGHT, TOP + cut), (RIGHT, BOTTOM - cut),
        (RIGHT - cut, BOTTOM), (LEFT + cut, BOTTOM), (LEFT, BOTTOM - cut), (LEFT, TOP + cut), (LEFT + cut, TOP),
    ]  # fmt: skip
    path = [(x / WIDTH * 2 - 1, y / HEIGHT * 2 - 1) for x, y in corners]
    return neon((WIDTH, HEIGHT), [path], scaled(colour, 0.62), width=2.0, glow_px=9, glow=0.7, fill=0.0, finer=1)
