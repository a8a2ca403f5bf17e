"""Colours, letters and lights. Shapes are signed distances over numpy grids, so that every edge is soft."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any, TypeAlias

import numpy as np
import pygame
from numpy.typing import NDArray

Colour: TypeAlias = tuple[int, int, int]
Field: TypeAlias = NDArray[np.floating[Any]]
"""Mostly single precision: whole screens of it are made before the first picture."""

DEEP: Colour = (8, 26, 40)
WATER: Colour = (18, 58, 74)
MIST: Colour = (146, 190, 194)
PALE: Colour = (240, 248, 238)
MOON: Colour = (255, 240, 204)
LANTERNS: tuple[Colour, ...] = (
    (255, 138, 110), (255, 206, 104), (126, 214, 146), (106, 196, 255), (190, 152, 255),
    (255, 150, 200), (236, 240, 226), (72, 220, 206), (208, 148, 92),
)  # fmt: skip
"""Coral, honey, leaf, sky, iris, rose, moon, jade and amber."""


def mix(first: Colour, second: Colour, share: float) -> Colour:
    """Return the colour that lies between two; ``share`` 0 is the first."""
    share = min(max(share, 0.0), 1.0)
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def rgb(colour: Sequence[float]) -> Field:
    """Return a colour to reckon with."""
    return np.array(colour, np.float32)


def grid(width: int, height: int) -> tuple[Field, Field]:
    """Return x and y of each pixel, as arrays of shape (width, height)."""
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32), indexing="ij")
    return x, y


def centred(size: int) -> tuple[Field, Field]:
    """Return x and y of each pixel from the middle of a square."""
    x, y = grid(size, size)
    return x - (size - 1) / 2, y - (size - 1) / 2


def rounded(x: Field, y: Field, half_width: float, half_height: float, radius: float) -> Field:
    """Return the signed distance to a rounded rectangle around the origin."""
    dx, dy = np.abs(x) - half_width + radius, np.abs(y) - half_height + radius
    distance: Field = np.hypot(np.maximum(dx, 0), np.maximum(dy, 0)) + np.minimum(np.maximum(dx, dy), 0) - radius
    return distance


def inside(distance: Field, soft: float = 1.2) -> Field:
    """Return 1 where a signed distance is negative, 0 outside, with an edge of ``soft`` pixels."""
    share: Field = np.clip(0.5 - distance / soft, 0.0, 1.0)
    return share


def surface(colour: Field, alpha: Field | None = None) -> pygame.Surface:
    """Make a surface of (width, height, 3) colours from 0 to 255 and, if given, an alpha from 0 to 1."""
    width, height = colour.shape[:2]
    made = pygame.Surface((width, height), pygame.SRCALPHA if alpha is not None else 0, 32)
    pygame.surfarray.pixels3d(made)[:] = np.clip(colour, 0, 255).astype(np.uint8)
    if alpha is not None:
        pygame.surfarray.pixels_alpha(made)[:] = (np.clip(alpha, 0, 1) * 255).astype(np.uint8)
    return made


@cache
def glow(radius: int, colour: Colour, strength: float = 1.0) -> pygame.Surface:
    """Return a round light to be added to what is there."""
    x, y = centred(radius * 2)
    light = np.clip(1 - np.hypot(x, y) / radius, 0, 1) ** 2.2 * strength
    return surface(light[..., None] * rgb(colour))


def add_glow(target: pygame.Surface, at: tuple[float, float], light: pygame.Surface) -> None:
    """Add a light with its middle at a place."""
    width, height = light.get_size()
    target.blit(light, (at[0] - width / 2, at[1] - height / 2), special_flags=pygame.BLEND_RGB_ADD)


@cache
def panel(width: int, height: int, bright: bool) -> pygame.Surface:
    """Return a sheet of dark glass, the ground of a button."""
    x, y = grid(width, height)
    distance = rounded(
        x - (width - 1) / 2, y - (height - 1) / 2, width / 2 - 2, height / 2 - 2, min(height / 2 - 2, 22)
    )
    fall = (1 - y / height)[..., None]
    rim = inside(np.abs(distance + 2) - (1.4 if bright else 0.7))[..., None]
    base = rgb(WATER) * (0.62 + (0.62 if bright else 0.25) * fall)
    colours = base * (1 - rim) + rgb(MOON if bright else MIST) * rim * (1.0 if bright else 0.5)
    return surface(colours, inside(distance) * 0.88)


@cache
def font(size: int) -> pygame.font.Font:
    """Return pygame's own font."""
    return pygame.font.Font(None, size)


@cache
def text(words: str, size: int, colour: Colour = PALE, spacing: int = 0) -> pygame.Surface:
    """Return words with space between the letters; not to be drawn on."""
    letters = [font(size).render(letter, True, colour) for letter in words]
    width = sum(letter.get_width() + spacing for letter in letters) - spacing
    made = pygame.Surface((width, max(letter.get_height() for letter in letters)), pygame.SRCALPHA)
    x = 0
    for letter in letters:
        made.blit(letter, (x, 0))
        x += letter.get_width() + spacing
    return made


@cache
def headline(words: str, size: int, spacing: int = 10) -> pygame.Surface:
    """Return big letters from warm to cool, in a light of their own."""
    letters = text(words, size, (255, 255, 255), spacing).copy()
    width, height = letters.get_size()
    share = np.linspace(0, 1, width, dtype=np.float32)[:, None, None]
    fade = np.linspace(1.1, 0.84, height, dtype=np.float32)[None, :, None]
    tint = (rgb((255, 222, 160)) * (1 - share) + rgb((150, 232, 216)) * share) * fade + 10
    letters.blit(surface(np.broadcast_to(tint, (width, height, 3))), (0, 0), special_flags=pygame.BLEND_RGB_MULT)
    pad = size // 2
    halo = pygame.Surface((width + 2 * pad, height + 2 * pad), pygame.SRCALPHA)
    halo.blit(letters, (pad, pad))
    halo = pygame.transform.gaussian_blur(halo, max(size // 6, 2))
    halo.set_alpha(140)
    made = pygame.Surface(halo.get_size(), pygame.SRCALPHA)
    made.blit(halo, (0, 0))
    made.blit(letters, (pad, pad))
    return made


def put(target: pygame.Surface, what: pygame.Surface, at: tuple[float, float], anchor: str = "center") -> pygame.Rect:
    """Draw a picture with its ``anchor`` (an attribute of ``Rect``) at a place."""
    return target.blit(what, what.get_rect(**{anchor: (round(at[0]), round(at[1]))}))
