"""A player that plays by itself: for the title screen, ``--demo`` and the tests. Not perfect, and meant so."""

from __future__ import annotations

import math

from .arena import BOTTOM, CENTRE, LEFT, RIGHT, TOP, distance_to_segment, unit
from .things import Kind, Steering
from .traits import BOSSES
from .world import World

AFRAID_OF_FOE_PX = 150.0
AFRAID_OF_BULLET_PX = 130.0
LOOK_AHEAD_TICKS = 14
DASH_AT = 2.2
"""Pressure from which it dashes."""


def steer(world: World) -> Steering:
    """Return what it does in this tick."""
    flyer = world.flyer
    flee_x, flee_y = _pressure(world)
    pressure = math.hypot(flee_x, flee_y)
    want_x, want_y = _wish(world)
    wall_x = 60 / max(flyer.x - LEFT, 12) - 60 / max(RIGHT - flyer.x, 12)
    wall_y = 60 / max(flyer.y - TOP, 12) - 60 / max(BOTTOM - flyer.y, 12)
    way = unit(flee_x * 1.6 + want_x + wall_x * 0.6, flee_y * 1.6 + want_y + wall_y * 0.6)
    crowd = sum(math.hypot(foe.x - flyer.x, foe.y - flyer.y) < 330 for foe in world.foes)
    nova = flyer.nova_ready and (crowd >= 5 or world.boss is not None or pressure > DASH_AT)
    return Steering(*way, dash=pressure > DASH_AT and not flyer.dash_wait, nova=nova)


def _pressure(world: World) -> tuple[float, float]:
    flyer = world.flyer
    flee_x = flee_y = 0.0
    for foe in world.foes:
        reach = AFRAID_OF_FOE_PX + foe.radius * (1.6 if foe.kind in BOSSES else 1.0)
        dx, dy = flyer.x - foe.x - foe.vx * 8, flyer.y - foe.y - foe.vy * 8
        distance = math.hypot(dx, dy) or 1.0
        if distance < reach and foe.kind is not Kind.MINE:
            push = (reach - distance) / reach * 2.6
            flee_x += dx / distance * push
            flee_y += dy / distance * push
    for bullet in world.bullets:
        x, y = bullet.x + bullet.vx * LOOK_AHEAD_TICKS, bullet.y + bullet.vy * LOOK_AHEAD_TICKS
        near = distance_to_segment(flyer.x, flyer.y, bullet.x, bullet.y, x, y)
        if near < AFRAID_OF_BULLET_PX / 2:
            side_x, side_y = unit(-bullet.vy, bullet.vx)
            left = (flyer.x - bullet.x) * side_x + (flyer.y - bullet.y) * side_y
            push = (1 - near / (AFRAID_OF_BULLET_PX / 2)) * (1.8 if left >= 0 else -1.8)
            flee_x += side_x * push
            flee_y += side_y * push
    for beam in world.beams:
        near = distance_to_segment(flyer.x, flyer.y, beam.x1, beam.y1, beam.x2, beam.y2)
        if near < 70 and (beam.live or beam.charge > 0.4):
            side_x, side_y = unit(beam.y1 - beam.y2, beam.x2 - beam.x1)
            left = (flyer.x - beam.x1) * side_x + (flyer.y - beam.y1) * side_y
            push = (1 - near / 70) * (3.0 if left >= 0 else -3.0)
            flee_x += side_x * push
            flee_y += side_y * push
    return flee_x, flee_y


def _wish(world: World) -> tuple[float, float]:
    """Return where it goes when nothing presses: gifts, embers, then a place at a good distance from a foe."""
    flyer = world.flyer
    goods = [(present.x, present.y) for present in world.presents] or [(ember.x, ember.y) for ember in world.embers]
    if goods:
        x, y = min(goods, key=lambda place: math.hypot(place[0] - flyer.x, place[1] - flyer.y))
        return unit(x - flyer.x, y - flyer.y)
    foe = min(world.foes, key=lambda one: math.hypot(one.x - flyer.x, one.y - flyer.y), default=None)
    if foe is None:
        return (CENTRE[0] - flyer.x) / 300, (CENTRE[1] - flyer.y) / 300
    dx, dy = foe.x - flyer.x, foe.y - flyer.y
    pull = (math.hypot(dx, dy) - 260) / 200
    way = unit(dx, dy)
    return way[0] * pull - way[1] * 0.6, way[1] * pull + way[0] * 0.6
