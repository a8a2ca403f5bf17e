"""The computer's player: it sees the match a little late, aims a little wrong, and steers as people do."""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass

from pygame.math import Vector2

from . import arena
from .arena import Side
from .pieces import Control, Phase
from .rules import Match


@dataclass(frozen=True, slots=True)
class Level:
    """How good it is."""

    name: str
    lag_steps: int
    """Age of what it sees."""
    speed: float
    """Share of a disc's speed that it uses."""
    aim_error_px: float
    pulses: float
    """Share of the chances for a pulse that it takes."""


LEVELS = (
    Level("Calm", 20, 0.5, 140.0, 0.1),
    Level("Keen", 14, 0.66, 105.0, 0.3),
    Level("Fierce", 9, 0.88, 70.0, 0.5),
)
HOME_PX = 150.0
"""Distance from its goal line at which it waits."""
RETHINK_STEPS = 24


@dataclass(frozen=True, slots=True)
class _Seen:
    position: Vector2
    velocity: Vector2


class Rival:
    """Plays one side."""

    def __init__(self, side: Side, level: Level, seed: int) -> None:
        self._side = side
        self._level = level
        self._rng = random.Random(seed)
        self._memory: deque[list[_Seen]] = deque(maxlen=level.lag_steps + 1)
        self._error = 0.0
        self._pulses = True
        self._steps = 0

    def think(self, match: Match) -> Control:
        """Return what it does in the coming step; called once a step."""
        self._memory.append([_Seen(Vector2(orb.position), Vector2(orb.velocity)) for orb in match.orbs])
        self._steps += 1
        if self._steps % RETHINK_STEPS == 1:
            self._error = self._rng.uniform(-1, 1) * self._level.aim_error_px
            self._pulses = self._rng.random() < self._level.pulses
        me = match.discs[self._side]
        threat = self._threat(self._memory[0])
        if threat is None or match.phase is not Phase.PLAY:
            return self._towards(me.position, self._home(arena.MIDDLE_Y), hold=False)
        return self._towards(me.position, self._target(me.position, threat), hold=self._hold(me.position, threat))

    def _threat(self, seen: list[_Seen]) -> _Seen | None:
        """The orb that will be at its goal first."""
        forward = self._side.forward

        def arrival_s(orb: _Seen) -> float:
            approach = max(-orb.velocity.x * forward, 60.0)
            return (orb.position.x - self._side.goal_x) * forward / approach

        return min(seen, key=arrival_s, default=None)

    def _target(self, me: Vector2, orb: _Seen) -> Vector2:
        forward = self._side.forward
        mine = (orb.position.x - arena.MIDDLE_X) * forward < -10
        if not mine:
            coming = orb.velocity.x * forward < -40
            y = self._crossing_y(orb) if coming else arena.MIDDLE_Y + (orb.position.y - arena.MIDDLE_Y) * 0.5
            return self._home(y + self._error * 0.5)
        if (orb.position.x - me.x) * forward < 8:
            around = 74 if orb.position.y < arena.MIDDLE_Y else -74
            return Vector2(orb.position.x - forward * 110, orb.position.y + around)
        if orb.velocity.x * forward < -260:
            return Vector2(
                max(abs(me.x - self._side.goal_x), 70) * forward + self._side.goal_x, self._crossing_y(orb)
            )
        goal = Vector2(self._side.other.goal_x, arena.MIDDLE_Y + self._error * 2)
        behind = orb.position - (goal - orb.position).normalize() * (arena.DISC_RADIUS + arena.ORB_RADIUS + 26)
        if me.distance_to(behind) < 34 or (orb.position - me).length() < 84:
            return orb.position + Vector2(forward * 60, self._error * 0.3)
        return behind

    def _crossing_y(self, orb: _Seen) -> float:
        """Where the orb crosses the line on which it waits, walls included."""
        approach = -orb.velocity.x * self._side.forward
        if approach < 40:
            return orb.position.y
        line_x = self._side.goal_x + self._side.forward * HOME_PX
        seconds = min(max((orb.position.x - line_x) * self._side.forward / approach, 0.0), 1.6)
        low, high = arena.TOP + arena.ORB_RADIUS, arena.BOTTOM - arena.ORB_RADIUS
        span = high - low
        unfolded = (orb.position.y + orb.velocity.y * seconds - low) % (2 * span)
        return low + (unfolded if unfolded <= span else 2 * span - unfolded)

    def _home(self, y: float) -> Vector2:
        y = min(max(y, arena.MIDDLE_Y - 190), arena.MIDDLE_Y + 190)
        return Vector2(self._side.goal_x + self._side.forward * HOME_PX, y)

    def _hold(self, me: Vector2, orb: _Seen) -> bool:
        """Charge while an orb comes near, and let go when it is in reach and in front."""
        gap = orb.position - me
        if not self._pulses or gap.length() > 330:
            return False
        in_front = gap.x * self._side.forward > 12
        return not (in_front and gap.length() < arena.PULSE_RADIUS_MIN)

    def _towards(self, me: Vector2, target: Vector2, *, hold: bool) -> Control:
        way = target - me
        if way.length() < 6:
            return Control(hold=hold)
        pace = min(way.length() / 60, 1.0) * self._level.speed
        way.scale_to_length(pace)
        return Control(way.x, way.y, hold)
