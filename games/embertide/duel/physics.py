"""Circles, walls and corners. Pure: everything is told by arguments and returned."""

from __future__ import annotations

from pygame.math import Vector2

from . import arena


def bounce_off_walls(position: Vector2, velocity: Vector2, goal_half: tuple[float, float]) -> float:
    """Keep an orb inside the rink, whose side walls are open at the goals.

    Args:
        position, velocity: Of the orb; changed in place.
        goal_half: Half the height of the left and of the right goal.

    Returns:
        How hard it hit a wall, in pixels per second; 0 if it did not.
    """
    radius = arena.ORB_RADIUS
    if _in_a_mouth(position, goal_half):
        return _bounce_in_mouth(position, velocity, goal_half)
    impact = _bounce_in_corner(position, velocity)
    for axis, low, high in ((0, arena.LEFT, arena.RIGHT), (1, arena.TOP, arena.BOTTOM)):
        leaves_low = position[axis] < low + radius and velocity[axis] < 0
        leaves_high = position[axis] > high - radius and velocity[axis] > 0
        if leaves_low or leaves_high:
            impact = max(impact, abs(velocity[axis]))
            velocity[axis] = -velocity[axis] * 0.94
        position[axis] = min(max(position[axis], low + radius), high - radius)
    return impact


def _in_a_mouth(position: Vector2, goal_half: tuple[float, float]) -> bool:
    half = goal_half[0] if position.x < arena.MIDDLE_X else goal_half[1]
    outside = position.x < arena.LEFT + arena.ORB_RADIUS or position.x > arena.RIGHT - arena.ORB_RADIUS
    return outside and abs(position.y - arena.MIDDLE_Y) < half


def _bounce_in_mouth(position: Vector2, velocity: Vector2, goal_half: tuple[float, float]) -> float:
    half = goal_half[0] if position.x < arena.MIDDLE_X else goal_half[1]
    reach = half - arena.ORB_RADIUS
    offset = position.y - arena.MIDDLE_Y
    if abs(offset) <= reach or offset * velocity.y <= 0:
        return 0.0
    position.y = arena.MIDDLE_Y + (reach if offset > 0 else -reach)
    impact = abs(velocity.y)
    velocity.y = -velocity.y * 0.94
    return impact


def _bounce_in_corner(position: Vector2, velocity: Vector2) -> float:
    inset = arena.CORNER_RADIUS
    x = min(max(position.x, arena.LEFT + inset), arena.RIGHT - inset)
    y = min(max(position.y, arena.TOP + inset), arena.BOTTOM - inset)
    out = position - Vector2(x, y)
    reach = inset - arena.ORB_RADIUS
    if x == position.x or y == position.y or out.length() <= reach:
        return 0.0
    normal = out.normalize()
    position.update(Vector2(x, y) + normal * reach)
    into = velocity.dot(normal)
    if into <= 0:
        return 0.0
    velocity.update(velocity - normal * into * 1.94)
    return into


def strike(orb: Vector2, orb_velocity: Vector2, disc: Vector2, disc_velocity: Vector2) -> float:
    """Let an orb bounce off a disc, which is heavy: its own movement does not change.

    Returns:
        How hard, in pixels per second; 0 if they do not touch or move apart.
    """
    gap = orb - disc
    reach = arena.ORB_RADIUS + arena.DISC_RADIUS
    distance = gap.length()
    if distance >= reach:
        return 0.0
    normal = gap / distance if distance > 1e-6 else Vector2(1, 0)
    orb.update(disc + normal * reach)
    closing = (disc_velocity - orb_velocity).dot(normal)
    if closing <= 0:
        return 0.0
    orb_velocity.update(orb_velocity + normal * closing * 1.82)
    return closing


def limit(velocity: Vector2, low: float, high: float) -> None:
    """Bring a speed into bounds; what stands still stays so."""
    speed = velocity.length()
    if speed > high:
        velocity.scale_to_length(high)
    elif 1e-6 < speed < low:
        velocity.scale_to_length(low)
