"""What meets what in a tick, and what comes of it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .arena import clamp, distance_to_segment
from .flyer import HEAT_MAX, HEAT_PER_EMBER, OVERDRIVE_TICKS, RADIUS, SAFE_AFTER_HURT_TICKS
from .foes import SHIELD_HALF_ANGLE
from .things import Bullet, Foe, Gift, Kind, Present, Shot, What
from .traits import BOSSES, TRAITS

if TYPE_CHECKING:
    from .world import World

LINE_HALF_WIDTH = 12.0
BURN_TICKS = 8
DASH_DAMAGE = 3.0
ORBIT_DAMAGE = 1.0
ORBIT_RADIUS = 12.0
BEAM_HALF_WIDTH = 9.0
HURT_CLEARS_PX = 230.0
PICK_UP_PX = 26.0


def settle(world: World) -> None:
    """Resolve all meetings of this tick."""
    _shots_meet_foes(world)
    _fire_meets_foes(world)
    _fire_meets_bullets(world)
    _bury(world)
    _player_picks_up(world)
    _player_is_hit(world)


def harm(world: World, foe: Foe, damage: float) -> None:
    """Take hit points off a foe."""
    foe.hp -= damage
    foe.flash = 5
    world.happen(What.HIT, foe.x, foe.y, foe.kind)


def _shots_meet_foes(world: World) -> None:
    spent = False
    for shot in world.shots:
        x, y = shot.x, shot.y
        for foe in world.foes:
            reach = foe.radius + 6
            dx, dy = foe.x - x, foe.y - y
            if -reach < dx < reach and dx * dx + dy * dy < reach * reach and foe.id not in shot.struck:
                _strike(world, shot, foe)
                spent = spent or shot.ticks <= 0
                if shot.ticks <= 0:
                    break
    if spent:
        world.shots = [shot for shot in world.shots if shot.ticks > 0]


def _strike(world: World, shot: Shot, foe: Foe) -> None:
    if foe.kind is Kind.AEGIS and shielded(foe, shot.x - shot.vx, shot.y - shot.vy):
        shot.ticks = 0
        world.happen(What.BLOCKED, shot.x, shot.y, foe.kind)
        return
    if foe.hp <= 0:
        return
    shot.struck.add(foe.id)
    harm(world, foe, shot.damage)
    if foe.kind not in BOSSES:
        foe.vx += shot.vx * 0.03
        foe.vy += shot.vy * 0.03
    shot.pierce -= 1
    if shot.pierce < 0:
        shot.ticks = 0


def shielded(foe: Foe, x: float, y: float) -> bool:
    """Return whether what comes from a place meets an aegis's shield."""
    gap = (math.atan2(y - foe.y, x - foe.x) - foe.angle + math.pi) % math.tau - math.pi
    return abs(gap) < SHIELD_HALF_ANGLE


def _fire_meets_foes(world: World) -> None:
    flyer = world.flyer
    sparks = flyer.orbit_places()
    for foe in world.foes:
        for blast in world.blasts:
            if (
                foe.id not in blast.struck
                and math.hypot(foe.x - blast.x, foe.y - blast.y) < blast.radius + foe.radius
            ):
                blast.struck.add(foe.id)
                harm(world, foe, blast.damage)
        if foe.burnt:
            continue
        burn = _burn(world, foe, sparks)
        if burn:
            foe.burnt = BURN_TICKS
            harm(world, foe, burn)


def _burn(world: World, foe: Foe, sparks: list[tuple[float, float]]) -> float:
    """Return what dash, lines and sparks do to a foe in this tick."""
    flyer = world.flyer
    damage = 0.0
    if flyer.dashing and math.hypot(foe.x - flyer.x, foe.y - flyer.y) < foe.radius + 22:
        damage += DASH_DAMAGE
    reach = foe.radius + LINE_HALF_WIDTH
    for line in world.lines:
        if distance_to_segment(foe.x, foe.y, line.x1, line.y1, line.x2, line.y2) < reach:
            damage += flyer.loadout.line_damage
            break
    for x, y in sparks:
        if math.hypot(foe.x - x, foe.y - y) < foe.radius + ORBIT_RADIUS:
            damage += ORBIT_DAMAGE
    return damage


def _fire_meets_bullets(world: World) -> None:
    """Lines and blasts burn bullets."""
    if world.bullets and (world.lines or world.blasts):
        world.bullets = [bullet for bullet in world.bullets if not _burnt(world, bullet)]


def _burnt(world: World, bullet: Bullet) -> bool:
    x, y = bullet.x, bullet.y
    if any(math.hypot(x - blast.x, y - blast.y) < blast.radius for blast in world.blasts):
        return True
    return any(
        distance_to_segment(x, y, line.x1, line.y1, line.x2, line.y2) < LINE_HALF_WIDTH + bullet.radius
        for line in world.lines
    )


def _bury(world: World) -> None:
    fallen = [foe for foe in world.foes if foe.hp <= 0]
    if not fallen:
        return
    world.foes = [foe for foe in world.foes if foe.hp > 0]
    before = world.chain.multiplier
    for foe in fallen:
        points = 0
        if foe.age < 900 or foe.kind is not Kind.MINE:
            points = world.chain.kill(TRAITS[foe.kind].points, world.flyer.loadout.chain_ticks)
        world.drop(foe)
        world.happen(What.KILL, foe.x, foe.y, foe.kind, points)
        if foe.kind is Kind.SHARD:
            _split(world, foe)
        elif foe.kind in BOSSES:
            _boss_falls(world, foe)
    if world.chain.multiplier > before:
        world.happen(What.CHAIN_UP, world.flyer.x, world.flyer.y, amount=world.chain.multiplier)


def _split(world: World, foe: Foe) -> None:
    for index in range(3):
        way = foe.angle + index * math.tau / 3
        part = world.add_foe(Kind.SPLINTER, foe.x + math.cos(way) * 14, foe.y + math.sin(way) * 14)
        part.vx, part.vy = math.cos(way) * 5, math.sin(way) * 5


def _boss_falls(world: World, boss: Foe) -> None:
    """Its bullets and its helpers go with it."""
    world.bullets.clear()
    world.portals.clear()
    for foe in world.foes:
        foe.hp = 0.0
    world.happen(What.BOSS_DOWN, boss.x, boss.y, boss.kind)


def _player_picks_up(world: World) -> None:
    flyer = world.flyer
    ready = flyer.nova_ready
    for ember in world.embers:
        if math.hypot(ember.x - flyer.x, ember.y - flyer.y) < PICK_UP_PX:
            ember.ticks = 0
            flyer.heat = min(flyer.heat + HEAT_PER_EMBER, HEAT_MAX)
            world.chain.ember(flyer.loadout.chain_ticks)
            world.happen(What.EMBER, ember.x, ember.y)
    if flyer.nova_ready and not ready:
        world.happen(What.NOVA_READY, flyer.x, flyer.y)
    for present in world.presents:
        if math.hypot(present.x - flyer.x, present.y - flyer.y) < PICK_UP_PX + 16:
            present.ticks = 0
            _receive(world, present)


def _receive(world: World, present: Present) -> None:
    flyer = world.flyer
    if present.gift is Gift.HEART:
        flyer.lives = int(clamp(flyer.lives + 1, 0, flyer.loadout.lives_max))
    elif present.gift is Gift.BUBBLE:
        flyer.bubble = True
    else:
        flyer.overdrive = OVERDRIVE_TICKS
    world.happen(What.GIFT, present.x, present.y)


def _player_is_hit(world: World) -> None:
    flyer = world.flyer
    if flyer.safe_ticks or not _touched(world):
        return
    flyer.safe_ticks = SAFE_AFTER_HURT_TICKS
    world.bullets = [
        bullet for bullet in world.bullets if math.hypot(bullet.x - flyer.x, bullet.y - flyer.y) > HURT_CLEARS_PX
    ]
    if flyer.bubble:
        flyer.bubble = False
        world.happen(What.BUBBLE_BURST, flyer.x, flyer.y)
        return
    flyer.lives -= 1
    world.chain.hurt()
    world.happen(What.HURT, flyer.x, flyer.y, amount=flyer.lives)


def _touched(world: World) -> bool:
    x, y = world.flyer.x, world.flyer.y
    for bullet in world.bullets:
        reach = bullet.radius + RADIUS - 2
        dx, dy = bullet.x - x, bullet.y - y
        if -reach < dx < reach and dx * dx + dy * dy < reach * reach:
            return True
    for foe in world.foes:
        if math.hypot(foe.x - x, foe.y - y) < foe.radius * 0.85 + RADIUS and foe.kind is not Kind.MINE:
            return True
    return any(
        beam.live and distance_to_segment(x, y, beam.x1, beam.y1, beam.x2, beam.y2) < BEAM_HALF_WIDTH + RADIUS - 2
        for beam in world.beams
    )
