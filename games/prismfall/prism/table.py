"""The table as it is: everything that the rules go by, kept from session to session."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

WIDTH, HEIGHT = 640, 360
COLUMNS, ROWS = 16, 9
BRICK_WIDTH, BRICK_HEIGHT = 38, 14
LEFT, TOP = 16, 64
"""Where the wall of bricks begins."""

PADDLE_Y, PADDLE_HEIGHT = 338, 8
PADDLE_WIDTH, PADDLE_WIDE = 72, 112
BALL_RADIUS = 4
LIVES = 3
STATE_VERSION = 1


class Phase(StrEnum):
    """What the table waits for."""

    SERVE = "serve"
    PLAY = "play"
    OVER = "over"


@dataclass(slots=True)
class Ball:
    """A ball's middle and its speed in pixels per tick."""

    x: float
    y: float
    vx: float = 0.0
    vy: float = 0.0


@dataclass(slots=True)
class Gem:
    """Something that falls: 0 widens the paddle, 1 splits the balls, 2 is a life."""

    x: float
    y: float
    what: int


@dataclass(slots=True)
class Table:
    """All of a game."""

    phase: Phase = Phase.SERVE
    level: int = 1
    lives: int = LIVES
    score: int = 0
    best: int = 0
    chain: int = 0
    """Bricks since the paddle was last touched."""
    paddle_x: float = WIDTH / 2
    wide_ticks: int = 0
    bricks: list[int] = field(default_factory=lambda: [0] * (COLUMNS * ROWS))
    """Hits that each still takes, row by row; 0 is none."""
    balls: list[Ball] = field(default_factory=list)
    gems: list[Gem] = field(default_factory=list)

    @property
    def paddle_width(self) -> int:
        """Pixels."""
        return PADDLE_WIDE if self.wide_ticks else PADDLE_WIDTH

    def to_bytes(self) -> bytes:
        """Return the table as a saved state."""
        return json.dumps({"version": STATE_VERSION, **asdict(self)}).encode()


def read_table(state: bytes) -> Table:
    """Read a saved state.

    Raises:
        ValueError: it is not one of this version.
    """
    try:
        fields: dict[str, Any] = json.loads(state)
        if fields.pop("version") != STATE_VERSION or len(fields["bricks"]) != COLUMNS * ROWS:
            raise ValueError("a table of another version")
        fields["phase"] = Phase(fields["phase"])
        fields["balls"] = [Ball(**ball) for ball in fields["balls"]]
        fields["gems"] = [Gem(**gem) for gem in fields["gems"]]
        return Table(**fields)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a table: {error}") from error
