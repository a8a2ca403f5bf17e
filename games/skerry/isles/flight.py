"""The flight: all that the rules go by, and what one tick does. Metres, radians, ticks of a sixtieth second."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field
from enum import Enum, auto
from random import Random
from typing import Any

STATE_VERSION = 1
TICKS_PER_S = 60
FIRST_TICKS, RING_TICKS, BUMP_TICKS = 25 * TICKS_PER_S, 3 * TICKS_PER_S, 2 * TICKS_PER_S
RING_RADIUS = 4.6
RING_DISTANCE = 48.0
AHEAD = 7
"""Rings that are laid out before the glider."""

SPEED, SPEED_FAST = 0.62, 0.98
TURN, CLIMB = 0.021, 0.28
SEA_CLEARANCE, CEILING = 1.2, 34.0


class What(Enum):
    """Something that the ear should notice."""

    RING = auto()
    MISS = auto()
    BUMP = auto()
    OVER = auto()


@dataclass(slots=True)
class Ring:
    """A gate to fly through, square to ``yaw``."""

    x: float
    y: float
    z: float
    yaw: float


@dataclass(slots=True)
class Island:
    """A cone of rock."""

    x: float
    z: float
    radius: float
    height: float


@dataclass(frozen=True, slots=True)
class Wish:
    """What the player wants in a tick."""

    turn: float = 0.0
    climb: float = 0.0
    fast: bool = False
    again: bool = False


@dataclass(slots=True)
class Flight:
    """Everything."""

    x: float = 0.0
    y: float = 12.0
    z: float = 0.0
    yaw: float = 0.0
    bank: float = 0.0
    pitch: float = 0.0
    speed: float = SPEED
    ticks: int = 0
    left_ticks: int = FIRST_TICKS
    score: int = 0
    best: int = 0
    chain: int = 0
    rings: list[Ring] = field(default_factory=list)
    islands: list[Island] = field(default_factory=list)

    @property
    def is_over(self) -> bool:
        """The light is gone."""
        return self.left_ticks == 0

    def to_bytes(self) -> bytes:
        """Return the flight as a saved state."""
        return json.dumps({"version": STATE_VERSION, **asdict(self)}).encode()


def read_flight(state: bytes) -> Flight:
    """Read a saved state.

    Raises:
        ValueError: it is not one of this version.
    """
    try:
        fields: dict[str, Any] = json.loads(state)
        if fields.pop("version") != STATE_VERSION:
            raise ValueError("a flight of another version")
        fields["rings"] = [Ring(**ring) for ring in fields["rings"]]
        fields["islands"] = [Island(**island) for island in fields["islands"]]
        return Flight(**fields)
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError(f"not a flight: {error}") from error


def lay_out(flight: Flight, chance: Random) -> None:
    """Add rings and islands until enough lie ahead; what lies far behind goes."""
    while len(flight.rings) < AHEAD:
        last = flight.rings[-1] if flight.rings else Ring(flight.x, flight.y, flight.z, flight.yaw)
        yaw = last.yaw + chance.uniform(-0.42, 0.42)
        x, z = last.x + RING_DISTANCE * math.sin(yaw), last.z + RING_DISTANCE * math.cos(yaw)
        flight.rings.append(Ring(x, chance.uniform(5.0, 18.0), z, yaw))
        for side in (-1, 1):
            away, along = chance.uniform(17.0, 46.0), chance.uniform(-20.0, 20.0)
            flight.islands.append(
                Island(
                    x + side * away * math.cos(yaw) + along * math.sin(yaw),
                    z - side * away * math.sin(yaw) + along * math.cos(yaw),
                    chance.uniform(7.0, min(away - 5.0, 18.0)),
                    chance.uniform(7.0, 26.0),
                )
            )
    del flight.islands[: -6 * AHEAD]


def ahead_of(flight: Flight, x: float, z: float) -> float:
    """Return how far ahead a place lies, in the direction of flight."""
    return (x - flight.x) * math.sin(flight.yaw) + (z - flight.z) * math.cos(flight.yaw)


def tick(flight: Flight, wish: Wish, chance: Random) -> list[What]:
    """Go on by one tick and return what happened."""
    flight.ticks += 1
    lay_out(flight, chance)
    if flight.is_over:
        wish, again = Wish(), wish.again
        if again:
            best, flight.rings, flight.islands = flight.best, [], []
            flight.score, flight.chain, flight.left_ticks, flight.best = 0, 0, FIRST_TICKS, best
            lay_out(flight, chance)
    _steer(flight, wish)
    happened = _bump(flight) + _pass_rings(flight)
    if not flight.is_over:
        flight.left_ticks -= 1
        if flight.is_over:
            happened.append(What.OVER)
    flight.best = max(flight.best, flight.score)
    return happened


def _steer(flight: Flight, wish: Wish) -> None:
    flight.bank += 0.09 * (wish.turn - flight.bank)
    flight.pitch += 0.09 * (wish.climb - flight.pitch)
    flight.yaw += TURN * flight.bank
    flight.speed += 0.03 * ((SPEED_FAST if wish.fast else SPEED) - flight.speed)
    flight.x += flight.speed * math.sin(flight.yaw)
    flight.z += flight.speed * math.cos(flight.yaw)
    flight.y = min(flight.y + CLIMB * flight.pitch, CEILING)


def ground(flight: Flight) -> float:
    """Return the height of rock below the glider; 0 over the sea."""
    return max(
        (
            island.height * (1.0 - math.hypot(island.x - flight.x, island.z - flight.z) / island.radius)
            for island in flight.islands
        ),
        default=0.0,
    )


def _bump(flight: Flight) -> list[What]:
    rock = ground(flight)
    if flight.y < rock + 0.5:
        flight.y, flight.pitch, flight.speed = rock + 2.5, 1.0, SPEED / 3
        flight.left_ticks = max(flight.left_ticks - BUMP_TICKS, min(flight.left_ticks, 1))
        flight.chain = 0
        return [What.BUMP]
    if flight.y < SEA_CLEARANCE:
        flight.y, flight.pitch = SEA_CLEARANCE, max(flight.pitch, 0.3)
    return []


def _pass_rings(flight: Flight) -> list[What]:
    ring = flight.rings[0]
    toward = (flight.x - ring.x) * math.sin(ring.yaw) + (flight.z - ring.z) * math.cos(ring.yaw)
    if toward < 0:
        return []
    aside = (flight.x - ring.x) * math.cos(ring.yaw) - (flight.z - ring.z) * math.sin(ring.yaw)
    flight.rings.pop(0)
    if math.hypot(aside, flight.y - ring.y) > RING_RADIUS or flight.is_over:
        flight.chain = 0
        return [What.MISS]
    flight.chain += 1
    flight.score += min(flight.chain, 5)
    flight.left_ticks += RING_TICKS
    return [What.RING]
