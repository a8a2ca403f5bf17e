"""How a wave's foes come in: portals that can be seen before they open, never close to the player."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from .arena import BOTTOM, CENTRE, LEFT, RIGHT, TOP, inside
from .things import Portal, What
from .traits import BOSSES
from .waves import Group, Layout

if TYPE_CHECKING:
    from .world import World

AWAY_PX = 250.0
OPENING_TICKS = 55
STAGGER_TICKS = 7
BOSS_OPENING_TICKS = 110


def tick(world: World) -> None:
    """Open the portals whose time has come."""
    opened = False
    for portal in world.portals:
        portal.ticks -= 1
        if portal.ticks <= 0:
            opened = True
            x, y = _clear_of_player(world, portal)
            world.add_foe(portal.kind, x, y)
            if portal.kind in BOSSES:
                world.happen(What.BOSS, x, y, portal.kind)
    if opened:
        world.portals = [portal for portal in world.portals if portal.ticks > 0]


def _clear_of_player(world: World, portal: Portal) -> tuple[float, float]:
    """Return the portal's place, or one beside it if the player stands on it: nobody is hit by an arrival."""
    dx, dy = portal.x - world.flyer.x, portal.y - world.flyer.y
    distance = math.hypot(dx, dy)
    if distance >= 90:
        return portal.x, portal.y
    away = math.atan2(CENTRE[1] - world.flyer.y, CENTRE[0] - world.flyer.x)
    return inside(world.flyer.x + math.cos(away) * 130, world.flyer.y + math.sin(away) * 130, 30)


def place_away(world: World) -> tuple[float, float]:
    """Return a place that is not close to the player."""
    for _ in range(20):
        x = world.chance.uniform(LEFT + 50, RIGHT - 50)
        y = world.chance.uniform(TOP + 50, BOTTOM - 50)
        if math.hypot(x - world.flyer.x, y - world.flyer.y) > AWAY_PX:
            return x, y
    return (LEFT + RIGHT - world.flyer.x, TOP + BOTTOM - world.flyer.y)


def open_group(world: World, group: Group) -> None:
    """Open a portal for each foe of a group, one shortly after the other."""
    places = _places(world, group)
    for index, (kind, (x, y)) in enumerate(zip(group.kinds, places, strict=True)):
        opening = BOSS_OPENING_TICKS if kind in BOSSES else OPENING_TICKS
        world.portals.append(Portal(kind, x, y, opening + index * STAGGER_TICKS))
    world.happen(What.PORTAL, amount=len(group.kinds))


def _places(world: World, group: Group) -> list[tuple[float, float]]:
    if group.kinds[0] in BOSSES:
        return [(CENTRE[0], TOP + 190)]
    count = len(group.kinds)
    if group.layout is Layout.RING:
        start = world.chance.uniform(0, math.tau)
        turns = [start + math.tau * index / count for index in range(count)]
        ring = [(world.flyer.x + math.cos(t) * 330, world.flyer.y + math.sin(t) * 330) for t in turns]
        places = [inside(x, y, 40) for x, y in ring]
    elif group.layout is Layout.SIDES:
        places = [_at_side(world, index) for index in range(count)]
    elif group.layout is Layout.ROW:
        x = LEFT + 80 if world.flyer.x > CENTRE[0] else RIGHT - 80
        step = (BOTTOM - TOP - 80) / max(count, 2)
        places = [(x, TOP + 40 + step * (index + 0.5)) for index in range(count)]
    else:
        places = [place_away(world) for _ in range(count)]
    return [
        place if math.hypot(place[0] - world.flyer.x, place[1] - world.flyer.y) > AWAY_PX * 0.8 else place_away(world)
        for place in places
    ]


def _at_side(world: World, index: int) -> tuple[float, float]:
    along = world.chance.uniform(0.1, 0.9)
    if index % 2:
        return (LEFT + 60 if index % 4 == 1 else RIGHT - 60), TOP + (BOTTOM - TOP) * along
    return LEFT + (RIGHT - LEFT) * along, (TOP + 60 if index % 4 == 0 else BOTTOM - 60)
