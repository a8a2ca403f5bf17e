"""Pictures of what lies on the pond: tiles, lanterns, ribbons of light, lily pads."""

from __future__ import annotations

import math
from functools import cache

import numpy as np
import pygame

from . import paint
from .paint import Colour, Field

RIGHT, LEFT, DOWN, UP = 1, 2, 4, 8
"""Bits of the sides that a ribbon leaves a tile by."""

_SIDES = {RIGHT: (1, 0), LEFT: (-1, 0), DOWN: (0, 1), UP: (0, -1)}
PETALS = (5, 6, 7, 8, 4, 9, 3, 10, 12)
"""Of each colour's lantern, so that colours are told apart by shape too."""


@cache
def tile(size: int, tint: Colour | None) -> pygame.Surface:
    """Return a tile of still water, or one that a ribbon lights."""
    x, y = paint.centred(size)
    distance = paint.rounded(x, y, size / 2 - 2.5, size / 2 - 2.5, size * 0.2)
    slope = np.clip(0.5 - (x + y) / (2.4 * size), 0, 1)[..., None]
    base = paint.rgb(paint.mix(paint.WATER, tint, 0.24) if tint else paint.WATER)
    rim = paint.inside(np.abs(distance + 1.4) - 0.8)[..., None]
    colours = base * (0.78 + 0.45 * slope) + 26 * rim * slope
    return paint.surface(colours, paint.inside(distance) * (0.95 if tint else 0.82))


@cache
def lantern(size: int, index: int, lit: bool) -> pygame.Surface:
    """Return a lantern in a flower of its colour's number of petals."""
    colour, petals = paint.rgb(paint.LANTERNS[index]), PETALS[index]
    x, y = paint.centred(size)
    far, angle = np.hypot(x, y) / (size / 2), np.arctan2(y, x)
    wave = np.abs(np.cos((angle + math.pi / 2) * petals / 2))
    edge = 0.56 + 0.22 * wave**0.8
    petal = paint.inside((far - edge) * size / 2, 1.6)
    vein = np.clip(1 - far / edge, 0, 1)[..., None]
    shine = np.clip(1.2 - far, 0, 1)[..., None]
    colours = colour * (0.5 + 0.5 * shine) + (70 if lit else 18) * vein + 60 * (wave**3)[..., None] * (1 - vein) * 0.5
    ring = paint.inside(np.abs(far - 0.36) * size / 2 - 1.2, 1.4)[..., None]
    core = paint.inside((far - 0.3) * size / 2, 3.0)[..., None]
    heart = paint.rgb(paint.MOON if lit else paint.mix(paint.LANTERNS[index], paint.MOON, 0.5))
    colours = colours * (1 - 0.35 * ring) * (1 - core) + heart * core
    return paint.surface(colours, petal)


@cache
def ribbon(size: int, sides: int, index: int, joined: bool) -> pygame.Surface:
    """Return the part of a ribbon on one tile, by the sides that it leaves it by."""
    x, y = paint.centred(size)
    distance = _ribbon_distance(x, y, size, sides)
    half = size * (0.17 if joined else 0.145)
    round_off = np.sqrt(np.clip(1 - (distance / half) ** 2, 0, 1))[..., None]
    colour = paint.rgb(paint.LANTERNS[index]) * (1.0 if joined else 0.86)
    colours = colour * (0.62 + 0.38 * round_off) + (74 if joined else 30) * round_off**3
    return paint.surface(colours, paint.inside(distance - half, 1.4))


def _ribbon_distance(x: Field, y: Field, size: int, sides: int) -> Field:
    """Distance to the middle line: a quarter circle where it turns, else straight."""
    ways = [way for side, way in _SIDES.items() if sides & side]
    if len(ways) == 2 and ways[0][0] + ways[1][0] and ways[0][1] + ways[1][1]:
        corner_x, corner_y = (ways[0][0] + ways[1][0]) * size / 2, (ways[0][1] + ways[1][1]) * size / 2
        turned: Field = np.abs(np.hypot(x - corner_x, y - corner_y) - size / 2)
        return turned
    distance: Field = np.hypot(x, y)
    for way_x, way_y in ways:
        along = np.clip(x * way_x + y * way_y, 0, size)
        distance = np.minimum(distance, np.hypot(x - along * way_x, y - along * way_y))
    return distance


def lily_pad(size: int, turn: float, hue: float) -> pygame.Surface:
    """Return a lily leaf with its notch and veins."""
    x, y = paint.centred(size)
    far, angle = np.hypot(x, y) / (size / 2), (np.arctan2(y, x) - turn) % math.tau
    notch = np.minimum(angle, math.tau - angle) * far * size / 2 - size * 0.03 - far * size * 0.05
    edge = (far - 0.94 + 0.02 * np.cos(angle * 9)) * size / 2
    veins = np.clip(1 - np.abs(np.sin(angle * 5.5)) * 9 * far, 0, 1)[..., None]
    green = paint.rgb((30 + 26 * hue, 96 + 20 * hue, 74 - 12 * hue))
    colours = green * (0.62 + 0.42 * far[..., None]) + 16 * veins + 22 * paint.inside(np.abs(edge + 2) - 1)[..., None]
    return paint.surface(colours, np.minimum(paint.inside(edge, 2.0), 1 - paint.inside(notch, 2.0)))
