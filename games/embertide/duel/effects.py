"""Sparks, ripples and shaking: what makes a hit felt. Only looks; the match does not know of them."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

import pygame
from pygame.math import Vector2

from . import paint
from .paint import Colour
from .pieces import Event, What

SPARKS_MAX = 260
FADES = 8
_WATER: Colour = (26, 27, 62)


@dataclass(slots=True)
class _Spark:
    position: Vector2
    velocity: Vector2
    colour: Colour
    life_s: float
    whole_s: float
    size: int


@dataclass(slots=True)
class _Ripple:
    at: tuple[float, float]
    radius: float
    reach: float
    colour: Colour
    age_s: float = 0.0
    whole_s: float = 0.5


class Effects:
    """Owns all that flies about."""

    def __init__(self, seed: int) -> None:
        self._rng = random.Random(seed)
        self._sparks: list[_Spark] = []
        self._ripples: list[_Ripple] = []
        self._shake = 0.0

    def see(self, event: Event) -> None:
        """Begin what an event looks like."""
        colour = paint.SIDE_COLOURS[event.side] if event.side is not None else paint.PALE
        match event.what:
            case What.HIT:
                self._burst(event.at, colour, 6 + int(event.strength * 16), 120 + event.strength * 380)
                self._ripples.append(_Ripple(event.at, 12, 40 + event.strength * 70, colour))
                self._shake = max(self._shake, event.strength * 5 - 1)
            case What.WALL:
                self._burst(event.at, paint.mix(colour, paint.PALE, 0.5), 3 + int(event.strength * 6), 160)
                self._ripples.append(_Ripple(event.at, 6, 46, paint.DIM, whole_s=0.35))
            case What.PULSE:
                self._ripples.append(_Ripple(event.at, 30, event.strength, colour, whole_s=0.42))
                self._ripples.append(_Ripple(event.at, 10, event.strength * 0.8, paint.PALE, whole_s=0.34))
                self._burst(event.at, colour, 14, event.strength * 2.2)
            case What.GOAL | What.WON:
                self._burst(event.at, colour, 90, 720)
                self._burst(event.at, paint.PALE, 30, 460)
                for reach in (120, 240, 420):
                    self._ripples.append(_Ripple(event.at, 10, reach, colour, whole_s=0.5 + reach / 500))
                self._shake = 14
            case What.GLYPH_TAKEN | What.WARD_BROKEN | What.GLYPH_SHOWN:
                self._burst(event.at, paint.GOLD if event.what is not What.WARD_BROKEN else colour, 26, 300)
                self._ripples.append(_Ripple(event.at, 10, 110, paint.GOLD))
            case What.SERVE:
                self._ripples.append(_Ripple(event.at, 20, 92, paint.PALE))

    def trail(self, at: tuple[float, float], colour: Colour, speed: float) -> None:
        """Let a quick orb lose a spark now and then."""
        if self._rng.random() < speed / 2600:
            self._add(Vector2(at), Vector2(self._rng.uniform(-40, 40), self._rng.uniform(-40, 40)), colour, 0.5, 7)

    def _burst(self, at: tuple[float, float], colour: Colour, count: int, speed: float) -> None:
        for _ in range(count):
            angle, pace = self._rng.uniform(0, math.tau), self._rng.uniform(0.15, 1.0) * speed
            velocity = Vector2(math.cos(angle), math.sin(angle)) * pace
            self._add(Vector2(at), velocity, colour, self._rng.uniform(0.3, 0.85), self._rng.choice((6, 9, 13)))

    def _add(self, position: Vector2, velocity: Vector2, colour: Colour, life_s: float, size: int) -> None:
        if len(self._sparks) < SPARKS_MAX:
            self._sparks.append(_Spark(position, velocity, colour, life_s, life_s, size))

    def step(self, seconds: float) -> None:
        """Go on."""
        for spark in self._sparks:
            spark.life_s -= seconds
            spark.velocity *= 1 - 2.6 * seconds
            spark.position += spark.velocity * seconds
        self._sparks = [spark for spark in self._sparks if spark.life_s > 0]
        for ripple in self._ripples:
            ripple.age_s += seconds
        self._ripples = [ripple for ripple in self._ripples if ripple.age_s < ripple.whole_s]
        self._shake = max(self._shake - 26 * seconds, 0.0)

    def draw(self, target: pygame.Surface) -> None:
        """Draw ripples and sparks."""
        for ripple in self._ripples:
            share = ripple.age_s / ripple.whole_s
            radius = ripple.radius + (ripple.reach - ripple.radius) * (1 - (1 - share) ** 2)
            width = max(round(4 * (1 - share)), 1)
            pygame.draw.aacircle(target, paint.mix(ripple.colour, _WATER, share), ripple.at, radius, width)
        for spark in self._sparks:
            fade = math.ceil(spark.life_s / spark.whole_s * FADES) / FADES
            paint.add_glow(target, (spark.position.x, spark.position.y), paint.glow(spark.size, spark.colour, fade))

    def shake(self, target: pygame.Surface) -> None:
        """Move the whole picture a little."""
        reach = round(self._shake)
        if reach >= 1:
            target.scroll(self._rng.randint(-reach, reach), self._rng.randint(-reach, reach))
