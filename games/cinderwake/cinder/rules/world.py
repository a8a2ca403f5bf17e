"""The arena during a fight: it holds all things and lets one tick pass. Draws, sounds and reads nothing.

Invariants: everything stays inside the wall or leaves the game; equal seeds and steering give equal runs.
"""

from __future__ import annotations

import math
import random

from . import bosses, clashes, foes, hatching
from .arena import inside, is_outside, unit
from .chain import Chain
from .flyer import Flyer
from .things import (
    Beam,
    Blast,
    Bullet,
    Ember,
    Foe,
    Gift,
    Happening,
    Kind,
    Line,
    Portal,
    Present,
    Shot,
    Steering,
    What,
)
from .traits import BOSSES, TRAITS
from .waves import bullet_pace, pace, sector_of, strength

BULLETS_MAX = 420
EMBER_DRAG = 0.95
NOVA_GROWTH_PX = 15.0
BEHAVIOURS = {**foes.BEHAVIOURS, **bosses.BEHAVIOURS}


class World:
    """One run's arena."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.flyer = Flyer()
        self.chain = Chain()
        self.wave = 1
        self.ticks = 0
        self.foes: list[Foe] = []
        self.shots: list[Shot] = []
        self.bullets: list[Bullet] = []
        self.lines: list[Line] = []
        self.blasts: list[Blast] = []
        self.beams: list[Beam] = []
        self.embers: list[Ember] = []
        self.presents: list[Present] = []
        self.portals: list[Portal] = []
        self.happenings: list[Happening] = []
        self._next_id = 0

    @property
    def pace(self) -> float:
        """What foes' speed is multiplied by."""
        return pace(self.wave)

    @property
    def boss(self) -> Foe | None:
        """The boss that is there."""
        return next((foe for foe in self.foes if foe.kind in BOSSES), None)

    def happen(self, what: What, x: float = 0.0, y: float = 0.0, kind: Kind | None = None, amount: int = 0) -> None:
        """Note what eyes and ears should know."""
        self.happenings.append(Happening(what, x, y, kind, amount))

    def step(self, steering: Steering) -> None:
        """Let a tick pass."""
        self.ticks += 1
        self._fly(steering)
        self.beams.clear()
        for foe in list(self.foes):
            foe.age += 1
            foe.flash = max(foe.flash - 1, 0)
            foe.burnt = max(foe.burnt - 1, 0)
            BEHAVIOURS[foe.kind](foe, self)
        foes_apart(self.foes)
        hatching.tick(self)
        self._move()
        clashes.settle(self)
        if self.foes and self.chain.tick():
            self.happen(What.CHAIN_LOST, self.flyer.x, self.flyer.y)

    def _fly(self, steering: Steering) -> None:
        flyer = self.flyer
        if flyer.fly(steering):
            ticks = flyer.loadout.line_ticks
            self.lines.append(Line(flyer.x, flyer.y, flyer.x, flyer.y, ticks, ticks))
            self.lines[-1].x1, self.lines[-1].y1 = flyer.dash_from
            self.happen(What.DASH, flyer.x, flyer.y)
        if self.lines and (flyer.dashing or self.lines[-1].ticks == self.lines[-1].ticks_max):
            self.lines[-1].x2, self.lines[-1].y2 = flyer.x, flyer.y
        if steering.nova and flyer.nova_ready:
            flyer.heat = 0
            flyer.safe_ticks = max(flyer.safe_ticks, 45)
            loadout = flyer.loadout
            self.blasts.append(Blast(flyer.x, flyer.y, loadout.nova_reach_px, loadout.nova_damage))
            self.happen(What.NOVA, flyer.x, flyer.y)
        fired = flyer.shoot(steering, self.foes)
        if fired:
            self.shots += fired
            self.happen(What.SHOT, flyer.x, flyer.y, amount=len(fired))

    def _move(self) -> None:
        for flying in (self.shots, self.bullets):
            for one in flying:
                one.x += one.vx
                one.y += one.vy
                one.ticks -= 1
        self.shots = [shot for shot in self.shots if shot.ticks > 0 and not is_outside(shot.x, shot.y, 4)]
        self.bullets = [one for one in self.bullets if one.ticks > 0 and not is_outside(one.x, one.y, 4)]
        newest_burns = self.flyer.dashing
        for index, line in enumerate(self.lines):
            line.ticks -= not (newest_burns and index == len(self.lines) - 1)
        self.lines = [line for line in self.lines if line.ticks > 0]
        for blast in self.blasts:
            blast.radius += NOVA_GROWTH_PX
        self.blasts = [blast for blast in self.blasts if blast.radius < blast.reach]
        for ember in self.embers:
            self._move_ember(ember)
        self.embers = [ember for ember in self.embers if ember.ticks > 0]
        for present in self.presents:
            present.ticks -= 1
        self.presents = [present for present in self.presents if present.ticks > 0]

    def _move_ember(self, ember: Ember) -> None:
        ember.ticks -= 1
        dx, dy = self.flyer.x - ember.x, self.flyer.y - ember.y
        reach = self.flyer.loadout.magnet_px if self.foes or self.portals else 2000.0
        if dx * dx + dy * dy < reach * reach:
            way = unit(dx, dy)
            ember.vx += way[0] * 1.1
            ember.vy += way[1] * 1.1
        ember.vx *= EMBER_DRAG
        ember.vy *= EMBER_DRAG
        ember.x += ember.vx
        ember.y += ember.vy

    def add_foe(self, kind: Kind, x: float, y: float) -> Foe:
        """Put a foe into the arena."""
        traits = TRAITS[kind]
        self._next_id += 1
        hp = traits.hp * strength(self.wave)
        if kind in BOSSES:
            hp = traits.hp * (1 + 0.9 * (sector_of(self.wave) // len(BOSSES)))
        foe = Foe(self._next_id, kind, x, y, hp, traits.radius, hp, side=1 if self._next_id % 2 else -1)
        foe.angle = math.atan2(self.flyer.y - y, self.flyer.x - x)
        self.foes.append(foe)
        return foe

    def summon(self, kind: Kind, count: int) -> None:
        """Open portals at places away from the player."""
        for _ in range(count):
            self.portals.append(Portal(kind, *hatching.place_away(self)))
        self.happen(What.PORTAL, amount=count)

    def fire(self, x: float, y: float, angle: float, speed: float) -> None:
        """Let a foe shoot."""
        if len(self.bullets) < BULLETS_MAX:
            speed *= bullet_pace(self.wave)
            self.bullets.append(Bullet(x, y, math.cos(angle) * speed, math.sin(angle) * speed))
            if not self.happenings or self.happenings[-1].what is not What.FOE_SHOT:
                self.happen(What.FOE_SHOT, x, y)

    def ring(self, x: float, y: float, *, count: int, speed: float, start: float = 0.0) -> None:
        """Shoot all round."""
        for index in range(count):
            self.fire(x, y, start + index * math.tau / count, speed)

    def fan(self, x: float, y: float, angle: float, *, count: int, spread: float, speed: float) -> None:
        """Shoot a fan whose middle is at ``angle``."""
        for index in range(count):
            self.fire(x, y, angle + (index / (count - 1) - 0.5) * spread, speed)

    def drop(self, foe: Foe) -> None:
        """Leave embers, and now and then a gift, where a foe fell."""
        for _ in range(TRAITS[foe.kind].embers):
            way, speed = self.chance.uniform(0, math.tau), self.chance.uniform(1, 5)
            self.embers.append(Ember(foe.x, foe.y, math.cos(way) * speed, math.sin(way) * speed))
        gift = self._gift(foe)
        if gift:
            self.presents.append(Present(gift, foe.x, foe.y))

    def _gift(self, foe: Foe) -> Gift | None:
        if foe.kind in BOSSES:
            return Gift.HEART
        if not TRAITS[foe.kind].threat or self.chance.random() > 0.03:
            return None
        hurt = self.flyer.lives <= self.flyer.loadout.lives_max // 2
        return self.chance.choice((Gift.HEART, Gift.BUBBLE) if hurt else (Gift.OVERDRIVE, Gift.BUBBLE))


def foes_apart(swarm: list[Foe]) -> None:
    """Push foes that overlap gently apart, so that a pack stays a pack and not a dot; never through the wall."""
    swarm = [foe for foe in swarm if foe.kind is not Kind.MINE and foe.kind not in BOSSES]
    for index, one in enumerate(swarm):
        x, y, radius = one.x, one.y, one.radius
        for other in swarm[index + 1 :]:
            dx = other.x - x
            reach = radius + other.radius
            if -reach < dx < reach and -reach < other.y - y < reach:
                way = unit(dx, other.y - y) if dx or other.y != y else (1.0, 0.0)
                one.x -= way[0] * 0.5
                one.y -= way[1] * 0.5
                other.x += way[0] * 0.5
                other.y += way[1] * 0.5
    for foe in swarm:
        foe.x, foe.y = inside(foe.x, foe.y, foe.radius)
