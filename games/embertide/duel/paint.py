"""What is drawn once and kept: gradients, glows, pieces, letters. Shapes are signed distances, so edges are soft."""

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

NIGHT: Colour = (11, 12, 30)
DEEP: Colour = (24, 24, 58)
EMBER: Colour = (255, 122, 66)
TIDE: Colour = (48, 208, 214)
SIDE_COLOURS: tuple[Colour, Colour] = (EMBER, TIDE)
PALE: Colour = (238, 236, 255)
DIM: Colour = (134, 136, 184)
GOLD: Colour = (255, 214, 122)


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


def inside(distance: Field, soft: float = 1.0) -> Field:
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
    """Return a round light to be added to what is there (``BLEND_RGB_ADD``)."""
    x, y = grid(radius * 2, radius * 2)
    far = np.hypot(x - radius + 0.5, y - radius + 0.5) / radius
    light = np.clip(1 - far, 0, 1) ** 2.2 * strength
    return surface(light[..., None] * rgb(colour))


def add_glow(target: pygame.Surface, at: tuple[float, float], light: pygame.Surface) -> None:
    """Add a light with its middle at a place."""
    width, height = light.get_size()
    target.blit(light, (at[0] - width / 2, at[1] - height / 2), special_flags=pygame.BLEND_RGB_ADD)


@cache
def disc(radius: int, colour: Colour) -> pygame.Surface:
    """Return a player's piece: dark glass in a bright ring."""
    pad = 6
    x, y = grid((radius + pad) * 2, (radius + pad) * 2)
    x, y = x - radius - pad + 0.5, y - radius - pad + 0.5
    far = np.hypot(x, y)
    tint, alpha = rgb(colour), inside(far - radius)
    lit = np.clip(0.62 - (x + y) / (3.2 * radius), 0.15, 1.0)
    glass = rgb(mix(NIGHT, colour, 0.22)) * (0.75 + 0.7 * lit[..., None])
    ring = np.maximum(inside(np.abs(far - radius + 4.5) - 4.0), 0.9 * inside(np.abs(far - radius * 0.56) - 1.2))
    bright = tint * (0.7 + 0.55 * lit[..., None]) + 40 * lit[..., None]
    shine = inside(np.hypot(x + radius * 0.22, (y + radius * 0.42) * 1.7) - radius * 0.42, radius * 0.5)
    colours = glass * (1 - ring[..., None]) + bright * ring[..., None] + 52 * shine[..., None]
    core = inside(far - radius * 0.2, 3.0)[..., None]
    colours = colours * (1 - core) + (tint * 0.55 + 115) * core
    return surface(colours, alpha)


@cache
def orb(radius: int, colour: Colour) -> pygame.Surface:
    """Return the orb: white inside, its owner's colour at the rim."""
    x, y = grid(radius * 2 + 8, radius * 2 + 8)
    far = np.hypot(x - radius - 3.5, y - radius - 3.5)
    share = np.clip(far / radius, 0, 1)[..., None] ** 2.6
    return surface(255 * (1 - share) + rgb(mix(colour, PALE, 0.25)) * share, inside(far - radius))


@cache
def font(size: int) -> pygame.font.Font:
    """Return pygame's own font."""
    return pygame.font.Font(None, size)


@cache
def text(words: str, size: int, colour: Colour = PALE, spacing: int = 0) -> pygame.Surface:
    """Return words with space between the letters."""
    if not spacing:
        return font(size).render(words, True, colour)
    letters = [font(size).render(letter, True, colour) for letter in words]
    width = sum(letter.get_width() + spacing for letter in letters) - spacing
    height = max(letter.get_height() for letter in letters)
    made = pygame.Surface((max(width, 1), height), pygame.SRCALPHA)
    x = 0
    for letter in letters:
        made.blit(letter, (x, 0))
        x += letter.get_width() + spacing
    return made


@cache
def headline(words: str, size: int, left: Colour, right: Colour, spacing: int = 8) -> pygame.Surface:
    """Return big letters that run from one colour to another, in a light of their own."""
    letters = text(words, size, (255, 255, 255), spacing).copy()
    width, height = letters.get_size()
    share = np.linspace(0, 1, width, dtype=np.float32)[:, None, None]
    fade = np.linspace(1.16, 0.86, height, dtype=np.float32)[None, :, None]
    tint = (rgb(left) * (1 - share) + rgb(right) * share) * fade + 18
    gradient = surface(np.broadcast_to(tint, (width, height, 3)))
    letters.blit(gradient, (0, 0), special_flags=pygame.BLEND_RGB_MULT)
    pad = size // 2
    halo = pygame.Surface((width + 2 * pad, height + 2 * pad), pygame.SRCALPHA)
    halo.blit(letters, (pad, pad))
    halo = pygame.transform.gaussian_blur(halo, max(size // 7, 2))
    halo.set_alpha(150)
    made = pygame.Surface(halo.get_size(), pygame.SRCALPHA)
    made.blit(halo, (0, 0))
    made.blit(letters, (pad, pad))
    return made


def put(target: pygame.Surface, what: pygame.Surface, at: tuple[float, float], anchor: str = "center") -> pygame.Rect:
    """Draw a picture with its ``anchor`` (an attribute of ``Rect``) at a place."""
    return target.blit(what, what.get_rect(**{anchor: (round(at[0]), round(at[1]))}))
