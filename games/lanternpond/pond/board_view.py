"""Draws a board: baked into one picture when it changes, with lights that wander over it at every frame."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pygame

from . import koi, paint, pieces
from .board import Board
from .levels import Cell

AREA = pygame.Rect(316, 36, 648, 648)
LIGHT_TILES_PER_S = 3.2
KOI_TILES_PER_S = 2.6


class BoardView:
    """Owns the picture of one board; the pond shows through it."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self.cell_px = AREA.width // board.level.size
        side = self.cell_px * board.level.size
        self.rect = pygame.Rect(0, 0, side, side)
        self.rect.center = AREA.center
        self._baked = pygame.Surface((side, side), pygame.SRCALPHA, 32)
        self._shown: tuple[object, ...] | None = None
        self._seconds = 0.0

    def cell_at(self, position: tuple[float, float], *, clamp: bool = False) -> Cell | None:
        """Return the tile at a place on the screen; with ``clamp`` the nearest one."""
        size = self._board.level.size
        column = int((position[0] - self.rect.x) // self.cell_px)
        row = int((position[1] - self.rect.y) // self.cell_px)
        if clamp:
            return min(max(column, 0), size - 1), min(max(row, 0), size - 1)
        return (column, row) if 0 <= column < size and 0 <= row < size else None

    def middle(self, cell: Cell) -> tuple[float, float]:
        """Return the middle of a tile on the screen."""
        return self.rect.x + (cell[0] + 0.5) * self.cell_px, self.rect.y + (cell[1] + 0.5) * self.cell_px

    def step(self, seconds: float) -> None:
        """Let the lights wander on."""
        self._seconds += seconds

    def draw(self, target: pygame.Surface, cursor: Cell | None, solved_s: float) -> None:
        """Draw the frame; ``solved_s`` is how long ago it was solved, 0 while it is not."""
        board = self._board
        now = (board.paths, board.drawing)
        if now != self._shown:
            self._shown = now
            self._bake()
        target.blit(self._baked, self.rect)
        for colour, path in enumerate(board.paths):
            if board.joined(colour) and board.drawing != colour:
                self._draw_light(target, colour, path)
                if solved_s > 0:
                    self._draw_koi(target, colour, path, solved_s)
        head = board.head
        if head is not None and board.drawing is not None:
            beat = round(0.6 + 0.25 * math.sin(self._seconds * 7), 1)
            paint.add_glow(target, self.middle(head), paint.glow(self.cell_px, paint.LANTERNS[board.drawing], beat))
        if cursor is not None:
            self._draw_cursor(target, cursor)
        if 0 < solved_s < 1.4:
            self._draw_wave(target, solved_s)

    def _bake(self) -> None:
        self._baked.fill((0, 0, 0, 0))
        size, px, board = self._board.level.size, self.cell_px, self._board
        tints = {cell: colour for colour, path in enumerate(board.paths) for cell in path}
        for row in range(size):
            for column in range(size):
                colour = tints.get((column, row))
                tint = paint.LANTERNS[colour] if colour is not None else None
                self._baked.blit(pieces.tile(px, tint), (column * px, row * px))
        for colour, path in enumerate(board.paths):
            strength = 0.34 if board.joined(colour) else 0.2
            for cell in path:
                light = paint.glow(round(px * 0.85), paint.LANTERNS[colour], strength)
                paint.add_glow(self._baked, self._inner(cell), light)
        for colour, path in enumerate(board.paths):
            self._bake_ribbon(colour, path)
        for colour, pair in enumerate(board.level.pairs):
            lit = board.joined(colour)
            for cell in pair:
                light = paint.glow(round(px * 0.7), paint.LANTERNS[colour], 0.75 if lit else 0.42)
                paint.add_glow(self._baked, self._inner(cell), light)
                paint.put(self._baked, pieces.lantern(round(px * 0.86) | 1, colour, lit), self._inner(cell))

    def _bake_ribbon(self, colour: int, path: Sequence[Cell]) -> None:
        joined = self._board.joined(colour)
        for index, (column, row) in enumerate(path):
            sides = 0
            for other in (*path[max(index - 1, 0) : index], *path[index + 1 : index + 2]):
                way = other[0] - column, other[1] - row
                sides |= {(1, 0): pieces.RIGHT, (-1, 0): pieces.LEFT, (0, 1): pieces.DOWN, (0, -1): pieces.UP}[way]
            part = pieces.ribbon(self.cell_px, sides, colour, joined)
            self._baked.blit(part, (column * self.cell_px, row * self.cell_px))

    def _inner(self, cell: Cell) -> tuple[float, float]:
        return (cell[0] + 0.5) * self.cell_px, (cell[1] + 0.5) * self.cell_px

    def _along(self, path: Sequence[Cell], tiles: float) -> tuple[float, float]:
        """The place that lies some tiles along a path; beyond its ends the end."""
        tiles = min(max(tiles, 0.0), len(path) - 1.0)
        index = min(int(tiles), len(path) - 2)
        share = tiles - index
        (x1, y1), (x2, y2) = self.middle(path[index]), self.middle(path[index + 1])
        return x1 + (x2 - x1) * share, y1 + (y2 - y1) * share

    def _draw_light(self, target: pygame.Surface, colour: int, path: Sequence[Cell]) -> None:
        """A light that goes to and fro between two joined lanterns."""
        span = len(path) - 1
        tiles = (self._seconds * LIGHT_TILES_PER_S + colour * 1.7) % (2 * span)
        at = self._along(path, tiles if tiles <= span else 2 * span - tiles)
        paint.add_glow(target, at, paint.glow(round(self.cell_px * 0.42), paint.MOON, 0.5))

    def _draw_koi(self, target: pygame.Surface, colour: int, path: Sequence[Cell], solved_s: float) -> None:
        """One that swims from lantern to lantern, again and again."""
        span = len(path) - 1
        tiles = solved_s * KOI_TILES_PER_S % (span + 3)
        if tiles < span:
            at, ahead = self._along(path, tiles), self._along(path, tiles + 0.35)
            behind = self._along(path, tiles - 0.35)
            heading = math.atan2(ahead[1] - behind[1], ahead[0] - behind[0])
            skin = paint.mix(paint.LANTERNS[colour], paint.DEEP, 0.18)
            koi.draw(target, at, heading, solved_s * 1.6, round(self.cell_px * 1.05), skin, 255)

    def _draw_cursor(self, target: pygame.Surface, cursor: Cell) -> None:
        grow = round(2 + 2 * math.sin(self._seconds * 4))
        box = pygame.Rect(0, 0, self.cell_px - 6 + grow, self.cell_px - 6 + grow)
        box.center = tuple(map(round, self.middle(cursor)))
        pygame.draw.rect(target, paint.PALE, box, 3, border_radius=round(self.cell_px * 0.2))

    def _draw_wave(self, target: pygame.Surface, solved_s: float) -> None:
        for delay in (0.0, 0.18, 0.36):
            share = (solved_s - delay) / 1.0
            if 0 < share < 1:
                colour = paint.mix(paint.MOON, paint.WATER, share)
                pygame.draw.aacircle(
                    target, colour, self.rect.center, 40 + 420 * share, max(round(5 * (1 - share)), 1)
                )
