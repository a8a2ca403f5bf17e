"""Does a picture answer to input? Pure. Pictures are compared as grids of mean colours.

A title may move by itself, so it is first watched without input for two stretches. What a cell showed in them is its
usual range. Cells that leave it under input, beyond what left the first stretch's range in the second one by itself,
are an answer. A picture that moves everywhere hides answers of that kind; there, cells that change with every single
press and never between two moments without one are an answer as well.
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
CHANGE = 10.0
"""Levels by which a cell differs that changed at a press."""
CELLS_MIN = 2
UNREST_FACTOR = 2.0
"""How many times more cells must leave their range than do by themselves in the same time."""
PRESSES_MIN = 8
"""Presses after which one cell that changed with each, and in no pause between them, is no coincidence."""


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
    pressed: list[tuple[Grid, Grid]] = field(default_factory=list)
    """Before and after each press."""
    paused: list[tuple[Grid, Grid]] = field(default_factory=list)
    """Two moments as far apart, without a press between them."""

    def left_range(self, input_s: float) -> bool:
        """Tell whether the picture answered to so many seconds of input by what it never showed before."""
        unrest = _outside(self.first, self.second) * max(input_s / self.still_s, 1.0)
        return _outside([*self.first, *self.second], self.under_input) >= CELLS_MIN + UNREST_FACTOR * unrest

    def follows_presses(self) -> bool:
        """Tell whether some cell changed with every press and never without one."""
        if min(len(self.pressed), len(self.paused)) < PRESSES_MIN:
            return False
        with_press = np.all([_changed(before, after) for before, after in self.pressed], axis=0)
        without = np.any([_changed(before, after) for before, after in self.paused], axis=0)
        return bool((with_press & ~without).any())


def _outside(usual: list[Grid], grids: list[Grid]) -> int:
    """Return how many cells of some grids left the range of others."""
    if not usual or not grids:
        return 0
    lowest, highest = np.min(usual, axis=0) - RANGE_MARGIN, np.max(usual, axis=0) + RANGE_MARGIN
    stack = np.asarray(grids)
    return int(((stack < lowest) | (stack > highest)).any(axis=(0, 3)).sum())


def _changed(before: Grid, after: Grid) -> NDArray[np.bool_]:
    return np.asarray(np.abs(after - before).max(axis=2) >= CHANGE)
