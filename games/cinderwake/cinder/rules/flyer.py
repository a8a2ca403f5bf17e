"""The player's ember: how it flies, dashes, aims and what it bears."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from .arena import CENTRE, inside, turned, unit
from .things import Foe, Kind, Shot, Steering
from .upgrades import Loadout, Upgrade

SPEED = 6.0
EASE = 0.22
"""Share of the way to the wished speed that is made in a tick."""
RADIUS = 8.0
"""What can be hit: much less than what is drawn, so that a near miss is one."""
DASH_SPEED = 21.0
DASH_TICKS = 11
SAFE_AFTER_DASH_TICKS = 6
SAFE_AFTER_HURT_TICKS = 110
SHOT_SPEED = 15.0
SIGHT_PX = 620.0
HEAT_MAX = 100
HEAT_PER_EMBER = 2
OVERDRIVE_TICKS = 540


@dataclass
class Flyer:
    """The player's state."""

    x: float = CENTRE[0]
    y: float = CENTRE[1]
    vx: float = 0.0
    vy: float = 0.0
    angle: float = -math.pi / 2
    """Where it shoots."""
    heading: tuple[float, float] = (0.0, -1.0)
    lives: int = 4
    heat: int = 0
    safe_ticks: int = 0
    dash_left: int = 0
    dash_wait: int = 0
    dash_from: tuple[float, float] = (0.0, 0.0)
    shot_wait: int = 0
    overdrive: int = 0
    bubble: bool = False
    orbit_angle: float = 0.0
    loadout: Loadout = field(default_factory=Loadout)

    @property
    def dashing(self) -> bool:
        """Whether it is in a dash."""
        return self.dash_left > 0

    @property
    def nova_ready(self) -> bool:
        """Whether there is heat enough for a nova."""
        return self.heat >= HEAT_MAX

    def fly(self, steering: Steering) -> bool:
        """Move by a tick; return whether a dash began."""
        for name in ("safe_ticks", "dash_wait", "shot_wait", "overdrive"):
            setattr(self, name, max(getattr(self, name) - 1, 0))
        self.orbit_angle += 0.07
        wish = steering.x, steering.y
        length = math.hypot(*wish)
        if length > 1:
            wish = unit(*wish)
        if length > 0.15:
            self.heading = unit(*wish)
        began = steering.dash and not self.dash_wait and not self.dashing
        if began:
            self._begin_dash()
        if self.dashing:
            self.dash_left -= 1
            self.vx, self.vy = self.heading[0] * DASH_SPEED, self.heading[1] * DASH_SPEED
            if not self.dashing:
                self.vx, self.vy = self.heading[0] * SPEED, self.heading[1] * SPEED
        else:
            self.vx += (wish[0] * SPEED - self.vx) * EASE
            self.vy += (wish[1] * SPEED - self.vy) * EASE
        self.x, self.y = inside(self.x + self.vx, self.y + self.vy, 16.0)
        return began

    def _begin_dash(self) -> None:
        self.dash_left = DASH_TICKS
        self.dash_wait = self.loadout.dash_ticks
        self.dash_from = self.x, self.y
        self.safe_ticks = max(self.safe_ticks, DASH_TICKS + SAFE_AFTER_DASH_TICKS)

    def shoot(self, steering: Steering, foes: Sequence[Foe]) -> list[Shot]:
        """Return the shots of this tick, where there is something to shoot at."""
        angle = self._aim(steering, foes)
        if angle is None:
            return []
        self.angle = turned(self.angle, angle, 0.5)
        if self.shot_wait or self.dashing:
            return []
        loadout = self.loadout
        self.shot_wait = max(loadout.shot_ticks // (2 if self.overdrive else 1), 3)
        count = loadout.shots + (1 if self.overdrive else 0)
        pierce = loadout.level(Upgrade.PIERCE)
        shots = []
        for index in range(count):
            offset = index - (count - 1) / 2
            way = angle + offset * 0.035
            dx, dy = math.cos(way), math.sin(way)
            place = self.x + dx * 18 - dy * offset * 9, self.y + dy * 18 + dx * offset * 9
            shots.append(Shot(*place, dx * SHOT_SPEED, dy * SHOT_SPEED, loadout.damage, pierce))
        return shots

    def _aim(self, steering: Steering, foes: Sequence[Foe]) -> float | None:
        if math.hypot(steering.aim_x, steering.aim_y) > 0.4:
            return math.atan2(steering.aim_y, steering.aim_x)
        target = min(foes, key=self._urgency, default=None)
        if target is None or math.hypot(target.x - self.x, target.y - self.y) > SIGHT_PX:
            return None
        ticks = math.hypot(target.x - self.x, target.y - self.y) / SHOT_SPEED
        ahead = target.x + target.vx * ticks, target.y + target.vy * ticks
        return math.atan2(ahead[1] - self.y, ahead[0] - self.x)

    def _urgency(self, foe: Foe) -> float:
        distance = math.hypot(foe.x - self.x, foe.y - self.y) - foe.radius
        return distance * (1.7 if foe.kind is Kind.MINE else 1.0)

    def orbit_places(self) -> list[tuple[float, float]]:
        """Return where the sparks that circle it are."""
        count = self.loadout.level(Upgrade.ORBIT)
        turns = (self.orbit_angle + math.tau * index / count for index in range(count))
        return [(self.x + math.cos(turn) * 62, self.y + math.sin(turn) * 62) for turn in turns]
