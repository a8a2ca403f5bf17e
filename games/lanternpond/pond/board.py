"""One level being played: paths that are drawn, cut, undone. Pure.

A stroke begins at a lantern or on a path and goes from tile to tile. Where it crosses another colour's path, that
path is cut back to where it was crossed. Each stroke that changes anything can be undone.
"""

from __future__ import annotations

from enum import Enum
from typing import TypeAlias

from .levels import Cell, Level, neighbours

Paths: TypeAlias = tuple[tuple[Cell, ...], ...]
UNDO_MAX = 200


class Step(Enum):
    """What a movement came to."""

    NOTHING = "nothing"
    GREW = "grew"
    SHRANK = "shrank"
    CUT = "cut"
    """It grew, and cut another path."""
    JOINED = "joined"
    """It grew and reached its other lantern."""


class Board:
    """Owns the paths; colour n joins the lanterns of ``level.pairs[n]``."""

    def __init__(self, level: Level) -> None:
        self.level = level
        self._paths: list[list[Cell]] = [[] for _ in level.pairs]
        self._undo: list[tuple[Paths, int]] = []
        self._lantern = {cell: colour for colour, pair in enumerate(level.pairs) for cell in pair}
        self.drawing: int | None = None
        """The colour of the stroke that goes on."""
        self.strokes = 0
        """Strokes so far that changed anything; undoing takes them back."""
        self._before: Paths = self.paths
        self.hinted = False

    @property
    def paths(self) -> Paths:
        """The path of each colour from where it was begun; empty if there is none."""
        return tuple(tuple(path) for path in self._paths)

    @property
    def lit(self) -> int:
        """Tiles that a path covers."""
        return sum(len(path) for path in self._paths)

    @property
    def solved(self) -> bool:
        """Whether all lanterns are joined and every tile is covered."""
        return all(map(self.joined, range(len(self._paths)))) and self.lit == self.level.size**2

    @property
    def all_joined(self) -> bool:
        """Whether all lanterns are joined, tiles or not."""
        return all(map(self.joined, range(len(self._paths))))

    @property
    def perfect(self) -> bool:
        """Whether it was solved with one stroke per colour and without a hint."""
        return self.solved and not self.hinted and self.strokes <= len(self._paths)

    @property
    def head(self) -> Cell | None:
        """Where the stroke is."""
        return self._paths[self.drawing][-1] if self.drawing is not None else None

    def lantern_at(self, cell: Cell) -> int | None:
        """The colour of the lantern on a tile."""
        return self._lantern.get(cell)

    def joined(self, colour: int) -> bool:
        """Whether a colour's lanterns are joined."""
        path = self._paths[colour]
        return len(path) > 1 and {path[0], path[-1]} == set(self.level.pairs[colour])

    def colour_at(self, cell: Cell) -> int | None:
        """The colour of the path over a tile."""
        return next((colour for colour, path in enumerate(self._paths) if cell in path), None)

    def begin(self, cell: Cell) -> bool:
        """Begin a stroke at a tile; return False if nothing lies there."""
        self.end()
        self._before = self.paths
        colour = self.lantern_at(cell)
        if colour is not None:
            path = self._paths[colour]
            if not (path and path[-1] == cell and not self.joined(colour)):
                self._paths[colour] = [cell]
        else:
            colour = self.colour_at(cell)
            if colour is None:
                return False
            path = self._paths[colour]
            del path[path.index(cell) + 1 :]
        self.drawing = colour
        return True

    def move(self, cell: Cell) -> Step:
        """Go on to a tile, by tiles beside each other if it is farther away."""
        outcome = Step.NOTHING
        for _ in range(2 * self.level.size):
            if self.drawing is None or self.head == cell:
                break
            step = self._step(self._towards(cell))
            if step is Step.NOTHING:
                break
            outcome = step
        return outcome

    def end(self) -> bool:
        """End the stroke; return whether it changed anything."""
        self.drawing = None
        for colour, path in enumerate(self._paths):
            if len(path) == 1:
                self._paths[colour] = []
        changed = self.paths != self._before
        if changed:
            self._remember()
            self.strokes += 1
        self._before = self.paths
        return changed

    def undo(self) -> bool:
        """Take the last stroke back; return False if there is none."""
        self.end()
        if not self._undo:
            return False
        paths, self.strokes = self._undo.pop()
        self._paths = [list(path) for path in paths]
        self._before = self.paths
        return True

    def clear(self) -> bool:
        """Begin anew; can be undone. Return False if nothing was drawn."""
        return self._replace([[] for _ in self._paths])

    def hint(self) -> int | None:
        """Draw one colour as in the solution and return it; None if all are so already."""
        self.end()
        for colour, wanted in enumerate(self.level.solution):
            path = tuple(self._paths[colour])
            if path not in (wanted, wanted[::-1]):
                paths = [self._without(other, set(wanted)) for other in range(len(self._paths))]
                paths[colour] = list(wanted)
                self._replace(paths)
                self.hinted = True
                return colour
        return None

    def _replace(self, paths: list[list[Cell]]) -> bool:
        self.end()
        self._paths = paths
        return self.end()

    def _without(self, colour: int, cells: set[Cell]) -> list[Cell]:
        """A path up to where it meets one of the tiles."""
        path = self._paths[colour]
        keep = next((index for index, cell in enumerate(path) if cell in cells), len(path))
        return path[:keep] if keep > 1 else []

    def _remember(self) -> None:
        self._undo.append((self._before, self.strokes))
        del self._undo[:-UNDO_MAX]

    def _towards(self, cell: Cell) -> Cell:
        """The tile beside the head that is nearest to another: by the longer way, unless only the other is open."""
        head = self.head
        assert head is not None
        across, down = cell[0] - head[0], cell[1] - head[1]
        choices = []
        if across:
            choices.append((abs(across), (head[0] + (1 if across > 0 else -1), head[1])))
        if down:
            choices.append((abs(down), (head[0], head[1] + (1 if down > 0 else -1))))
        choices.sort(reverse=True)
        return next((beside for _, beside in choices if self._is_open(beside)), choices[0][1])

    def _is_open(self, cell: Cell) -> bool:
        return self._lantern.get(cell, self.drawing) == self.drawing

    def _step(self, cell: Cell) -> Step:
        colour = self.drawing
        if colour is None or cell not in neighbours(self._paths[colour][-1], self.level.size):
            return Step.NOTHING
        path = self._paths[colour]
        if cell in path:
            del path[path.index(cell) + 1 :]
            return Step.SHRANK
        if not self._is_open(cell) or self.joined(colour):
            return Step.NOTHING
        crossed = self.colour_at(cell)
        if crossed is not None:
            self._paths[crossed] = self._without(crossed, {cell})
        path.append(cell)
        if self.joined(colour):
            return Step.JOINED
        return Step.GREW if crossed is None else Step.CUT
