"""The three bosses. Each goes round its attacks; below half of its strength it goes faster and adds to them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from .arena import CENTRE, is_outside, to_wall, turned
from .foes import bearing, drift, steer
from .things import Beam, Foe, Kind, What

if TYPE_CHECKING:
    from .world import World

ENTRANCE_TICKS = 90
"""A boss only shows itself at first."""


def raging(foe: Foe) -> bool:
    """Return whether less than half of its strength is left."""
    return foe.hp < foe.hp_max / 2


def _attack(foe: Foe, lengths: tuple[int, ...]) -> tuple[int, int, bool]:
    """Advance the round of attacks; return which one it is, its tick, and whether that is its last one."""
    foe.clock += 1
    attack, tick = foe.phase, foe.clock
    last = tick >= lengths[attack]
    if last:
        foe.phase, foe.clock = (attack + 1) % len(lengths), 0
    return attack, tick, last


def warden(foe: Foe, world: World) -> None:
    """Swings through the upper arena: spirals, aimed fans, rings with a pack of hunters."""
    sway_x = CENTRE[0] + math.sin(foe.age * 0.011) * 380
    sway_y = CENTRE[1] - 90 + math.sin(foe.age * 0.023) * 110
    steer(foe, (sway_x - foe.x) * 0.04, (sway_y - foe.y) * 0.04, 0.2)
    foe.angle += 0.008
    if foe.age < ENTRANCE_TICKS:
        return
    rage = raging(foe)
    attack, tick, _ = _attack(foe, (170, 150, 110) if rage else (190, 190, 150))
    if attack == 0 and tick > 30 and tick % (8 if rage else 10) == 0:
        for arm in range(arms := 3 if rage else 2):
            world.fire(foe.x, foe.y, tick * 0.057 * foe.side + arm * math.tau / arms, 2.4)
    elif attack == 1:
        foe.charge = tick % 50 / 50
        if tick % 50 == 0:
            dx, dy, _ = bearing(foe, world)
            world.fan(foe.x, foe.y, math.atan2(dy, dx), count=7 if rage else 5, spread=0.9, speed=2.9)
    elif attack == 2 and tick == 40:
        foe.side = -foe.side
        world.ring(foe.x, foe.y, count=18, speed=2.1)
        world.summon(Kind.HUNTER, 4 if rage else 3)


def loom(foe: Foe, world: World) -> None:
    """Sits in the middle and sweeps it with rays; between the sweeps come rings and weavers."""
    steer(foe, (CENTRE[0] - foe.x) * 0.03, (CENTRE[1] - foe.y) * 0.03, 0.2)
    if foe.age < ENTRANCE_TICKS:
        foe.angle += 0.006
        return
    rage = raging(foe)
    attack, tick, last = _attack(foe, (330, 190, 110))
    if attack == 0:
        _sweep(foe, world, tick, rays=3 if rage else 2, pace=0.0115 if rage else 0.0095)
        if tick > 90 and tick % (70 if rage else 95) == 0:
            world.ring(foe.x, foe.y, count=10, speed=1.9, start=foe.angle + 0.3)
        if last:
            foe.side = -foe.side
    elif attack == 1:
        foe.angle += 0.006
        if tick % (34 if rage else 46) == 0:
            world.ring(foe.x, foe.y, count=14, speed=2.5, start=foe.angle + tick * 0.1)
    elif tick == 30:
        world.summon(Kind.WEAVER, 2)


def _sweep(foe: Foe, world: World, tick: int, *, rays: int, pace: float) -> None:
    """Rays that warn for 80 ticks where they stand, then burn and turn, slower near the start and the end."""
    live = tick > 80
    if tick == 81:
        world.happen(What.BEAM, foe.x, foe.y, foe.kind)
    if live:
        foe.angle += pace * foe.side * min((tick - 80) / 40, (330 - tick) / 30, 1.0)
    foe.charge = min(tick / 80, 1.0)
    for ray in range(rays):
        way = foe.angle + ray * math.tau / rays
        world.beams.append(Beam(foe.x, foe.y, *to_wall(foe.x, foe.y, way), live, foe.charge))


def comet(foe: Foe, world: World) -> None:
    """Charges across the arena and sheds bullets to both sides; then mines, then splinters."""
    if foe.age < ENTRANCE_TICKS:
        steer(foe, (CENTRE[0] - foe.x) * 0.03, (CENTRE[1] - foe.y) * 0.03, 0.2)
        foe.angle += 0.02
        return
    rage = raging(foe)
    attack, tick, _ = _attack(foe, (100, 100, 100, 130, 120))
    if attack < 3:
        _charge(foe, world, tick, rage)
        return
    foe.angle += 0.03
    steer(foe, (CENTRE[0] - foe.x) * 0.012, (CENTRE[1] - foe.y) * 0.012, 0.08)
    if attack == 3 and tick % (30 if rage else 40) == 0:
        world.ring(foe.x, foe.y, count=12, speed=2.4, start=tick * 0.05)
    elif attack == 4 and tick == 20:
        world.summon(Kind.SPLINTER, 6 if rage else 4)
        world.summon(Kind.MINE, 4)


def _charge(foe: Foe, world: World, tick: int, rage: bool) -> None:
    if tick < 46:
        dx, dy, _ = bearing(foe, world)
        if tick < 30:
            foe.angle = turned(foe.angle, math.atan2(dy, dx), 0.2)
        foe.charge = tick / 46
        steer(foe, 0.0, 0.0, 0.12)
        world.beams.append(Beam(foe.x, foe.y, *to_wall(foe.x, foe.y, foe.angle), False, foe.charge))
        return
    if tick == 46:
        foe.vx, foe.vy = math.cos(foe.angle) * 15, math.sin(foe.angle) * 15
        world.happen(What.CHARGE, foe.x, foe.y, foe.kind)
    foe.charge = 0.0
    x, y = foe.x + foe.vx, foe.y + foe.vy
    drift(foe, bounce=False)
    moving = math.hypot(foe.vx, foe.vy) > 5
    if is_outside(x, y, -foe.radius) and moving:
        foe.vx = foe.vy = 0.0
        world.ring(foe.x, foe.y, count=10, speed=2.2)
    elif moving and tick % (5 if rage else 7) == 0:
        for side in (-1, 1):
            world.fire(foe.x, foe.y, foe.angle + side * math.pi / 2, 1.9)


BEHAVIOURS: Mapping[Kind, Callable[[Foe, World], None]] = {
    Kind.WARDEN: warden,
    Kind.LOOM: loom,
    Kind.COMET: comet,
}
