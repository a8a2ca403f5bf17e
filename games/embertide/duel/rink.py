"""The rink's own picture: night water between an ember shore and a tide shore, its walls, and the current on it."""

from __future__ import annotations

import math
import random

import numpy as np
import pygame

from . import arena, paint
from .arena import Side
from .paint import Colour, Field

STREAKS = 70


def _rounded(x: Field, y: Field, grow: float = 0.0) -> Field:
    """Signed distance to the rink's wall."""
    radius = arena.CORNER_RADIUS
    half_w, half_h = (arena.RIGHT - arena.LEFT) / 2 + grow, (arena.BOTTOM - arena.TOP) / 2 + grow
    dx = np.abs(x - arena.MIDDLE_X) - half_w + radius
    dy = np.abs(y - arena.MIDDLE_Y) - half_h + radius
    outside: Field = np.hypot(np.maximum(dx, 0), np.maximum(dy, 0)) + np.minimum(np.maximum(dx, dy), 0) - radius
    return outside


def backdrop() -> pygame.Surface:
    """Return the still picture of the whole screen without goals."""
    x, y = paint.grid(arena.WIDTH, arena.HEIGHT)
    wall = _rounded(x, y)
    across = ((x - arena.LEFT) / (arena.RIGHT - arena.LEFT)).clip(0, 1)[..., None]
    shore = paint.rgb(paint.EMBER) * (1 - across) + paint.rgb(paint.TIDE) * across
    middle = np.hypot((x - arena.MIDDLE_X) / 760, (y - arena.MIDDLE_Y) / 470)
    night = paint.rgb(paint.NIGHT) * np.clip(1.25 - middle * 0.6, 0.4, 1.2)[..., None]
    water = paint.rgb(paint.DEEP) * np.clip(1.28 - middle * 0.72, 0.45, 1.2)[..., None]
    tint = (np.abs(across - 0.5) * 2) ** 1.5
    water += shore * tint * 0.15
    water += _caustics(x, y)[..., None] * (shore * 0.16 + 26)
    edge = inside = paint.inside(wall)[..., None]
    picture = night * (1 - inside) + water * inside
    picture += shore * (np.exp(-np.abs(wall) / 26) * 0.30)[..., None] * (1 - edge * 0.35)
    picture += shore * paint.inside(np.abs(wall) - 2.2)[..., None] * 0.85
    picture += 255 * paint.inside(np.abs(wall) - 0.7)[..., None] * 0.4
    ring = np.abs(np.hypot(x - arena.MIDDLE_X, y - arena.MIDDLE_Y) - 92)
    picture += paint.inside(ring - 1.0, 2.0)[..., None] * (shore * 0.10 + 12)
    rng = np.random.default_rng(7)
    picture += (rng.random(wall.shape, dtype=np.float32) * 2.4 - 1.2)[..., None]
    return paint.surface(picture)


def _caustics(x: Field, y: Field) -> Field:
    """A net of light as on the ground of a pool: ridges where warped waves cross zero."""
    net = np.zeros_like(x)
    for scale, weight, turn in ((74.0, 0.62, 0.5), (41.0, 0.38, 2.1)):
        u, v = (x * math.cos(turn) + y * math.sin(turn)) / scale, (y * math.cos(turn) - x * math.sin(turn)) / scale
        warped = np.sin(u + 1.3 * np.sin(v * 0.9 + turn)) + np.sin(v + 1.5 * np.sin(u * 0.8 + 2 * turn))
        net += weight * (1 - np.minimum(np.abs(warped), 1)) ** 5
    return net


class Current:
    """Streaks that drift with the tide, and the wavering line between the halves."""

    def __init__(self, seed: int) -> None:
        rng = random.Random(seed)
        self._streaks = [
            [
                rng.uniform(arena.LEFT, arena.RIGHT),
                rng.uniform(arena.TOP + 30, arena.BOTTOM - 30),
                rng.uniform(0.4, 1.0),
            ]
            for _ in range(STREAKS)
        ]
        self._looks = [self._streak(length) for length in range(2, 10)]

    @staticmethod
    def _streak(length: int) -> pygame.Surface:
        width = 14 + length * 11
        x, y = paint.grid(width, 5)
        light = np.sin(x / (width - 1) * math.pi) ** 2 * np.clip(1 - np.abs(y - 2) / 2.5, 0, 1)
        return paint.surface(light[..., None] * paint.rgb((58, 64, 110)) * (0.5 + length / 12))

    def draw(self, target: pygame.Surface, tide: float, seconds: float) -> None:
        """Move by the tide's acceleration of this frame, and draw."""
        look = self._looks[min(int(abs(tide) / 60), len(self._looks) - 1)]
        span = arena.RIGHT - arena.LEFT - 120
        for streak in self._streaks:
            streak[0] += tide * 1.1 * streak[2] / 60
            shown_x = arena.LEFT + 60 + (streak[0] - arena.LEFT - 60) % span
            sway = math.sin(seconds * 0.9 + streak[0] / 90) * 4
            paint.add_glow(target, (shown_x, streak[1] + sway), look)
        self._line(target, tide, seconds)

    @staticmethod
    def _line(target: pygame.Surface, tide: float, seconds: float) -> None:
        for layer, colour in enumerate(((60, 62, 112), (92, 94, 150), (150, 152, 205))):
            points = []
            for y in range(int(arena.TOP) + 8, int(arena.BOTTOM), 12):
                bend = math.sin((y - arena.TOP) / (arena.BOTTOM - arena.TOP) * math.pi)
                wave = math.sin(y / 46 + seconds * (1.3 + layer * 0.5) + layer * 2) * (9 - layer * 2)
                points.append((arena.MIDDLE_X + bend * (tide * 0.11 + wave), y))
            pygame.draw.aalines(target, colour, False, points)


def draw_goal(target: pygame.Surface, side: Side, half: float, colour: Colour, ward: bool, seconds: float) -> None:
    """Draw a goal's mouth, its posts, and the ward before it."""
    x, middle = int(side.goal_x), arena.MIDDLE_Y
    out = -side.forward
    for depth in range(int(arena.GOAL_DEPTH) + 18):
        shade = paint.mix(paint.mix(paint.NIGHT, colour, 0.55), paint.NIGHT, depth / (arena.GOAL_DEPTH + 18))
        tall = half - 0.5 * depth
        pygame.draw.line(target, shade, (x + out * depth, middle - tall), (x + out * depth, middle + tall))
    for end in (-half, half):
        paint.add_glow(target, (x, middle + end), paint.glow(26, colour, 0.8))
        pygame.draw.aacircle(target, paint.PALE, (x, middle + end), 6)
    if ward:
        points = []
        for step in range(25):
            y = middle - half + step * half / 12
            points.append((x + side.forward * (8 + 5 * math.sin(step * 0.9 + seconds * 6)), y))
        for shift, shine in ((-2, 0.35), (0, 1.0), (2, 0.35)):
            shifted = [(px + shift, py) for px, py in points]
            pygame.draw.aalines(target, paint.mix(colour, paint.PALE, shine * 0.8), False, shifted)
