"""Meshes with flat faces: position and normal of three corners for each triangle."""

from __future__ import annotations

import itertools
import math

import numpy as np
from numpy.typing import NDArray

Mesh = NDArray[np.float32]
"""``(triangles * 3, 6)``: position, normal."""
Point = tuple[float, float, float]


def flat(corners: list[Point]) -> Mesh:
    """Return triangles with the normals of their faces."""
    points = np.array(corners, np.float32).reshape(-1, 3, 3)
    normals = np.cross(points[:, 1] - points[:, 0], points[:, 2] - points[:, 0])
    normals /= np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-6)
    return np.concatenate((points, np.repeat(normals[:, None, :], 3, axis=1)), axis=2).reshape(-1, 6)


def island() -> Mesh:
    """Return a rugged cone of radius and height 1."""
    chance = np.random.default_rng(3)
    rows: list[list[Point]] = []
    for height, radius in ((-0.05, 1.04), (0.3, 0.72), (0.62, 0.4)):
        turn = chance.uniform(0.85, 1.1, 9)
        rows.append(
            [
                (radius * turn[n] * math.sin(n * math.tau / 9), height, radius * turn[n] * math.cos(n * math.tau / 9))
                for n in range(9)
            ]
        )
    corners: list[Point] = []
    for low, high in itertools.pairwise(rows):
        for n in range(9):
            m = (n + 1) % 9
            corners += [low[n], low[m], high[n], high[n], low[m], high[m]]
    for n in range(9):
        corners += [rows[-1][n], rows[-1][(n + 1) % 9], (0.0, 1.0, 0.0)]
    return flat(corners)


def ring(sides: int = 20, thickness: float = 0.07) -> Mesh:
    """Return a hoop of radius 1 that stands upright, seen along z."""
    corners: list[Point] = []

    def at(n: int, m: int) -> Point:
        around, across = n * math.tau / sides, m * math.tau / 4
        radius = 1.0 + thickness * math.cos(across)
        return radius * math.cos(around), radius * math.sin(around), thickness * math.sin(across)

    for n in range(sides):
        for m in range(4):
            a, b, c, d = at(n, m), at(n + 1, m), at(n, m + 1), at(n + 1, m + 1)
            corners += [a, b, c, c, b, d]
    return flat(corners)


def glider() -> Mesh:
    """Return a folded paper bird that flies along z."""
    nose, tail, keel = (0.0, 0.0, 1.5), (0.0, 0.12, -0.9), (0.0, -0.35, -0.7)
    left, right = (-1.35, 0.28, -0.95), (1.35, 0.28, -0.95)
    corners: list[Point] = [nose, tail, left, nose, right, tail, nose, keel, tail, nose, tail, keel]
    return flat([*corners, nose, left, tail, nose, tail, right])
