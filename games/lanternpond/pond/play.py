"""A level being played: the board in the middle, what is told of it to the left, buttons to the right."""

from __future__ import annotations

import math

import pygame

from . import paint
from .board import Board, Step
from .board_view import BoardView
from .commands import Command, Pointer, Touch
from .levels import LEVELS_PER_POND, PONDS, level
from .menu import Button, Menu
from .sound import Sounds

SOLVED_MENU_S = 1.3
"""How long after it was solved the way on is offered."""
_WAYS = {Command.LEFT: (-1, 0), Command.RIGHT: (1, 0), Command.UP: (0, -1), Command.DOWN: (0, 1)}
_SIDE = (
    ("undo", "UNDO"), ("hint", "HINT"), ("clear", "CLEAR"), ("pause", "PAUSE"),
)  # fmt: skip
_OF_COMMAND = {Command.UNDO: "undo", Command.HINT: "hint", Command.CLEAR: "clear", Command.PAUSE: "pause"}


class Play:
    """Owns one level's board and its picture."""

    def __init__(self, key: tuple[int, int], sounds: Sounds) -> None:
        self.key = key
        self.board = Board(level(*key))
        self._view = BoardView(self.board)
        self._sounds = sounds
        self._cursor = (self.board.level.size // 2, self.board.level.size // 2)
        self._by_keys = False
        self._solved_s = 0.0
        self._side = Menu([
            Button(name, label, pygame.Rect(1010, 168 + index * 104, 206, 80), 34, paint.PALE)
            for index, (name, label) in enumerate(_SIDE)
        ])  # fmt: skip
        self._after = Menu([
            Button("next", "NEXT", pygame.Rect(1000, 352, 226, 100), 46, paint.MOON),
            Button("levels", "LEVELS", pygame.Rect(1010, 480, 206, 80), 34),
        ])  # fmt: skip

    @property
    def solved(self) -> bool:
        """Whether the level was solved since it was begun."""
        return self._solved_s > 0

    def step(self) -> bool:
        """Go on by a frame; return True once, in the frame in which the level is solved."""
        if self._solved_s > 0:
            self._solved_s += 1 / 60
        elif self.board.solved and self.board.drawing is None:
            self._solved_s = 1 / 60
            self._sounds.play("solved")
            return True
        return False

    def take(self, what: Command | Pointer) -> str | None:
        """Take input; return the name of a button that the caller answers: ``pause``, ``next`` or ``levels``."""
        if self._solved_s > 0:
            return self._take_solved(what)
        if isinstance(what, Pointer):
            return self._answer(self._take_pointer(what))
        if what in _WAYS:
            self._by_keys = True
            self._steer(*_WAYS[what])
        elif what is Command.ACT:
            self._by_keys = True
            self._toggle()
        return self._answer(_OF_COMMAND.get(what))

    def _take_solved(self, what: Command | Pointer) -> str | None:
        if what is Command.PAUSE:
            return "pause"
        if self._solved_s < SOLVED_MENU_S:
            return None
        return self._after.pointer(what) if isinstance(what, Pointer) else self._after.command(what)

    def _take_pointer(self, pointer: Pointer) -> str | None:
        if pointer.touch is Touch.DOWN:
            self._by_keys = False
            cell = self._view.cell_at(pointer.at)
            if cell is not None and self.board.begin(cell):
                self._sounds.note(0)
        elif self.board.drawing is not None and not self._by_keys:
            if pointer.touch is Touch.UP or not pointer.held:
                self.board.end()
            elif (cell := self._view.cell_at(pointer.at, clamp=True)) is not None:
                self._go(cell)
        return self._side.pointer(pointer)

    def _steer(self, x: int, y: int) -> None:
        size = self.board.level.size
        wanted = min(max(self._cursor[0] + x, 0), size - 1), min(max(self._cursor[1] + y, 0), size - 1)
        if self.board.drawing is None:
            self._cursor = wanted
        else:
            self._go(wanted)
            self._cursor = self.board.head or self._cursor
            if self.board.joined(self.board.drawing):
                self.board.end()

    def _toggle(self) -> None:
        if self.board.drawing is not None:
            self.board.end()
        elif self.board.begin(self._cursor):
            self._cursor = self.board.head or self._cursor
            self._sounds.note(0)

    def _go(self, cell: tuple[int, int]) -> None:
        outcome = self.board.move(cell)
        colour = self.board.drawing
        if outcome is Step.JOINED:
            self._sounds.play("joined")
        elif outcome is Step.CUT:
            self._sounds.play("cut")
        elif outcome is Step.SHRANK:
            self._sounds.play("back", 0.6)
        elif outcome is Step.GREW and colour is not None:
            self._sounds.note(len(self.board.paths[colour]) - 1)

    def _answer(self, name: str | None) -> str | None:
        """Do what a button of the board says, and hand the others on."""
        done = {"undo": self.board.undo, "clear": self.board.clear, "hint": self._hint}.get(name or "")
        if done is None:
            return name
        if done():
            self._sounds.play("hint" if name == "hint" else "back")
        return None

    def _hint(self) -> bool:
        return self.board.hint() is not None

    def draw(self, target: pygame.Surface, *, moving: bool) -> None:
        """Draw the level; what moves of itself stands still unless ``moving``."""
        cursor = self._cursor if self._by_keys and self._solved_s == 0 else None
        if moving:
            self._view.step(1 / 60)
        self._view.draw(target, cursor, self._solved_s)
        self._draw_facts(target)
        if self._solved_s == 0:
            self._side.draw(target, focused=False)
        else:
            self._draw_solved(target)

    def _draw_facts(self, target: pygame.Surface) -> None:
        pond, number = self.key
        board, x = self.board, 158
        paint.put(target, paint.text(PONDS[pond].name, 40, paint.MIST, 2), (x, 190))
        paint.put(target, paint.text(f"{number + 1}", 120, paint.PALE), (x, 266))
        paint.put(target, paint.text(f"of {LEVELS_PER_POND}", 28, paint.MIST, 1), (x, 330))
        share = board.lit / board.level.size**2
        self._draw_ring(target, (x, 456), share)
        paint.put(target, paint.text(f"{round(share * 100)}%", 44, paint.PALE), (x, 456))
        told = "join every pair, and cover every tile"
        if board.all_joined and share < 1:
            told = "some tiles are still dark"
        for row, words in enumerate(told.split(", ")):
            paint.put(target, paint.text(words, 25, paint.MIST), (x, 560 + row * 28))

    @staticmethod
    def _draw_ring(target: pygame.Surface, at: tuple[int, int], share: float) -> None:
        dots = 36
        for dot in range(dots):
            angle = dot / dots * math.tau - math.pi / 2
            place = at[0] + 66 * math.cos(angle), at[1] + 66 * math.sin(angle)
            lit = dot < round(share * dots)
            if lit:
                paint.add_glow(target, place, paint.glow(10, paint.MOON, 0.6))
            pygame.draw.aacircle(target, paint.MOON if lit else (44, 84, 96), place, 3)

    def _draw_solved(self, target: pygame.Surface) -> None:
        words = ("PERFECT",) if self.board.perfect else ("THE POND", "GLOWS")
        for row, line in enumerate(words):
            paint.put(target, paint.headline(line, 46, 4), (1113, 232 + (row - len(words) / 2) * 48))
        told = f"{self.board.strokes} strokes, {len(self.board.level.pairs)} pairs"
        paint.put(target, paint.text(told, 27, paint.MIST, 1), (1113, 292))
        if self._solved_s >= SOLVED_MENU_S:
            self._after.draw(target)
