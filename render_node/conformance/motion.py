"""Does a picture answer to input? Pure. Pictures are compared as grids of mean colours.

A title may move by itself, so it is first watched without input for two stretches. What a cell showed in them is its
usual range. Cells that leave it under input, beyond what left the first stretch's range in the second one by itself,
hint at an answer. But a title may also change at that moment by itself, and a picture that moves everywhere hides
answers. So a gesture is made or not in turns that were drawn by lot, and the picture must go by the lots: a
randomisation test (Fisher), which counts on nothing that a title does by itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

ROWS, COLUMNS = 36, 64
"""Cells of 20 by 20 pixels at 1280x720."""
Grid: TypeAlias = NDArray[np.float32]
"""``(ROWS, COLUMNS, 3)``, mean blue, green and red from 0 to 255."""
Turn: TypeAlias = tuple[bool, Grid, Grid]
"""Whether the gesture was made, and the pictures at the beginning and the end of the turn."""

RANGE_MARGIN = 5.0
"""Levels that a cell may leave its range by; less is rounding and fades."""
CELLS_MIN = 2
UNREST_FACTOR = 2.0
"""How many times more cells must leave their range than do by themselves in the same time."""
TURNS = 24
"""In half of them the gesture is made."""
OTHER_LOTS = 999
LUCK_MAX = 0.001
"""Share of lots by which a picture goes as much as by those that were drawn; chance has no smaller one more often."""
FADE = 2.0
"""Levels of a cell that are rounding and fades, and no answer."""


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


def stands_out(windows: Sequence[list[Grid]]) -> bool:
    """Tell whether the last of some equally long windows shows much more that is new than those shortly before it.

    What a window shows counts as new if no window before it has shown it; the first half only tells what is usual.
    """
    seen: list[Grid] = []
    new: list[int] = []
    for grids in windows:
        new.append(_outside(seen, grids))
        seen += grids
    return new[-1] >= CELLS_MIN + UNREST_FACTOR * max(new[len(new) // 2 : -1])


def follows_lots(turns: Sequence[Turn]) -> bool:
    """Tell whether the picture went by the lots, once all turns are over."""
    if len(turns) < TURNS:
        return False
    steps = np.asarray([end - start for _, start, end in turns])
    if (steps.std(axis=0).max(axis=2) > FADE).sum() < CELLS_MIN:
        return False
    drawn = np.asarray([made for made, _, _ in turns])
    lots = np.random.default_rng(0).permuted(np.tile(drawn, (OTHER_LOTS, 1)), axis=1)
    fits = _fits(steps, np.vstack([drawn, lots]))
    return bool(np.mean(fits >= fits[0]) <= LUCK_MAX)


def _outside(usual: list[Grid], grids: list[Grid]) -> int:
    """Return how many cells of some grids left the range of others."""
    if not usual or not grids:
        return 0
    lowest, highest = np.min(usual, axis=0) - RANGE_MARGIN, np.max(usual, axis=0) + RANGE_MARGIN
    stack = np.asarray(grids)
    return int(((stack < lowest) | (stack > highest)).any(axis=(0, 3)).sum())


def _fits(steps: NDArray[np.float32], lots: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Return for each row of ``lots`` how well the cells go by it: a few by far, or many by a little.

    How much brighter a cell becomes may go by the lots, or by the turns at which they differ from the one before, as
    with what is lit while something is held; how much it changes may go by the lots as well, and so may how many
    cells change, where something moves and leaves other cells each time. Of each correlation t to the fourth is
    summed up.
    """
    changes = np.abs(steps).max(axis=3)
    brighter, change = _standard(steps.mean(axis=3)), _standard(changes)
    extent = _standard((changes > RANGE_MARGIN).sum(axis=(1, 2)).astype(np.float32))
    signs = np.where(lots, 1, -1).astype(np.float32)
    edges = np.diff(signs, axis=1, prepend=np.float32(-1))
    edges -= edges.mean(axis=1, keepdims=True)
    edges /= edges.std(axis=1, keepdims=True)
    total = np.zeros(len(lots), np.float32)
    for each, seen in ((signs, brighter), (edges, brighter), (signs, change), (signs, extent)):
        squares = (each @ seen / len(steps)) ** 2
        total += np.sum((squares / (1 - squares)) ** 2, axis=1)
    return total


def _standard(seen: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return each cell's values over the turns with mean 0 and variance 1, less where they hardly vary."""
    flat = seen.reshape(len(seen), -1)
    centred = flat - flat.mean(axis=0)
    standard: NDArray[np.float32] = centred / np.sqrt(np.mean(centred**2, axis=0) + FADE**2)
    return standard
