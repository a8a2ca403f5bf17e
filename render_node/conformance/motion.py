"""Does a picture show under input what it never showed without? Pure. Pictures are compared as grids of mean colours.

A title may move by itself, so it is first watched without input for two stretches. What a cell showed in them is its
usual range. Cells that leave it under input, beyond what left the first stretch's range in the second one by itself,
hint at an answer. They are no more than a hint, since a title may also change at that moment by itself, and a picture
that moves everywhere hides answers.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

ROWS, COLUMNS = 36, 64
"""Cells of 20 by 20 pixels at 1280x720."""
Grid: TypeAlias = NDArray[np.float32]
"""``(ROWS, COLUMNS, 3)``, mean blue, green and red from 0 to 255."""

RANGE_MARGIN = 5.0
"""Levels that a cell may leave its range by; less is rounding and fades."""
CELLS_MIN = 2
UNREST_FACTOR = 2.0
"""How many times more cells must leave their range than do by themselves in the same time."""


def grid(pixels: memoryview, width: int, height: int) -> Grid:
    """Return the mean colours of a BGRX picture of at least 16x16 pixels."""
    picture = np.frombuffer(pixels, np.uint8).reshape(height, width, 4)[:, :, :3]
    rows = np.linspace(0, height, min(ROWS, height), endpoint=False).astype(np.intp)
    columns = np.linspace(0, width, min(COLUMNS, width), endpoint=False).astype(np.intp)
    sums = np.add.reduceat(np.add.reduceat(picture, rows, axis=0, dtype=np.uint32), columns, axis=1)
    sizes = np.outer(np.diff(rows, append=height), np.diff(columns, append=width))
    means: Grid = (sums / sizes[:, :, None]).astype(np.float32)
    return means


def is_blank(cells: Grid) -> bool:
    """Tell whether a picture shows one colour only."""
    return bool(np.ptp(cells.reshape(-1, 3), axis=0).max() < 2.0)


@dataclass
class Watch:
    """Grids of a title; a list's are of one size.

    Attributes:
        still_s: Length of each stretch without input, in seconds.
    """

    still_s: float
    first: list[Grid] = field(default_factory=list)
    second: list[Grid] = field(default_factory=list)
    """Both without input."""
    under_input: list[Grid] = field(default_factory=list)

    def left_range(self, input_s: float) -> bool:
        """Tell whether the picture shows, after so many seconds of input, what it never showed before."""
        unrest = _outside(self.first, self.second) * max(input_s / self.still_s, 1.0)
        return _outside([*self.first, *self.second], self.under_input) >= CELLS_MIN + UNREST_FACTOR * unrest


def _outside(usual: list[Grid], grids: list[Grid]) -> int:
    """Return how many cells of some grids left the range of others."""
    if not usual or not grids:
        return 0
    lowest, highest = np.min(usual, axis=0) - RANGE_MARGIN, np.max(usual, axis=0) + RANGE_MARGIN
    stack = np.asarray(grids)
    return int(((stack < lowest) | (stack > highest)).any(axis=(0, 3)).sum())
