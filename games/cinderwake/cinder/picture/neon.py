"""Neon: lines with a white-hot core and a glow, rendered once into sprites that are added to the picture.

A sprite lies on black, so that adding it (``BLEND_RGB_ADD``) shows the light alone.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import TypeAlias

import numpy as np
import pygame

Colour: TypeAlias = tuple[int, int, int]
Path: TypeAlias = Sequence[tuple[float, float]]
"""Points; (-1, -1) is the left top corner of what is drawn, (1, 1) the right bottom one."""

FINER = 3
"""How much finer lines are drawn before they are scaled down."""

ADD = pygame.BLEND_RGB_ADD


def scaled(colour: Colour, share: float) -> Colour:
    """Return a darker or brighter colour."""
    red, green, blue = (min(max(int(part * share), 0), 255) for part in colour)
    return red, green, blue


def mixed(colour: Colour, other: Colour, share: float) -> Colour:
    """Return the colour ``share`` of the way to another one."""
    red, green, blue = (int(a + (b - a) * share) for a, b in zip(colour, other, strict=True))
    return red, green, blue


def blurred(surface: pygame.Surface, radius: int) -> pygame.Surface:
    """Return a soft copy: two box blurs are near enough to a Gaussian and much faster."""
    once = pygame.transform.box_blur(surface, max(radius, 1))
    return pygame.transform.box_blur(once, max(radius, 1))


def strokes(
    size: tuple[int, int], paths: Sequence[Path], colour: Colour, width: float, fill: float = 0.0, finer: int = FINER
) -> pygame.Surface:
    """Return smooth lines with round ends; ``fill`` is how bright the area inside closed paths is."""
    fine = pygame.Surface((size[0] * finer, size[1] * finer))
    thick = max(round(width * finer), 1)
    for path in paths:
        points = [((x + 1) / 2 * fine.get_width(), (y + 1) / 2 * fine.get_height()) for x, y in path]
        if fill and len(points) > 2 and path[0] == path[-1]:
            pygame.draw.polygon(fine, scaled(colour, fill), points)
    for path in paths:
        points = [((x + 1) / 2 * fine.get_width(), (y + 1) / 2 * fine.get_height()) for x, y in path]
        for start, end in pairwise(points):
            pygame.draw.line(fine, colour, start, end, thick)
        for point in points:
            pygame.draw.circle(fine, colour, point, thick / 2)
    return pygame.transform.smoothscale(fine, size) if finer > 1 else fine


def neon(
    size: tuple[int, int],
    paths: Sequence[Path],
    colour: Colour,
    *,
    width: float = 2.4,
    glow_px: int = 7,
    glow: float = 1.0,
    fill: float = 0.16,
    finer: int = FINER,
) -> pygame.Surface:
    """Return lines with core and glow as a sprite."""
    light = strokes(size, paths, scaled(colour, glow), width * 1.5, 0.0, finer)
    sprite = blurred(light, glow_px)
    for _ in range(2):
        sprite.blit(blurred(light, max(glow_px // 2, 1)), (0, 0), special_flags=ADD)
    sprite.blit(strokes(size, paths, scaled(colour, 0.85), width, fill, finer), (0, 0), special_flags=ADD)
    sprite.blit(
        strokes(size, paths, mixed(colour, (255, 255, 255), 0.5), width * 0.4, 0.0, finer), (0, 0), special_flags=ADD
    )
    return sprite.convert() if pygame.display.get_surface() else sprite


def orb(radius: int, colour: Colour, *, core: float = 0.35, glow: float = 1.0, white: float = 0.7) -> pygame.Surface:
    """Return a round light.

    Args:
        radius: Where the glow ends, in pixels.
        colour: Of the glow.
        core: Share of the radius that is white-hot.
        glow: Brightness outside the core.
        white: How white the core is.
    """
    across = np.arange(radius * 2, dtype=np.float32) - radius + 0.5
    distance = np.sqrt(across[:, None] ** 2 + across[None, :] ** 2) / radius
    halo = np.clip(1 - distance, 0, 1) ** 2.0 * glow
    hot = np.clip((core - distance) * radius / 1.6 + 0.5, 0, 1) if core else np.zeros_like(distance)
    shade = halo[..., None] * np.array(colour, np.float32) * (1 - hot[..., None] * 0.4)
    shade += hot[..., None] * np.array(mixed(colour, (255, 255, 255), white), np.float32)
    return pygame.surfarray.make_surface(np.clip(shade, 0, 255).astype(np.uint8))


def polygon(corners: int, radius: float = 1.0, turn: float = 0.0) -> list[tuple[float, float]]:
    """Return a closed regular polygon."""
    return star(corners, radius, radius, turn)[::2]


def star(points: int, outer: float, inner: float, turn: float = 0.0) -> list[tuple[float, float]]:
    """Return a closed star."""
    path = []
    for index in range(points * 2 + 1):
        radius = inner if index % 2 else outer
        way = turn + index * math.pi / points
        path.append((math.cos(way) * radius, math.sin(way) * radius))
    path[-1] = path[0]
    return path


def arc(radius: float, start: float, end: float, steps: int = 14) -> list[tuple[float, float]]:
    """Return an open arc."""
    ways = [start + (end - start) * index / steps for index in range(steps + 1)]
    return [(math.cos(way) * radius, math.sin(way) * radius) for way in ways]


class Turning:
    """A sprite in all directions, each turned when it is first needed."""

    def __init__(self, master: pygame.Surface, *, frames: int = 48, period: float = math.tau) -> None:
        """Arguments: ``period`` is the angle after which the sprite looks the same again."""
        self._master = master
        self._period = period
        self._frames: list[pygame.Surface | None] = [None] * frames

    def at(self, angle: float) -> pygame.Surface:
        """Return the sprite turned by an angle; 0 looks to the right."""
        count = len(self._frames)
        index = round(angle / self._period * count) % count
        frame = self._frames[index]
        if frame is None:
            degrees = -math.degrees(index * self._period / count)
            frame = self._frames[index] = pygame.transform.rotozoom(self._master, degrees, 1.0).convert()
        return frame


def light_polygon(
    screen: pygame.Surface, start: tuple[float, float], end: tuple[float, float], width: float, colour: Colour
) -> None:
    """Draw a thick line with straight ends, smooth in its direction."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    length = math.hypot(dx, dy)
    if length < 1:
        return
    px, py = -dy / length * width / 2, dx / length * width / 2
    corners = [
        (start[0] + px, start[1] + py), (end[0] + px, end[1] + py),
        (end[0] - px, end[1] - py), (start[0] - px, start[1] - py),
    ]  # fmt: skip
    pygame.draw.polygon(screen, colour, corners)
    pygame.draw.circle(screen, colour, end, width / 2)
    pygame.draw.circle(screen, colour, start, width / 2)
