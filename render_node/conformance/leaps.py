"""Did a picture leap at the moment at which something was done? Pure.

A leap is a change that stays: cells that in none of the pictures afterwards look as in any shortly before, by more
than they moved before. What moves all the time, as water does, goes to and fro and hardly leaps. Something is done at
one of many moments, drawn by lot, and a series of pictures is searched for that of the largest leap.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from render_node.conformance.motion import CELLS_MIN, RANGE_MARGIN, Grid

PICTURES_PER_S = 20
BEFORE, SPACING, AFTER = 10, 5, 8
"""Pictures before a moment with which those after it are compared; pictures from a moment to the next, in which the
answer may take its time; and pictures after them."""
MOMENTS = 20
LEAP_MAX = 4.0
"""How many times what a cell moved before its leap may count; or what blinks in the dark would outdo all else."""
PICTURES = BEFORE + SPACING * MOMENTS + AFTER
"""In a series. Something that is not answered is done at the moment of the largest leap in one of 20 series."""


def picture_at(moment: int) -> int:
    """Return the last picture of a series before a moment from 0 on."""
    return BEFORE + SPACING * moment


def leapt_at(series: Sequence[Grid]) -> int | None:
    """Return the moment at which the cells leapt more than at any other, if there is one.

    Args:
        series: As many pictures as a series has, of one size, equally far apart; fewer have no such moment.
    """
    if len(series) < PICTURES:
        return None
    pictures = np.asarray(series)
    leaps = [_leap(pictures, picture_at(moment)) for moment in range(MOMENTS)]
    largest = int(np.argmax(leaps))
    alone = leaps.count(leaps[largest]) == 1
    return largest if alone and leaps[largest] >= CELLS_MIN else None


def _leap(pictures: NDArray[np.float32], last: int) -> float:
    """Return how much the cells leapt after a picture: a few by far, or many by a little."""
    before, after = pictures[last - BEFORE : last + 1], pictures[last + SPACING : last + SPACING + AFTER]
    lowest, highest = before.min(axis=0), before.max(axis=0)
    leaps = np.maximum(after.min(axis=0) - highest, lowest - after.max(axis=0)) / (highest - lowest + RANGE_MARGIN)
    return float((leaps.max(axis=2).clip(0, LEAP_MAX) ** 4).sum())
