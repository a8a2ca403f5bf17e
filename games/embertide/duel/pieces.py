"""What a match is made of: its phases, pieces, controls and events."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum

from pygame.math import Vector2

from .arena import Side


class Phase(Enum):
    """What the match is doing."""

    SERVE = "serve"
    PLAY = "play"
    GOAL = "goal"
    OVER = "over"


class Glyph(Enum):
    """What an orb may pick up for whoever touched it last."""

    TWIN = "twin"
    WIDE = "wide"
    WARD = "ward"
    GALE = "gale"


class What(Enum):
    """Kinds of event."""

    HIT = "hit"
    WALL = "wall"
    PULSE = "pulse"
    GOAL = "goal"
    SERVE = "serve"
    GLYPH_SHOWN = "glyph_shown"
    GLYPH_TAKEN = "glyph_taken"
    WARD_BROKEN = "ward_broken"
    WON = "won"


@dataclass(frozen=True, slots=True)
class Event:
    """Something to see or hear."""

    what: What
    at: tuple[float, float]
    side: Side | None = None
    strength: float = 0.0
    """From 0 to 1; of a pulse its radius in pixels."""
    glyph: Glyph | None = None


@dataclass(frozen=True, slots=True)
class Control:
    """What a player does in a step."""

    x: float = 0.0
    y: float = 0.0
    hold: bool = False


@dataclass(slots=True)
class Disc:
    """A player's piece."""

    side: Side
    position: Vector2
    velocity: Vector2 = field(default_factory=Vector2)
    charge: float = 0.0
    """From 0 to 1 while held."""
    rest_s: float = 0.0
    """Until it can charge again."""
    wide_s: float = 0.0
    """How long its goal stays wide."""
    ward: bool = False


@dataclass(slots=True)
class Orb:
    """What is played with."""

    position: Vector2
    velocity: Vector2
    owner: Side | None = None
    """Who touched it last."""
