"""Draws a flight with OpenGL: backdrop, islands, rings, the glider, and the figures over it."""

from __future__ import annotations

import math
from typing import Any

import moderngl
import numpy as np
from numpy.typing import NDArray

from . import shaders, shapes
from .figures import board
from .flight import RING_RADIUS, TICKS_PER_S, Flight

SIGHT = 1.15
"""Half the picture's width, seen from one metre away, in metres."""
NEAR, FAR = 0.4, 900.0
THINGS_MAX = 64
BOARDS_MAX = 64
"""Numbers that are kept ready to be shown."""
PAPER, ROCK = (0.95, 0.93, 0.9), (0.36, 0.31, 0.36)
NEXT_RING, LATER_RING = (1.9, 1.5, 0.7), (0.75, 0.5, 0.42)
Row = tuple[float, ...]
"""A thing: place, yaw, width, height, bank, pitch, colour."""


class Scene:
    """Owns what lies on the GPU."""

    def __init__(self, context: moderngl.Context, size: tuple[int, int]) -> None:
        self._context = context
        self._aspect = size[1] / size[0]
        self._things = context.program(shaders.THINGS_VERTEX, shaders.THINGS_FRAGMENT)
        self._backdrop = context.program(shaders.BACKDROP_VERTEX, shaders.BACKDROP_FRAGMENT)
        self._board = context.program(shaders.BOARD_VERTEX, shaders.BOARD_FRAGMENT)
        self._sky = context.vertex_array(self._backdrop, [])
        self._quad = context.vertex_array(self._board, [])
        self._rows = context.buffer(reserve=THINGS_MAX * 11 * 4)
        self._meshes = {
            name: self._mesh(mesh)
            for name, mesh in (("island", shapes.island()), ("ring", shapes.ring()), ("glider", shapes.glider()))
        }
        self._boards: dict[str, moderngl.Texture] = {}
        self._wide, self._high = size

    def _mesh(self, mesh: NDArray[np.float32]) -> moderngl.VertexArray:
        return self._context.vertex_array(
            self._things,
            [
                (self._context.buffer(mesh.tobytes()), "3f 3f", "corner", "normal"),
                (self._rows, "4f 4f 3f/i", "place", "shape", "colour"),
            ],
        )

    def draw(self, flight: Flight) -> None:
        """Draw everything anew into the bound framebuffer."""
        eye, right, up, forward = _camera(flight)
        self._context.disable(moderngl.DEPTH_TEST)
        self._backdrop["eye"] = eye
        self._backdrop["seconds"] = flight.ticks / TICKS_PER_S
        sides = (*(right * SIGHT), *(up * SIGHT * self._aspect), *forward)
        self._backdrop["eyes"] = tuple(float(part) for part in sides)
        self._sky.render(moderngl.TRIANGLES, vertices=3)
        self._context.enable(moderngl.DEPTH_TEST)
        self._things["eye"] = eye
        self._things["view"] = _projection(eye, right, up, forward, self._aspect)
        self._draw_things("island", [(i.x, 0.0, i.z, i.x, i.radius, i.height, 0, 0, *ROCK) for i in flight.islands])
        self._draw_things(
            "ring",
            [
                (r.x, r.y, r.z, r.yaw, RING_RADIUS, RING_RADIUS, 0, 0, *(LATER_RING if later else NEXT_RING))
                for later, r in enumerate(flight.rings)
            ],
        )
        bird = (flight.x, flight.y, flight.z, flight.yaw, 1, 1, -0.8 * flight.bank, -0.35 * flight.pitch, *PAPER)
        self._draw_things("glider", [bird])
        self._context.disable(moderngl.DEPTH_TEST)
        self._figures(flight)

    def _draw_things(self, name: str, rows: list[Row]) -> None:
        shown = rows[-THINGS_MAX:]
        self._rows.write(np.array(shown, np.float32).tobytes())
        self._meshes[name].render(instances=len(shown))

    def _figures(self, flight: Flight) -> None:
        seconds = -(-flight.left_ticks // TICKS_PER_S)
        self._write(str(flight.score), 0.05, 0.9, 5, (1.0, 0.97, 0.9))
        self._write(str(seconds), 0.5, 0.9, 5, (1.0, 0.97, 0.9) if seconds > 5 else (1.0, 0.35, 0.25))
        if flight.is_over:
            self._write(str(flight.best), 0.5, 0.55, 14, (1.0, 0.9, 0.6))

    def _write(self, text: str, x: float, y: float, scale: int, ink: tuple[float, float, float]) -> None:
        """Write figures; ``x`` and ``y`` are shares of the picture, of their middle, or left edge if near it."""
        texture = self._boards.get(text)
        if texture is None:
            if len(self._boards) == BOARDS_MAX:
                self._boards.pop(next(iter(self._boards))).release()
            dots = board(text)
            texture = self._context.texture((dots.shape[1], dots.shape[0]), 1, dots.tobytes(), alignment=1)
            texture.filter = (moderngl.NEAREST, moderngl.NEAREST)
            self._boards[text] = texture
        texture.use(0)
        width, height = 2 * scale * texture.width / self._wide, 2 * scale * texture.height / self._high
        left = 2 * x - 1 - (width / 2 if x > 0.1 else 0)
        self._board["place"] = (left, 2 * y - 1 - height / 2, width, height)
        self._board["ink"] = ink
        self._quad.render(moderngl.TRIANGLE_STRIP, vertices=4)


Vector = NDArray[np.float64]


def _camera(flight: Flight) -> tuple[tuple[float, float, float], Vector, Vector, Vector]:
    """Return the eye, behind and above the glider, and where right, up and forward are."""
    ahead = np.array((math.sin(flight.yaw), 0.0, math.cos(flight.yaw)))
    place = np.array((flight.x, flight.y, flight.z)) - 7.5 * ahead + np.array((0.0, 2.6 - flight.pitch, 0.0))
    place[1] = max(place[1], 0.8)
    look = ahead + np.array((0.0, -0.14 + 0.14 * flight.pitch, 0.0))
    forward = look / np.linalg.norm(look)
    level = np.cross((0.0, 1.0, 0.0), forward)
    level /= np.linalg.norm(level)
    roll = -0.22 * flight.bank
    upright = np.cross(forward, level)
    right = level * math.cos(roll) + upright * math.sin(roll)
    return (float(place[0]), float(place[1]), float(place[2])), right, np.cross(forward, right), forward


def _projection(eye: tuple[float, float, float], right: Vector, up: Vector, forward: Vector, aspect: float) -> Any:
    """Return the matrix from world to picture, column by column."""
    turn = np.eye(4)
    turn[:3, :3] = (right, up, -forward)
    turn[:3, 3] = -turn[:3, :3] @ np.array(eye)
    lens = np.zeros((4, 4))
    lens[0, 0], lens[1, 1] = 1 / SIGHT, 1 / (SIGHT * aspect)
    lens[2, 2], lens[2, 3], lens[3, 2] = (FAR + NEAR) / (NEAR - FAR), 2 * FAR * NEAR / (NEAR - FAR), -1
    return tuple(float(part) for part in (lens @ turn).T.flatten())
