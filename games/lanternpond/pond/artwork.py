"""The picture for the library: a pond half aglow, with the name over it."""

from __future__ import annotations

import pygame

from . import paint, scenery
from .board import Board
from .board_view import BoardView
from .levels import level

SIZE = (640, 360)
KEY = (2, 9)
UNJOINED = 2
"""Colours that are still to be joined."""


def save(file: str) -> None:
    """Write the artwork."""
    picture, life = scenery.backdrop(), scenery.Life(4)
    board = Board(level(*KEY))
    view = BoardView(board)
    for path in board.level.solution[:-UNJOINED]:
        board.begin(path[0])
        for cell in path:
            board.move(cell)
    board.end()
    for _ in range(240):
        life.step(1 / 60)
    view.step(1.0)
    life.draw_koi(picture)
    view.draw(picture, None, 0.0)
    life.draw_fireflies(picture)
    shade = pygame.Surface((scenery.WIDTH, 300), pygame.SRCALPHA)
    for row in range(300):
        shade.fill((*paint.DEEP, round(225 * min(row / 190, 1.0))), (0, row, scenery.WIDTH, 1))
    picture.blit(shade, (0, scenery.HEIGHT - 300))
    paint.put(picture, paint.headline("LANTERN POND", 150, 14), (640, 612))
    pygame.image.save(pygame.transform.smoothscale(picture, SIZE), file)
