"""The arena's measures and the plane geometry that the rules share. Lengths in pixels, time in ticks of 1/60 s."""

from __future__ import annotations

import math

TICKS_PER_S = 60
WIDTH, HEIGHT = 1280, 720
LEFT, TOP, RIGHT, BOTTOM = 20.0, 72.0, 1260.0, 700.0
"""Inside of the wall, below the score."""

CENTRE = ((LEFT + RIGHT) / 2, (TOP + BOTTOM) / 2)


def clamp(value: float, low: float, high: float) -> float:
    """Return the nearest value within the bounds."""
    return low if value < low else high if value > high else value


def inside(x: float, y: float, margin: float = 0.0) -> tuple[float, float]:
    """Return the nearest place that is ``margin`` or more away from the wall."""
    return clamp(x, LEFT + margin, RIGHT - margin), clamp(y, TOP + margin, BOTTOM - margin)


def is_outside(x: float, y: float, margin: float = 0.0) -> bool:
    """Return whether a place is ``margin`` or more beyond the wall."""
    return not (LEFT - margin < x < RIGHT + margin and TOP - margin < y < BOTTOM + margin)


def unit(dx: float, dy: float) -> tuple[float, float]:
    """Return the direction with length 1; (0, 0) has none and stays."""
    length = math.hypot(dx, dy)
    return (dx / length, dy / length) if length else (0.0, 0.0)


def turned(angle: float, towards: float, most: float) -> float:
    """Return ``angle``, turned the short way towards another one by at most ``most`` radians."""
    gap = (towards - angle + math.pi) % math.tau - math.pi
    return angle + clamp(gap, -most, most)


def distance_to_segment(x: float, y: float, x1: float, y1: float, x2: float, y2: float) -> float:
    """Return how far a place is from a segment."""
    dx, dy = x2 - x1, y2 - y1
    length2 = dx * dx + dy * dy
    along = clamp(((x - x1) * dx + (y - y1) * dy) / length2, 0.0, 1.0) if length2 else 0.0
    return math.hypot(x - x1 - along * dx, y - y1 - along * dy)


def to_wall(x: float, y: float, angle: float) -> tuple[float, float]:
    """Return where a ray from inside meets the wall."""
    dx, dy = math.cos(angle), math.sin(angle)
    reach = math.inf
    for start, step, low, high in ((x, dx, LEFT, RIGHT), (y, dy, TOP, BOTTOM)):
        if step:
            reach = min(reach, max(((high if step > 0 else low) - start) / step, 0.0))
    return x + dx * reach, y + dy * reach
