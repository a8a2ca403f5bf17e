"""One match: a fixed step of 1/60 s takes two controls and returns what happened. The same seed, the same match."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field

from pygame.math import Vector2

from . import arena, physics
from .arena import Side
from .pieces import Control, Disc, Event, Glyph, Orb, Phase, What

STEP_S = 1 / arena.STEPS_PER_S
SUBSTEPS = 2
SERVE_S, GOAL_S = 1.1, 1.7
GLYPH_EVERY_S = (6.0, 10.0)
GLYPH_RADIUS = 34.0
WIDE_S, GALE_S = 11.0, 6.0
ORBS_MAX = 3


@dataclass(slots=True)
class Match:
    """All there is; ``step`` changes it."""

    rng: random.Random
    discs: tuple[Disc, Disc] = field(default_factory=lambda: (_disc(Side.EMBER), _disc(Side.TIDE)))
    orbs: list[Orb] = field(default_factory=list)
    score: list[int] = field(default_factory=lambda: [0, 0])
    phase: Phase = Phase.SERVE
    phase_s: float = 0.0
    clock_s: float = 0.0
    """Time played, without serves and celebrations."""
    rally: int = 0
    longest_rally: int = 0
    glyph: Glyph | None = None
    glyph_at: Vector2 = field(default_factory=Vector2)
    glyph_in_s: float = 5.0
    gale_s: float = 0.0
    gale_side: Side = Side.EMBER
    serve_to: Side = Side.EMBER

    @classmethod
    def start(cls, seed: int) -> Match:
        """Return a new match; the same seed and controls give the same match."""
        match = cls(random.Random(seed))
        match.serve_to = match.rng.choice((Side.EMBER, Side.TIDE))
        match._place_orb()
        return match

    @property
    def tide(self) -> float:
        """Acceleration of all orbs in x: it turns slowly, and a gale blows for its side."""
        own = arena.TIDE_ACCELERATION * math.sin(self.clock_s * math.tau / arena.TIDE_PERIOD_S)
        return own + (self.gale_side.forward * arena.GALE_ACCELERATION if self.gale_s > 0 else 0.0)

    @property
    def winner(self) -> Side | None:
        """Who has won."""
        return next((side for side in Side if self.score[side] >= arena.GOALS_TO_WIN), None)

    def goal_half(self, side: Side) -> float:
        """Half the height of a side's goal."""
        extra = arena.GOAL_HALF_EXTRA if self.discs[side].wide_s > 0 else 0.0
        return min(arena.GOAL_HALF + self.rally * arena.GOAL_HALF_PER_HIT + extra, arena.GOAL_HALF_MAX)

    def step(self, controls: tuple[Control, Control]) -> list[Event]:
        """Go on by a step."""
        events: list[Event] = []
        self.phase_s += STEP_S
        for disc, control in zip(self.discs, controls, strict=True):
            _steer(disc, control)
            self._charge(disc, control, events)
        if self.phase is Phase.SERVE and self.phase_s >= SERVE_S:
            self._serve(events)
        elif self.phase is Phase.PLAY:
            self._play(events)
        elif self.phase is Phase.GOAL and self.phase_s >= GOAL_S:
            self._after_goal(events)
        return events

    def _serve(self, events: list[Event]) -> None:
        angle = self.rng.uniform(-0.7, 0.7)
        direction = Vector2(-self.serve_to.forward * math.cos(angle), math.sin(angle))
        self.orbs[0].velocity = direction * arena.SERVE_SPEED
        self._enter(Phase.PLAY)
        events.append(Event(What.SERVE, (arena.MIDDLE_X, arena.MIDDLE_Y)))

    def _play(self, events: list[Event]) -> None:
        self.clock_s += STEP_S
        self.gale_s = max(self.gale_s - STEP_S, 0.0)
        for disc in self.discs:
            disc.wide_s = max(disc.wide_s - STEP_S, 0.0)
        self._glyphs(events)
        for _ in range(SUBSTEPS):
            for orb in list(self.orbs):
                self._move_orb(orb, STEP_S / SUBSTEPS, events)
                if self.phase is not Phase.PLAY:
                    return

    def _move_orb(self, orb: Orb, seconds: float, events: list[Event]) -> None:
        orb.velocity.x += self.tide * seconds
        orb.velocity *= 1 - arena.ORB_DRAG_PER_S * seconds
        heat = arena.ORB_SPEED_MAX + self.rally * arena.ORB_SPEED_PER_HIT
        physics.limit(orb.velocity, arena.ORB_SPEED_MIN, min(heat, arena.ORB_SPEED_LIMIT))
        orb.position += orb.velocity * seconds
        for disc in self.discs:
            impact = physics.strike(orb.position, orb.velocity, disc.position, disc.velocity)
            if impact > 0:
                self._touched(orb, disc.side)
                events.append(Event(What.HIT, _at(orb), disc.side, min(impact / 900, 1.0)))
        halves = self.goal_half(Side.EMBER), self.goal_half(Side.TIDE)
        impact = physics.bounce_off_walls(orb.position, orb.velocity, halves)
        if impact > 60:
            events.append(Event(What.WALL, _at(orb), orb.owner, min(impact / 900, 1.0)))
        self._goals(orb, events)

    def _touched(self, orb: Orb, side: Side) -> None:
        if orb.owner is not None and orb.owner is not side:
            self.rally += 1
            self.longest_rally = max(self.longest_rally, self.rally)
        orb.owner = side

    def _goals(self, orb: Orb, events: list[Event]) -> None:
        for side in Side:
            beyond = (side.goal_x - orb.position.x) * side.forward
            disc = self.discs[side]
            if disc.ward and beyond > -arena.ORB_RADIUS and orb.velocity.x * side.forward < 0:
                disc.ward = False
                orb.velocity.x = -orb.velocity.x
                events.append(Event(What.WARD_BROKEN, _at(orb), side))
            elif beyond > arena.GOAL_DEPTH:
                self._score(side.other, orb, events)

    def _score(self, side: Side, orb: Orb, events: list[Event]) -> None:
        self.score[side] += 1
        events.append(Event(What.GOAL, _at(orb), side, min(orb.velocity.length() / 1000, 1.0)))
        self.serve_to = side.other
        self.orbs.clear()
        self._enter(Phase.GOAL)

    def _after_goal(self, events: list[Event]) -> None:
        self.rally, self.gale_s = 0, 0.0
        if self.winner is not None:
            self._enter(Phase.OVER)
            events.append(Event(What.WON, (arena.MIDDLE_X, arena.MIDDLE_Y), self.winner))
            return
        self._place_orb()
        self._enter(Phase.SERVE)

    def _place_orb(self) -> None:
        self.orbs[:] = [Orb(Vector2(arena.MIDDLE_X, arena.MIDDLE_Y), Vector2())]

    def _enter(self, phase: Phase) -> None:
        self.phase, self.phase_s = phase, 0.0

    def _charge(self, disc: Disc, control: Control, events: list[Event]) -> None:
        disc.rest_s = max(disc.rest_s - STEP_S, 0.0)
        if control.hold and disc.rest_s == 0:
            disc.charge = min(disc.charge + STEP_S / arena.PULSE_CHARGE_S, 1.0)
        elif disc.charge > 0 and not control.hold:
            self._pulse(disc, events)

    def _pulse(self, disc: Disc, events: list[Event]) -> None:
        charge, disc.charge, disc.rest_s = disc.charge, 0.0, arena.PULSE_REST_S
        radius = arena.PULSE_RADIUS_MIN + (arena.PULSE_RADIUS_MAX - arena.PULSE_RADIUS_MIN) * charge
        events.append(Event(What.PULSE, (disc.position.x, disc.position.y), disc.side, radius))
        if self.phase is not Phase.PLAY:
            return
        speed = arena.PULSE_SPEED_MIN + (arena.PULSE_SPEED_MAX - arena.PULSE_SPEED_MIN) * charge
        for orb in self.orbs:
            away = orb.position - disc.position
            if 1e-6 < away.length() <= radius + arena.ORB_RADIUS:
                orb.velocity = away.normalize() * speed + disc.velocity * 0.35
                self._touched(orb, disc.side)
                events.append(Event(What.HIT, _at(orb), disc.side, min(speed / 900, 1.0)))

    def _glyphs(self, events: list[Event]) -> None:
        if self.glyph is None:
            self.glyph_in_s -= STEP_S
            if self.glyph_in_s <= 0:
                self.glyph = self.rng.choice(list(Glyph))
                self.glyph_at = Vector2(
                    arena.MIDDLE_X + self.rng.uniform(-170, 170), arena.MIDDLE_Y + self.rng.uniform(-200, 200)
                )
                events.append(Event(What.GLYPH_SHOWN, (self.glyph_at.x, self.glyph_at.y), glyph=self.glyph))
            return
        for orb in self.orbs:
            if orb.owner is not None and orb.position.distance_to(self.glyph_at) < GLYPH_RADIUS + arena.ORB_RADIUS:
                self._take_glyph(self.glyph, orb, orb.owner, events)
                return

    def _take_glyph(self, glyph: Glyph, orb: Orb, side: Side, events: list[Event]) -> None:
        self.glyph, self.glyph_in_s = None, self.rng.uniform(*GLYPH_EVERY_S)
        if glyph is Glyph.TWIN and len(self.orbs) < ORBS_MAX:
            self.orbs.append(Orb(Vector2(orb.position), orb.velocity.rotate(38), side))
            orb.velocity = orb.velocity.rotate(-38)
        elif glyph is Glyph.WIDE:
            self.discs[side.other].wide_s = WIDE_S
        elif glyph is Glyph.WARD:
            self.discs[side].ward = True
        elif glyph is Glyph.GALE:
            self.gale_s, self.gale_side = GALE_S, side
        events.append(Event(What.GLYPH_TAKEN, (self.glyph_at.x, self.glyph_at.y), side, glyph=glyph))


def _disc(side: Side) -> Disc:
    return Disc(side, Vector2(side.goal_x + side.forward * 190, arena.MIDDLE_Y))


def _at(orb: Orb) -> tuple[float, float]:
    return orb.position.x, orb.position.y


def _steer(disc: Disc, control: Control) -> None:
    wanted = Vector2(control.x, control.y)
    if wanted.length() > 1:
        wanted.normalize_ip()
    wanted *= arena.DISC_SPEED * (arena.CHARGING_SLOWDOWN if disc.charge > 0 else 1.0)
    disc.velocity.move_towards_ip(wanted, arena.DISC_ACCELERATION * STEP_S)
    disc.position += disc.velocity * STEP_S
    radius = arena.DISC_RADIUS
    low, high = sorted(
        (disc.side.goal_x + disc.side.forward * (radius + 4), arena.MIDDLE_X - disc.side.forward * radius)
    )
    for axis, least, most in ((0, low, high), (1, arena.TOP + radius + 4, arena.BOTTOM - radius - 4)):
        if not least <= disc.position[axis] <= most:
            disc.position[axis] = min(max(disc.position[axis], least), most)
            disc.velocity[axis] = 0.0
    _round_corner(disc)


def _round_corner(disc: Disc) -> None:
    inset = arena.CORNER_RADIUS
    x = min(max(disc.position.x, arena.LEFT + inset), arena.RIGHT - inset)
    y = min(max(disc.position.y, arena.TOP + inset), arena.BOTTOM - inset)
    out = disc.position - Vector2(x, y)
    reach = inset - arena.DISC_RADIUS
    if x != disc.position.x and y != disc.position.y and out.length() > reach:
        disc.position.update(Vector2(x, y) + out.normalize() * reach)
