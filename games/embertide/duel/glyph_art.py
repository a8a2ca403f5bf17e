"""Signs of the glyphs, drawn of lines on a small surface."""

from __future__ import annotations

import math
from functools import cache

import pygame

from . import paint
from .pieces import Glyph

SIZE = 48
_SHARP = 3
"""Drawn so many times larger, then scaled down, for soft edges."""


@cache
def picture(glyph: Glyph) -> pygame.Surface:
    """Return a sign of ``SIZE`` pixels."""
    large = pygame.Surface((SIZE * _SHARP, SIZE * _SHARP), pygame.SRCALPHA)
    _PAINTERS[glyph](large, SIZE * _SHARP / 2)
    return pygame.transform.smoothscale(large, (SIZE, SIZE))


def _twin(target: pygame.Surface, middle: float) -> None:
    for shift in (-25, 25):
        pygame.draw.circle(target, paint.PALE, (middle + shift, middle + shift * 0.5), 27, 10)


def _wide(target: pygame.Surface, middle: float) -> None:
    for sign in (-1, 1):
        pygame.draw.line(target, paint.PALE, (middle, middle + sign * 10), (middle, middle + sign * 44), 10)
        tip = middle + sign * 50
        pygame.draw.lines(
            target,
            paint.PALE,
            False,
            [(middle - 20, tip - sign * 22), (middle, tip), (middle + 20, tip - sign * 22)],
            8,
        )


def _ward(target: pygame.Surface, middle: float) -> None:
    shield = [
        (middle - 36, middle - 36), (middle, middle - 48), (middle + 36, middle - 36),
        (middle + 30, middle + 14), (middle, middle + 50), (middle - 30, middle + 14),
    ]  # fmt: skip
    pygame.draw.polygon(target, paint.PALE, shield, 10)


def _gale(target: pygame.Surface, middle: float) -> None:
    for row, reach in ((-24, 40), (0, 50), (24, 34)):
        points = [
            (middle - reach + step * reach / 10, middle + row + math.sin(step / 20 * math.tau) * 9)
            for step in range(21)
        ]
        pygame.draw.lines(target, paint.PALE, False, points, 10)


_PAINTERS = {Glyph.TWIN: _twin, Glyph.WIDE: _wide, Glyph.WARD: _ward, Glyph.GALE: _gale}
