"""What one tick does to the table. Deterministic: chance comes from the random numbers that are handed in."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum, auto
from random import Random

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
    ROWS,
    TOP,
    WIDTH,
    Ball,
    Gem,
    Phase,
    Table,
)

PADDLE_SPEED = 7.0
SPEED_FIRST, SPEED_PER_LEVEL, SPEED_MAX = 4.6, 0.25, 7.5
GEM_CHANCE = 0.12
GEM_SPEED = 1.6
WIDE_TICKS = 60 * 12
BALLS_MAX = 6
EDGE = 10
"""Pixels of frame at the left, right and top."""


class What(Enum):
    """Something that the eye and the ear should notice."""

    WALL = auto()
    PADDLE = auto()
    CHIP = auto()
    BREAK = auto()
    GEM = auto()
    LOST = auto()
    CLEAR = auto()
    OVER = auto()


@dataclass(frozen=True, slots=True)
class Happening:
    """Where something happened."""

    what: What
    x: float
    y: float
    value: int = 0
    """Row of a brick, kind of a gem."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the player wants in a tick."""

    push: float = 0.0
    """-1 to 1, left or right."""
    point_x: float | None = None
    """Where the pointer is, if it was moved."""
    go: bool = False


def new_wall(level: int, chance: Random) -> list[int]:
    """Return the bricks of a level: mirrored, fuller and harder as levels rise."""
    rows = min(5 + level // 2, ROWS)
    density = min(0.74 + 0.02 * level, 0.94)
    wall = [0] * (COLUMNS * ROWS)
    for row in range(rows):
        for column in range(COLUMNS // 2):
            if chance.random() < density:
                hits = 1 + (chance.random() < 0.08 * level) + (chance.random() < 0.03 * (level - 2))
                wall[row * COLUMNS + column] = wall[row * COLUMNS + COLUMNS - 1 - column] = hits
    wall[COLUMNS // 2] = wall[COLUMNS // 2 - 1] = max(wall[COLUMNS // 2], 1)
    return wall


def tick(table: Table, wish: Wish, chance: Random) -> list[Happening]:
    """Go on by one tick and return what happened."""
    happened: list[Happening] = []
    _move_paddle(table, wish)
    if table.phase is Phase.OVER:
        if wish.go:
            _begin(table, chance)
        return happened
    if not any(table.bricks):
        table.bricks = new_wall(table.level, chance)
    if table.phase is Phase.SERVE:
        _serve(table, wish, chance)
    for ball in list(table.balls):
        _move_ball(table, ball, chance, happened)
    _fall(table, happened)
    _judge(table, happened)
    return happened


def _begin(table: Table, chance: Random) -> None:
    table.phase, table.level, table.lives, table.score = Phase.SERVE, 1, LIVES, 0
    table.bricks = new_wall(1, chance)


def _move_paddle(table: Table, wish: Wish) -> None:
    table.wide_ticks = max(table.wide_ticks - 1, 0)
    x = wish.point_x if wish.point_x is not None else table.paddle_x + PADDLE_SPEED * wish.push
    half = table.paddle_width / 2
    table.paddle_x = min(max(x, EDGE + half), WIDTH - EDGE - half)


def _speed(level: int) -> float:
    return min(SPEED_FIRST + SPEED_PER_LEVEL * level, SPEED_MAX)


def _serve(table: Table, wish: Wish, chance: Random) -> None:
    table.balls = [Ball(table.paddle_x, PADDLE_Y - BALL_RADIUS - 1)]
    if wish.go:
        angle = chance.uniform(-0.5, 0.5)
        table.balls[0].vx, table.balls[0].vy = _heading(angle, _speed(table.level))
        table.phase, table.chain = Phase.PLAY, 0


def _heading(angle: float, speed: float) -> tuple[float, float]:
    """Return a speed upwards, ``angle`` radians to the right of straight up."""
    return speed * math.sin(angle), -speed * math.cos(angle)


def _move_ball(table: Table, ball: Ball, chance: Random, happened: list[Happening]) -> None:
    ball.x += ball.vx
    _hit_brick(table, ball, True, chance, happened)
    ball.y += ball.vy
    _hit_brick(table, ball, False, chance, happened)
    low, high = EDGE + BALL_RADIUS, WIDTH - EDGE - BALL_RADIUS
    if not low <= ball.x <= high:
        ball.x, ball.vx = min(max(ball.x, low), high), -ball.vx
        happened.append(Happening(What.WALL, ball.x, ball.y))
    if ball.y < low:
        ball.y, ball.vy = low, abs(ball.vy)
        happened.append(Happening(What.WALL, ball.x, ball.y))
    reach = table.paddle_width / 2 + BALL_RADIUS
    on_paddle = PADDLE_Y - BALL_RADIUS <= ball.y <= PADDLE_Y + PADDLE_HEIGHT
    if ball.vy > 0 and on_paddle and abs(ball.x - table.paddle_x) <= reach:
        ball.vx, ball.vy = _heading(1.1 * (ball.x - table.paddle_x) / reach, _speed(table.level))
        ball.y = PADDLE_Y - BALL_RADIUS
        table.chain = 0
        happened.append(Happening(What.PADDLE, ball.x, ball.y))


def brick_at(x: float, y: float) -> int | None:
    """Return the number of the place in the wall at a point."""
    column, row = int((x - LEFT) // BRICK_WIDTH), int((y - TOP) // BRICK_HEIGHT)
    if 0 <= column < COLUMNS and 0 <= row < ROWS:
        return row * COLUMNS + column
    return None


def _hit_brick(table: Table, ball: Ball, sideways: bool, chance: Random, happened: list[Happening]) -> None:
    front_x = ball.x + math.copysign(BALL_RADIUS, ball.vx) * sideways
    front_y = ball.y + math.copysign(BALL_RADIUS, ball.vy) * (not sideways)
    place = brick_at(front_x, front_y)
    if place is None or not table.bricks[place]:
        return
    if sideways:
        ball.x, ball.vx = ball.x - ball.vx, -ball.vx
    else:
        ball.y, ball.vy = ball.y - ball.vy, -ball.vy
    table.bricks[place] -= 1
    row, column = divmod(place, COLUMNS)
    x, y = LEFT + (column + 0.5) * BRICK_WIDTH, TOP + (row + 0.5) * BRICK_HEIGHT
    if table.bricks[place]:
        happened.append(Happening(What.CHIP, x, y, row))
        return
    table.chain += 1
    table.score += 10 * min(table.chain, 10)
    happened.append(Happening(What.BREAK, x, y, row))
    if chance.random() < GEM_CHANCE:
        table.gems.append(Gem(x, y, chance.choice((0, 0, 1, 1, 2))))


def _fall(table: Table, happened: list[Happening]) -> None:
    half = table.paddle_width / 2 + 6
    for gem in list(table.gems):
        gem.y += GEM_SPEED
        caught = PADDLE_Y - 6 <= gem.y <= PADDLE_Y + PADDLE_HEIGHT and abs(gem.x - table.paddle_x) <= half
        if caught:
            happened.append(Happening(What.GEM, gem.x, gem.y, gem.what))
            table.score += 50
            _take(table, gem.what)
        if caught or gem.y > HEIGHT:
            table.gems.remove(gem)


def _take(table: Table, what: int) -> None:
    if what == 0:
        table.wide_ticks = WIDE_TICKS
    elif what == 1:
        for ball in list(table.balls):
            if len(table.balls) < BALLS_MAX:
                table.balls.append(Ball(ball.x, ball.y, -ball.vx or 1.0, ball.vy))
    else:
        table.lives += 1


def _judge(table: Table, happened: list[Happening]) -> None:
    table.balls = [ball for ball in table.balls if ball.y < HEIGHT + BALL_RADIUS]
    table.best = max(table.best, table.score)
    if not any(table.bricks):
        table.level += 1
        table.phase, table.gems = Phase.SERVE, []
        happened.append(Happening(What.CLEAR, WIDTH / 2, HEIGHT / 2))
    elif not table.balls:
        table.lives -= 1
        table.gems = []
        table.phase = Phase.SERVE if table.lives else Phase.OVER
        happened.append(Happening(What.LOST if table.lives else What.OVER, table.paddle_x, PADDLE_Y))
