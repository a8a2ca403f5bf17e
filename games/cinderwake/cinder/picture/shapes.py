"""What foes, gifts and the player look like: paths and colours, made into sprites once."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import pygame

from ..rules.things import Gift, Kind
from ..rules.traits import TRAITS
from .neon import Colour, Path, Turning, arc, neon, polygon, star

WARM: Colour = (255, 150, 40)
FLAME: Colour = (255, 92, 18)
GOLD: Colour = (255, 200, 90)
DANGER: Colour = (255, 50, 110)
PALE: Colour = (150, 180, 215)

COLOURS: Mapping[Kind, Colour] = {
    Kind.MOTE: (40, 200, 190),
    Kind.HUNTER: (60, 140, 255),
    Kind.DART: (160, 90, 255),
    Kind.BLOOM: (70, 225, 130),
    Kind.WEAVER: (200, 120, 255),
    Kind.SHARD: (140, 215, 255),
    Kind.SPLINTER: (140, 215, 255),
    Kind.SOWER: (150, 220, 70),
    Kind.MINE: (255, 80, 90),
    Kind.AEGIS: (90, 165, 220),
    Kind.LANCER: (255, 80, 210),
    Kind.WARDEN: (90, 130, 255),
    Kind.LOOM: (220, 90, 255),
    Kind.COMET: (80, 230, 230),
}
"""Foes are cold; all that is warm is the player's, all that is pink-red hurts."""


def _closed(*points: tuple[float, float]) -> Path:
    return [*points, points[0]]


_PATHS: Mapping[Kind, Sequence[Path]] = {
    Kind.MOTE: [polygon(4, 0.9), polygon(4, 0.42, math.pi / 4)],
    Kind.HUNTER: [_closed((1, 0), (-0.8, 0.75), (-0.35, 0), (-0.8, -0.75))],
    Kind.DART: [_closed((1.1, 0), (-0.2, 0.42), (-1, 0.2), (-0.7, 0), (-1, -0.2), (-0.2, -0.42)),
                [(-0.2, 0), (0.6, 0)]],
    Kind.BLOOM: [star(8, 1.0, 0.6), polygon(8, 0.34)],
    Kind.WEAVER: [arc(0.95, -2.2, 2.2), arc(0.5, 0.9, 2 * math.pi - 0.9), [(0.2, 0), (0.95, 0)]],
    Kind.SHARD: [_closed((0.95, 0.1), (0.35, 0.85), (-0.6, 0.75), (-0.95, -0.1), (-0.3, -0.9), (0.6, -0.7)),
                 [(0.95, 0.1), (-0.1, 0.05), (-0.6, 0.75)], [(-0.1, 0.05), (-0.3, -0.9)]],
    Kind.SPLINTER: [_closed((1, 0), (-0.6, 0.7), (-0.6, -0.7))],
    Kind.SOWER: [_closed((0.9, 0), (0.4, 0.7), (-0.6, 0.8), (-0.9, 0), (-0.6, -0.8), (0.4, -0.7)), polygon(6, 0.4)],
    Kind.MINE: [star(6, 1.0, 0.45)],
    Kind.AEGIS: [_closed((0.5, 0), (-0.2, 0.6), (-0.8, 0), (-0.2, -0.6)),
                 arc(1.0, -1.0, 1.0), arc(0.86, -0.95, 0.95)],
    Kind.LANCER: [_closed((1, 0), (0, 0.3), (-0.7, 0.9), (-0.35, 0), (-0.7, -0.9), (0, -0.3)), polygon(4, 0.22)],
    Kind.WARDEN: [polygon(6, 1.0), polygon(6, 0.72, math.pi / 6), star(6, 0.55, 0.25), polygon(6, 0.2)],
    Kind.LOOM: [polygon(3, 1.0), polygon(3, 1.0, math.pi), polygon(12, 0.58), star(3, 0.44, 0.16), polygon(6, 0.15)],
    Kind.COMET: [_closed((1, 0), (0.3, 0.5), (-0.9, 0.8), (-0.5, 0.25), (-1, 0), (-0.5, -0.25), (-0.9, -0.8),
                         (0.3, -0.5)),
                 _closed((0.6, 0), (0, 0.25), (-0.3, 0), (0, -0.25))],
}  # fmt: skip

_PERIODS = {Kind.MOTE: math.pi / 2, Kind.BLOOM: math.tau / 8, Kind.MINE: math.tau / 6, Kind.WARDEN: math.tau / 6}
_LOOM_PERIOD = math.tau / 3
GLOW_MARGIN_PX = 16


def foe_sprites() -> dict[Kind, Turning]:
    """Return a sprite for each kind of foe."""
    sprites = {}
    for kind, paths in _PATHS.items():
        radius = TRAITS[kind].radius * (1.12 if TRAITS[kind].radius < 40 else 1.15)
        period = _PERIODS.get(kind, _LOOM_PERIOD if kind is Kind.LOOM else math.tau)
        big = radius > 40
        sprites[kind] = Turning(
            light(paths, COLOURS[kind], radius, width=3.6 if big else 2.6, glow_px=12 if big else 6),
            frames=max(round(96 * period / math.tau * (2 if big else 1)), 12),
            period=period,
        )
    return sprites


def light(paths: Sequence[Path], colour: Colour, radius: float, *, width: float, glow_px: int) -> pygame.Surface:
    """Return paths as a square sprite, with room for the glow round the radius."""
    half = round(radius + GLOW_MARGIN_PX + glow_px)
    shrunk = [[(x * radius / half, y * radius / half) for x, y in path] for path in paths]
    return neon((half * 2, half * 2), shrunk, colour, width=width, glow_px=glow_px)


def flyer_sprite() -> Turning:
    """Return the player's ember."""
    paths = [
        _closed((1, 0), (0.1, 0.5), (-0.75, 0.72), (-0.4, 0), (-0.75, -0.72), (0.1, -0.5)),
        _closed((0.5, 0), (-0.1, 0.2), (-0.1, -0.2)),
    ]
    return Turning(light(paths, WARM, 21, width=2.8, glow_px=9), frames=72)


def flame() -> Sequence[Path]:
    """Return the sign of a life."""
    return [_closed((0, -1), (0.45, -0.3), (0.6, 0.3), (0.3, 0.85), (-0.3, 0.85), (-0.6, 0.3), (-0.2, -0.1)),
            [(0, 0.15), (0.2, 0.5), (0, 0.7), (-0.2, 0.5), (0, 0.15)]]  # fmt: skip


def gift_sprites() -> dict[Gift, pygame.Surface]:
    """Return a sprite for each gift."""
    shapes: Mapping[Gift, tuple[Sequence[Path], Colour]] = {
        Gift.HEART: (flame(), (255, 90, 60)),
        Gift.OVERDRIVE: ([_closed((0.1, -0.9), (-0.6, 0.15), (-0.05, 0.15), (-0.1, 0.9), (0.6, -0.2), (0.05, -0.2))],
                         (255, 220, 60)),
        Gift.BUBBLE: ([polygon(20, 0.8), arc(0.5, -2.6, -1.4)], (255, 190, 140)),
    }  # fmt: skip
    ring = polygon(24, 1.3)
    return {gift: light([*paths, ring], colour, 15, width=2.0, glow_px=6) for gift, (paths, colour) in shapes.items()}


def shot_sprite() -> pygame.Surface:
    """Return one of the player's shots."""
    return light([[(-0.9, 0), (0.9, 0)]], WARM, 10, width=3.2, glow_px=5)


def bullet_sprite() -> pygame.Surface:
    """Return one of the foes' bullets: a ring that stands out from every light that does no harm."""
    sprite = light([polygon(16, 1.0)], DANGER, 6.5, width=3.4, glow_px=6)
    middle = sprite.get_width() // 2
    pygame.draw.circle(sprite, (255, 214, 228), (middle, middle), 4)
    return sprite
