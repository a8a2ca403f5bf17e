"""Sparks, rings and rising numbers: light that means nothing to the rules and everything to the eye."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

import pygame

from .neon import ADD, Colour, orb, scaled
from .stroke_font import write

SPARKS_MAX = 460
SIZES = 6
DRAG = 0.94


@dataclass(slots=True)
class Spark:
    """A grain of light."""

    x: float
    y: float
    vx: float
    vy: float
    ticks: int
    ticks_max: int
    colour: Colour
    size: int


@dataclass(slots=True)
class Ring:
    """A circle that widens and fades."""

    x: float
    y: float
    radius: float
    growth: float
    ticks: int
    ticks_max: int
    colour: Colour
    width: int


@dataclass(slots=True)
class Note:
    """A text that rises and goes."""

    text: str
    x: float
    y: float
    ticks: int
    colour: Colour
    height: int


class Sparks:
    """All of it; has a randomness of its own, so that the rules' one stays the same with and without a picture."""

    def __init__(self) -> None:
        self._chance = random.Random(3)
        self._sparks: list[Spark] = []
        self._rings: list[Ring] = []
        self._notes: list[Note] = []
        self._lights: dict[Colour, list[pygame.Surface]] = {}

    def burst(self, x: float, y: float, colour: Colour, count: int, speed: float, *, ticks: int = 36) -> None:
        """Throw sparks to all sides."""
        chance = self._chance
        for _ in range(min(count, SPARKS_MAX - len(self._sparks))):
            way, fast = chance.uniform(0, math.tau), speed * chance.uniform(0.2, 1.0)
            lasts = round(ticks * chance.uniform(0.5, 1.0))
            size = chance.randrange(2, SIZES)
            self._sparks.append(Spark(x, y, math.cos(way) * fast, math.sin(way) * fast, lasts, lasts, colour, size))

    def trail(self, x: float, y: float, vx: float, vy: float, colour: Colour, ticks: int = 22, size: int = 3) -> None:
        """Leave one spark."""
        if len(self._sparks) < SPARKS_MAX:
            chance = self._chance
            vx, vy = vx + chance.uniform(-0.7, 0.7), vy + chance.uniform(-0.7, 0.7)
            self._sparks.append(Spark(x, y, vx, vy, ticks, ticks, colour, size))

    def ring(self, x: float, y: float, colour: Colour, *, growth: float, ticks: int, width: int = 3) -> None:
        """Let a circle widen."""
        self._rings.append(Ring(x, y, 6.0, growth, ticks, ticks, colour, width))

    def note(self, text: str, x: float, y: float, colour: Colour, height: int = 13) -> None:
        """Let a text rise; of many only the newest stay."""
        self._notes = [*self._notes[-11:], Note(text, x, y, 44, colour, height)]

    def tick(self) -> None:
        """Let a tick pass."""
        for spark in self._sparks:
            spark.x += spark.vx
            spark.y += spark.vy
            spark.vx *= DRAG
            spark.vy *= DRAG
            spark.ticks -= 1
        self._sparks = [spark for spark in self._sparks if spark.ticks > 0]
        for ring in self._rings:
            ring.radius += ring.growth * ring.ticks / ring.ticks_max
            ring.ticks -= 1
        self._rings = [ring for ring in self._rings if ring.ticks > 0]
        for note in self._notes:
            note.y -= 0.8
            note.ticks -= 1
        self._notes = [note for note in self._notes if note.ticks > 0]

    def draw(self, screen: pygame.Surface, shift: tuple[int, int]) -> None:
        """Add everything to the picture."""
        for ring in self._rings:
            left = ring.ticks / ring.ticks_max
            centre = ring.x + shift[0], ring.y + shift[1]
            width = max(round(ring.width * left), 1)
            pygame.draw.circle(screen, scaled(ring.colour, 0.25 + 0.75 * left), centre, ring.radius, width)
        lights = []
        for spark in self._sparks:
            size = spark.size * spark.ticks // spark.ticks_max
            light = self._light(spark.colour)[size]
            half = light.get_width() // 2
            lights.append((light, (spark.x - half + shift[0], spark.y - half + shift[1])))
        screen.fblits(lights, ADD)
        for note in self._notes:
            shade = scaled(note.colour, 1.0 if note.ticks > 14 else 0.5)
            write(screen, note.text, (note.x, note.y), note.height, shade, align=0.5)

    def _light(self, colour: Colour) -> list[pygame.Surface]:
        if colour not in self._lights:
            self._lights[colour] = [
                orb(3 + size * 2, colour, core=0.25, white=0.4).convert() for size in range(SIZES)
            ]
        return self._lights[colour]
