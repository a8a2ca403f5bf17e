"""The pond by night: still water with the moon in it, lily pads, koi and fireflies that move of themselves."""

from __future__ import annotations

import math
import random

import numpy as np
import pygame

from . import koi, paint, pieces

WIDTH, HEIGHT = 1280, 720
FIREFLIES = 22
KOI_PX_PER_S = 52.0
_KOI_COLOURS = ((236, 120, 84), (232, 196, 150), (214, 88, 66), (240, 228, 214))
_PADS = (
    (-46, 694, 236, 0.9, 0.4), (150, 712, 130, 2.4, 0.8), (64, 96, 120, 4.4, 0.1), (1236, 70, 230, 2.2, 0.5),
    (1120, 8, 110, 5.0, 0.9), (1262, 664, 170, 3.6, 0.2), (1150, 716, 90, 1.0, 0.7), (236, 30, 70, 1.6, 0.6),
)  # fmt: skip
"""Lily pads: middle, size, turn and hue."""


def backdrop() -> pygame.Surface:
    """Return the still picture of the whole screen."""
    x, y = paint.grid(WIDTH, HEIGHT)
    far = np.hypot((x - 640) / 900, (y - 330) / 560)
    depth = np.clip(1 - far * 0.72, 0.2, 1)[..., None]
    picture = paint.rgb(paint.DEEP) * (1 - depth) * 0.7 + paint.rgb(paint.WATER) * depth * 1.02
    picture += paint.rgb((10, 30, 26)) * np.clip(y / HEIGHT - 0.3, 0, 1)[..., None]
    net = np.zeros_like(x)
    for scale, turn in ((88.0, 0.4), (52.0, 2.0)):
        u, v = (x * math.cos(turn) + y * math.sin(turn)) / scale, (y * math.cos(turn) - x * math.sin(turn)) / scale
        warped = np.sin(u + 1.3 * np.sin(v * 0.9 + turn)) + np.sin(v + 1.5 * np.sin(u * 0.8 + 2 * turn))
        net += 0.5 * (1 - np.minimum(np.abs(warped), 1)) ** 5
    picture += net[..., None] * paint.rgb((16, 34, 36)) * depth
    moon = np.hypot(x - 1090 + 7 * np.sin(y / 7), (y - 330) * 1.04)
    picture += paint.rgb(paint.MOON) * (np.exp(-((moon / 230) ** 2)) * 0.17)[..., None]
    picture += (np.random.default_rng(5).random(x.shape, dtype=np.float32) * 2.4 - 1.2)[..., None]
    made = paint.surface(picture)
    for pad_x, pad_y, size, turn, hue in _PADS:
        shadow = pieces.lily_pad(size, turn, hue)
        shadow.fill((0, 0, 0, 110), special_flags=pygame.BLEND_RGBA_MULT)
        paint.put(made, shadow, (pad_x + 7, pad_y + 10))
        paint.put(made, pieces.lily_pad(size, turn, hue), (pad_x, pad_y))
    return made


class _Koi:
    """One that wanders; it turns slowly and comes back when it leaves the screen."""

    def __init__(self, rng: random.Random, colour: paint.Colour) -> None:
        self._rng = rng
        self._colour = colour
        self._x, self._y = rng.uniform(100, WIDTH - 100), rng.uniform(80, HEIGHT - 80)
        self._heading = rng.uniform(0, math.tau)
        self._phase = rng.uniform(0, 9)
        self._length = rng.choice((84, 96, 112))

    def step(self, seconds: float) -> None:
        """Swim on."""
        self._phase += 1 / 60
        self._heading += 0.006 * math.sin(self._phase * 0.5) + 0.012 * math.sin(self._phase * 4.2)
        if not (-40 < self._x < WIDTH + 40 and -40 < self._y < HEIGHT + 40):
            home = math.atan2(HEIGHT / 2 - self._y, WIDTH / 2 - self._x)
            self._heading += 0.03 * math.sin(home - self._heading)
        self._x += math.cos(self._heading) * KOI_PX_PER_S * seconds
        self._y += math.sin(self._heading) * KOI_PX_PER_S * seconds

    def draw(self, target: pygame.Surface) -> None:
        """Draw it, dim as under water."""
        at = self._x, self._y
        koi.draw(target, at, self._heading, self._phase * 0.7, self._length, self._colour, 150)


class Life:
    """What moves on the pond although nobody touches it."""

    def __init__(self, seed: int) -> None:
        rng = random.Random(seed)
        self._koi = [_Koi(rng, colour) for colour in _KOI_COLOURS]
        self._flies = [(rng.uniform(0, 99), rng.uniform(0, WIDTH), rng.uniform(0, HEIGHT)) for _ in range(FIREFLIES)]
        self._seconds = 0.0

    def step(self, seconds: float) -> None:
        """Go on."""
        self._seconds += seconds
        for fish in self._koi:
            fish.step(seconds)

    def draw_koi(self, target: pygame.Surface) -> None:
        """Draw what swims."""
        for fish in self._koi:
            fish.draw(target)

    def draw_fireflies(self, target: pygame.Surface) -> None:
        """Draw what flies."""
        for phase, home_x, home_y in self._flies:
            t = self._seconds * 0.35 + phase
            at = home_x + 60 * math.sin(t * 1.1) + 20 * math.sin(t * 2.7), home_y + 44 * math.cos(t * 0.9)
            shine = round(max(math.sin(t * 2.3 + phase), 0.0) * 6) / 6
            if shine:
                paint.add_glow(target, at, paint.glow(15, (214, 226, 120), shine))
