"""How each kind of foe behaves: one function a kind, called once a tick."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from .arena import BOTTOM, LEFT, RIGHT, TOP, inside, is_outside, to_wall, turned, unit
from .things import Beam, Foe, Kind, What

if TYPE_CHECKING:
    from .world import World

SHIELD_HALF_ANGLE = 1.0
"""An aegis turns shots away that come from within this angle of where it looks."""

DART_AIM, DART_LOCK, DART_FLY, DART_REST = 46, 24, 44, 36
LANCE_TRACK, LANCE_LOCK, LANCE_FIRE, LANCE_REST = 84, 34, 16, 70
BLOOM_TICKS, BLOOM_SWELL = 130, 40
MINE_ARMED, MINE_FUSE, MINE_TICKS, MINE_NEAR_PX = 50, 32, 900, 105.0


def drift(foe: Foe, bounce: bool = True) -> None:
    """Move as it flies; at the wall it turns back, or stays at it."""
    foe.x += foe.vx
    foe.y += foe.vy
    margin = foe.radius
    if bounce:
        if foe.x < LEFT + margin or foe.x > RIGHT - margin:
            foe.vx = math.copysign(foe.vx, LEFT + margin - foe.x)
        if foe.y < TOP + margin or foe.y > BOTTOM - margin:
            foe.vy = math.copysign(foe.vy, TOP + margin - foe.y)
    foe.x, foe.y = inside(foe.x, foe.y, margin)


def bearing(foe: Foe, world: World) -> tuple[float, float, float]:
    """Return the direction to the player and the distance."""
    dx, dy = world.flyer.x - foe.x, world.flyer.y - foe.y
    return (*unit(dx, dy), math.hypot(dx, dy))


def steer(foe: Foe, wish_x: float, wish_y: float, ease: float) -> None:
    """Come nearer to a wished velocity and fly."""
    foe.vx += (wish_x - foe.vx) * ease
    foe.vy += (wish_y - foe.vy) * ease
    drift(foe, bounce=False)


def mote(foe: Foe, world: World) -> None:
    """Floats about and turns back at the wall."""
    if foe.age == 1:
        way = world.chance.uniform(0, math.tau)
        speed = 1.6 * world.pace
        foe.vx, foe.vy = math.cos(way) * speed, math.sin(way) * speed
    foe.angle += 0.03 * foe.side
    drift(foe)


def hunter(foe: Foe, world: World) -> None:
    """Flies at the player, a little beside it, so that a pack closes in from all sides."""
    dx, dy, distance = bearing(foe, world)
    sway = math.sin(foe.age * 0.03 + foe.id * 2.4) * min(distance / 160, 1.0) * 0.8
    speed = 2.55 * world.pace
    steer(foe, (dx - dy * sway) * speed, (dy + dx * sway) * speed, 0.05)
    foe.angle = math.atan2(foe.vy, foe.vx)


def splinter(foe: Foe, world: World) -> None:
    """As a hunter, faster and more giddy."""
    dx, dy, _ = bearing(foe, world)
    sway = math.sin(foe.age * 0.09 + foe.id)
    speed = 3.1 * world.pace
    steer(foe, (dx - dy * sway) * speed, (dy + dx * sway) * speed, 0.035)
    foe.angle += 0.12 * foe.side


def dart(foe: Foe, world: World) -> None:
    """Aims, holds its line for a moment, then shoots along it to the wall and rests."""
    foe.clock += 1
    if foe.phase == 0:
        dx, dy, distance = bearing(foe, world)
        pull = 0.9 if distance > 380 else -0.5
        steer(foe, dx * pull, dy * pull, 0.04)
        foe.angle = turned(foe.angle, math.atan2(dy, dx), 0.12)
        _enter(foe, 1, DART_AIM / world.pace)
    elif foe.phase == 1:
        foe.vx = foe.vy = 0.0
        foe.charge = foe.clock / DART_LOCK
        if _enter(foe, 2, DART_LOCK):
            foe.vx, foe.vy = math.cos(foe.angle) * 11.5, math.sin(foe.angle) * 11.5
            world.happen(What.CHARGE, foe.x, foe.y, foe.kind)
    elif foe.phase == 2:
        foe.charge = 0.0
        x, y = foe.x + foe.vx, foe.y + foe.vy
        drift(foe, bounce=False)
        if is_outside(x, y, -foe.radius):
            foe.clock = DART_FLY
        _enter(foe, 3, DART_FLY)
    else:
        steer(foe, 0.0, 0.0, 0.1)
        _enter(foe, 0, DART_REST)


def _enter(foe: Foe, phase: int, after_ticks: float) -> bool:
    """Go on to a phase when the clock says so."""
    if foe.clock < after_ticks:
        return False
    foe.phase, foe.clock = phase, 0
    return True


def bloom(foe: Foe, world: World) -> None:
    """Stands nearly still, swells, and bursts into a ring of bullets."""
    foe.clock += 1
    dx, dy, distance = bearing(foe, world)
    pull = 0.7 if distance > 300 else 0.0
    steer(foe, dx * pull, dy * pull, 0.03)
    foe.angle += 0.012 * foe.side
    foe.charge = max(foe.clock - (BLOOM_TICKS - BLOOM_SWELL), 0) / BLOOM_SWELL
    if foe.clock >= BLOOM_TICKS:
        foe.clock = 0
        foe.charge = 0.0
        world.ring(foe.x, foe.y, count=8 + min(world.wave // 4, 4), speed=2.3, start=foe.angle)


def shard(foe: Foe, world: World) -> None:
    """Heavy and slow; what happens when it breaks is its point."""
    dx, dy, _ = bearing(foe, world)
    speed = 1.15 * world.pace
    steer(foe, dx * speed, dy * speed, 0.02)
    foe.angle += 0.018 * foe.side


def weaver(foe: Foe, world: World) -> None:
    """Circles the player at a distance and shoots at it, well announced."""
    foe.clock += 1
    dx, dy, distance = bearing(foe, world)
    if foe.age % 210 == 0:
        foe.side = -foe.side
    pull = (distance - 270) / 90
    speed = 2.4 * world.pace
    wish = unit(dx * pull - dy * foe.side, dy * pull + dx * foe.side)
    steer(foe, wish[0] * speed, wish[1] * speed, 0.06)
    foe.angle = turned(foe.angle, math.atan2(dy, dx), 0.2)
    foe.charge = max(foe.clock - 75, 0) / 25
    if foe.clock >= 100:
        foe.clock = 0
        foe.charge = 0.0
        world.fire(foe.x, foe.y, math.atan2(dy, dx), 3.4 * world.pace)


def sower(foe: Foe, world: World) -> None:
    """Wanders and lays mines; keeps off the player."""
    foe.clock += 1
    dx, dy, distance = bearing(foe, world)
    if foe.age % 90 == 1:
        foe.phase = world.chance.randrange(628)
    way = foe.phase / 100
    flee = max(1 - distance / 260, 0.0) * 2
    speed = 1.9 * world.pace
    wish = unit(math.cos(way) - dx * flee, math.sin(way) - dy * flee)
    steer(foe, wish[0] * speed, wish[1] * speed, 0.05)
    foe.angle = math.atan2(foe.vy, foe.vx)
    mines = sum(other.kind is Kind.MINE for other in world.foes)
    if foe.clock >= 85 and mines < 12:
        foe.clock = 0
        world.add_foe(Kind.MINE, foe.x, foe.y)


def mine(foe: Foe, world: World) -> None:
    """Lies there; once armed it bursts when the player comes near, after a fuse that can be seen."""
    foe.angle += 0.02
    if foe.phase == 0 and foe.age > MINE_ARMED and bearing(foe, world)[2] < MINE_NEAR_PX:
        foe.phase = 1
        world.happen(What.CHARGE, foe.x, foe.y, foe.kind)
    if foe.phase == 1:
        foe.clock += 1
        foe.charge = foe.clock / MINE_FUSE
        if foe.clock >= MINE_FUSE:
            world.ring(foe.x, foe.y, count=8, speed=2.6, start=foe.angle)
            foe.hp = 0.0
    if foe.age > MINE_TICKS:
        foe.hp = 0.0


def lancer(foe: Foe, world: World) -> None:
    """Keeps far off, follows with a thin ray, holds it still, then burns along it."""
    foe.clock += 1
    dx, dy, distance = bearing(foe, world)
    if foe.phase == 0:
        pull = -1.0 if distance < 330 else 0.5
        steer(foe, dx * pull - dy * foe.side * 0.6, dy * pull + dx * foe.side * 0.6, 0.05)
        foe.angle = turned(foe.angle, math.atan2(dy, dx), 0.045)
        foe.charge = foe.clock / LANCE_TRACK * 0.5
        _enter(foe, 1, LANCE_TRACK)
    elif foe.phase == 1:
        foe.vx = foe.vy = 0.0
        foe.charge = 0.5 + foe.clock / LANCE_LOCK * 0.5
        if _enter(foe, 2, LANCE_LOCK):
            world.happen(What.BEAM, foe.x, foe.y, foe.kind)
    elif foe.phase == 2:
        _enter(foe, 3, LANCE_FIRE)
    else:
        foe.charge = 0.0
        steer(foe, -dx * 0.6, -dy * 0.6, 0.05)
        _enter(foe, 0, LANCE_REST)
    if foe.phase < 3 and (foe.phase or foe.clock > 20):
        world.beams.append(Beam(foe.x, foe.y, *to_wall(foe.x, foe.y, foe.angle), foe.phase == 2, foe.charge))


def aegis(foe: Foe, world: World) -> None:
    """Comes on slowly behind a shield; turns slower than the player flies round it."""
    dx, dy, _ = bearing(foe, world)
    foe.angle = turned(foe.angle, math.atan2(dy, dx), 0.016 * world.pace)
    speed = 1.7 * world.pace
    steer(foe, math.cos(foe.angle) * speed, math.sin(foe.angle) * speed, 0.06)


BEHAVIOURS: Mapping[Kind, Callable[[Foe, World], None]] = {
    Kind.MOTE: mote,
    Kind.HUNTER: hunter,
    Kind.SPLINTER: splinter,
    Kind.DART: dart,
    Kind.BLOOM: bloom,
    Kind.SHARD: shard,
    Kind.WEAVER: weaver,
    Kind.SOWER: sower,
    Kind.MINE: mine,
    Kind.LANCER: lancer,
    Kind.AEGIS: aegis,
}
