"""Koi: drawn once for each of some angles and some beats of the tail, then kept."""

from __future__ import annotations

import math
from functools import lru_cache

import pygame

from . import paint
from .paint import Colour

ANGLES, BEATS = 40, 8
PICTURES_KEPT = 512
"""At most some 80 KiB each."""
_SHARP = 3
"""Drawn so many times larger, then scaled down, for soft edges."""
_SPINE = 14
"""Joints from nose to tail."""


def draw(
    target: pygame.Surface,
    at: tuple[float, float],
    heading: float,
    swum: float,
    length: int,
    colour: Colour,
    alpha: int,
) -> None:
    """Draw one; ``heading`` in radians, ``swum`` in beats of the tail so far."""
    angle = round(heading / math.tau * ANGLES) % ANGLES
    beat = int(swum * BEATS) % BEATS
    paint.put(target, _picture(length, colour, alpha, angle, beat), at)


@lru_cache(maxsize=PICTURES_KEPT)
def _picture(length: int, colour: Colour, alpha: int, angle: int, beat: int) -> pygame.Surface:
    side = round(length * 1.3) * _SHARP
    large = pygame.Surface((side, side), pygame.SRCALPHA)
    spine = _spine(length * _SHARP, side / 2, math.tau * angle / ANGLES, math.tau * beat / BEATS)
    _fins(large, spine, length * _SHARP, paint.mix(colour, paint.PALE, 0.45))
    for joint, (x, y) in enumerate(spine):
        pygame.draw.circle(large, colour, (x, y), _half_width(joint) * length * _SHARP)
    for joint, share in ((3, 0.75), (4, 0.8), (7, 0.7), (8, 0.62)):
        pygame.draw.circle(large, paint.PALE, spine[joint], _half_width(joint) * length * _SHARP * share)
    made = pygame.transform.smoothscale(large, (side // _SHARP, side // _SHARP))
    made.fill((255, 255, 255, alpha), special_flags=pygame.BLEND_RGBA_MULT)
    return made


def _half_width(joint: int) -> float:
    """Half of the body's width at a joint, as a share of its length."""
    share = joint / (_SPINE - 1)
    return 0.028 + 0.098 * math.pow(max(math.sin(math.pi * min(share * 0.86 + 0.2, 1.0)), 0.0), 1.2)


def _spine(length: float, middle: float, heading: float, beat: float) -> list[tuple[float, float]]:
    """Joints from nose to tail; the bend grows towards the tail."""
    cos, sin = math.cos(heading), math.sin(heading)
    joints = []
    for joint in range(_SPINE):
        share = joint / (_SPINE - 1)
        along = length * (0.42 - 0.68 * share)
        aside = length * 0.085 * share**1.6 * math.sin(beat - share * 3.2)
        joints.append((middle + along * cos - aside * sin, middle + along * sin + aside * cos))
    return joints


def _fins(target: pygame.Surface, spine: list[tuple[float, float]], length: float, colour: Colour) -> None:
    tail, before = spine[-1], spine[-3]
    back = math.atan2(tail[1] - before[1], tail[0] - before[0])
    for spread in (-0.42, 0.42):
        _fin(target, before, back + spread, length * 0.34, length * 0.06, (*colour, 190))
    shoulder, behind = spine[4], spine[5]
    back = math.atan2(behind[1] - shoulder[1], behind[0] - shoulder[0])
    for spread in (-0.95, 0.95):
        _fin(target, shoulder, back + spread, length * 0.23, length * 0.05, (*colour, 170))


def _fin(
    target: pygame.Surface,
    root: tuple[float, float],
    angle: float,
    reach: float,
    width: float,
    colour: tuple[int, ...],
) -> None:
    """A leaf from a root in one direction."""
    cos, sin = math.cos(angle), math.sin(angle)
    rim = [(0.0, -width * 0.3), (reach * 0.6, -width), (reach, 0.0), (reach * 0.6, width), (0.0, width * 0.3)]
    pygame.draw.polygon(target, colour, [(root[0] + x * cos - y * sin, root[1] + x * sin + y * cos) for x, y in rim])
