"""The picture: a night sky, glass bricks, balls that glow, and sparks."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .lettering import width_of, write
from .rules import Happening, What
from .table import (
    BALL_RADIUS,
    BRICK_HEIGHT,
    BRICK_WIDTH,
    COLUMNS,
    HEIGHT,
    LEFT,
    LIVES,
    PADDLE_HEIGHT,
    PADDLE_Y,
    TOP,
    WIDTH,
    Phase,
    Table,
)

Frame = NDArray[np.uint8]
ROW_COLOURS = (
    (255, 92, 138), (255, 128, 92), (255, 184, 77), (232, 225, 92), (140, 224, 122),
    (84, 214, 190), (90, 178, 255), (140, 140, 255), (196, 120, 255),
)  # fmt: skip
GEM_COLOURS = ((90, 210, 255), (255, 210, 90), (255, 110, 150))
LIGHT, DIM = (236, 240, 255), (120, 132, 176)
SPARKS_MAX = 160
SPARK_TICKS = 26


@dataclass(slots=True)
class Spark:
    """A bit of light that flies off."""

    x: float
    y: float
    vx: float
    vy: float
    colour: tuple[int, int, int]
    ticks: int = SPARK_TICKS


class Picture:
    """Owns what is drawn once and the sparks."""

    def __init__(self) -> None:
        self._sky = _sky()
        self._glow = _disc(BALL_RADIUS * 4, fade=2.2)
        self._sparks: list[Spark] = []
        self._flash = 0

    def note(self, happened: Iterable[Happening]) -> None:
        """Let sparks fly, and move those that do."""
        for spark in self._sparks:
            spark.x, spark.y = spark.x + spark.vx, spark.y + spark.vy
            spark.vy, spark.ticks = spark.vy + 0.09, spark.ticks - 1
        self._sparks = [spark for spark in self._sparks if spark.ticks]
        self._flash = max(self._flash - 1, 0)
        for one in happened:
            if one.what in (What.BREAK, What.GEM, What.PADDLE):
                self._burst(one)
            elif one.what in (What.LOST, What.OVER):
                self._flash = 14
        del self._sparks[:-SPARKS_MAX]

    def _burst(self, one: Happening) -> None:
        colour = {What.BREAK: ROW_COLOURS, What.GEM: GEM_COLOURS}.get(one.what, (LIGHT,))[one.value]
        count = 4 if one.what is What.PADDLE else 14
        for number in range(count):
            angle = 2.4 * number
            speed = 0.6 + 0.13 * number
            self._sparks.append(Spark(one.x, one.y, speed * math.cos(angle), speed * math.sin(angle) - 0.6, colour))

    def draw(self, frame: Frame, table: Table) -> None:
        """Draw everything anew."""
        frame[:] = self._sky
        for place, hits in enumerate(table.bricks):
            if hits:
                _brick(frame, place, hits)
        for gem in table.gems:
            self._shine(frame, gem.x, gem.y, GEM_COLOURS[gem.what], 0.5)
            _box(frame, gem.x - 5, gem.y - 5, gem.x + 5, gem.y + 5, GEM_COLOURS[gem.what])
            _box(frame, gem.x - 3, gem.y - 3, gem.x + 1, gem.y, LIGHT)
        _paddle(frame, table)
        for ball in table.balls:
            self._shine(frame, ball.x, ball.y, (150, 190, 255), 0.8)
            _box(frame, ball.x - 2, ball.y - BALL_RADIUS, ball.x + 2, ball.y + BALL_RADIUS, LIGHT)
            _box(frame, ball.x - BALL_RADIUS, ball.y - 2, ball.x + BALL_RADIUS, ball.y + 2, LIGHT)
        for spark in self._sparks:
            part = spark.ticks / SPARK_TICKS
            _box(
                frame, spark.x - 1, spark.y - 1, spark.x + 1, spark.y + 1, tuple(int(c * part) for c in spark.colour)
            )
        if self._flash:
            np.maximum(frame, np.array((10 * self._flash, 0, 2 * self._flash), np.uint8), out=frame)
        _words(frame, table)

    def _shine(self, frame: Frame, x: float, y: float, colour: tuple[int, int, int], strength: float) -> None:
        """Add a soft light; what would be brighter than white stays white."""
        radius = self._glow.shape[0] // 2
        left, top = int(x) - radius, int(y) - radius
        x0, y0, x1, y1 = max(left, 0), max(top, 0), min(left + 2 * radius, WIDTH), min(top + 2 * radius, HEIGHT)
        if x0 >= x1 or y0 >= y1:
            return
        light = self._glow[y0 - top : y1 - top, x0 - left : x1 - left, None] * np.array(colour) * strength
        part = frame[y0:y1, x0:x1]
        part[:] = np.minimum(part + light, 255).astype(np.uint8)


def _sky() -> Frame:
    y = np.linspace(0.0, 1.0, HEIGHT)[:, None, None]
    sky = np.array((14, 12, 34)) * (1 - y) + np.array((34, 24, 66)) * y + np.zeros((HEIGHT, WIDTH, 3))
    stars = np.random.default_rng(7)
    for x, y_star, light in stars.integers((12, 12, 20), (WIDTH - 12, HEIGHT - 20, 110), (140, 3)):
        sky[y_star, x] += light
    sky[:, :8] = sky[:, -8:] = sky[:8] = (52, 46, 96)
    sky[8:, 8:10] = sky[8:, -10:-8] = sky[8:10, 8:-8] = (108, 98, 176)
    return np.minimum(sky, 255).astype(np.uint8)


def _disc(radius: int, fade: float) -> NDArray[np.float64]:
    """Return a round light of ``2 * radius`` pixels, 1 in its middle."""
    grid = np.arange(-radius, radius) + 0.5
    away = np.hypot(grid[:, None], grid[None, :]) / radius
    disc: NDArray[np.float64] = np.clip(1 - away, 0, 1) ** fade
    return disc


def _box(frame: Frame, x0: float, y0: float, x1: float, y1: float, colour: tuple[int, ...]) -> None:
    frame[max(int(y0), 0) : max(int(y1), 0), max(int(x0), 0) : max(int(x1), 0)] = colour


def _brick(frame: Frame, place: int, hits: int) -> None:
    row, column = divmod(place, COLUMNS)
    x, y = LEFT + column * BRICK_WIDTH + 1, TOP + row * BRICK_HEIGHT + 1
    colour = ROW_COLOURS[row]
    right, bottom = x + BRICK_WIDTH - 2, y + BRICK_HEIGHT - 2
    frame[y:bottom, x:right] = [int(c * 0.78) for c in colour]
    frame[y : y + 2, x:right] = [min(c + 60, 255) for c in colour]
    frame[bottom - 2 : bottom, x:right] = [int(c * 0.5) for c in colour]
    frame[y + 3 : y + 5, x + 3 : x + 11] = [min(c + 90, 255) for c in colour]
    for extra in range(hits - 1):
        frame[y + 6 : y + 8, right - 6 - 5 * extra : right - 3 - 5 * extra] = LIGHT


def _paddle(frame: Frame, table: Table) -> None:
    half, x = table.paddle_width / 2, table.paddle_x
    _box(frame, x - half, PADDLE_Y, x + half, PADDLE_Y + PADDLE_HEIGHT, (96, 120, 214))
    _box(frame, x - half + 2, PADDLE_Y, x + half - 2, PADDLE_Y + 3, (190, 208, 255))
    for side in (x - half, x + half - 8):
        _box(frame, side, PADDLE_Y, side + 8, PADDLE_Y + PADDLE_HEIGHT, GEM_COLOURS[0 if table.wide_ticks else 2])


def _words(frame: Frame, table: Table) -> None:
    write(frame, f"{table.score:06}", 18, 18, LIGHT, 2)
    level = f"LEVEL {table.level}"
    write(frame, level, (WIDTH - width_of(level, 2)) // 2, 18, DIM, 2)
    for life in range(min(table.lives, LIVES + 3)):
        _box(frame, WIDTH - 30 - 14 * life, 20, WIDTH - 22 - 14 * life, 28, LIGHT)
    if table.phase is Phase.OVER:
        _middle(frame, "GAME OVER", 170, LIGHT, 4)
        _middle(frame, f"BEST {table.best:06}", 214, DIM, 2)


def _middle(frame: Frame, text: str, y: int, colour: tuple[int, int, int], scale: int) -> None:
    write(frame, text, (WIDTH - width_of(text, scale)) // 2, y, colour, scale)
