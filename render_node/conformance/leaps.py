"""Did a picture change at the moment at which something was done? Pure.

Something is done at one of many moments, drawn by lot, and a series of pictures is searched for the one that stands
out. In a picture that is calm at first that is where more is new than ever before; what comes of it may be more. A
restless picture is new all the time, so there the largest leap counts: a change that stays, after which no cell that
leapt looks as shortly before, by more than it moved before. What moves to and fro, as water does, hardly leaps.
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
LEAD, MOMENTS = 4, 20
"""Moments at the beginning at which nothing is done, and those of which one is drawn."""
CALM_CELLS = 20
"""Most cells that show something new from one moment to the next in a picture that is calm; more count as so many."""
LEAP_MAX = 4.0
"""How many times what a cell moved before its leap may count; or what blinks in the dark would outdo all else."""
PICTURES = BEFORE + SPACING * (LEAD + MOMENTS) + AFTER
"""In a series. Something that is not answered is done at the very moment that is found in one of 20 series."""


def picture_at(moment: int) -> int:
    """Return the last picture of a series before a moment from 0 on."""
    return BEFORE + SPACING * (LEAD + moment)


def stands_out_at(series: Sequence[Grid]) -> int | None:
    """Return the moment at which a picture changed most by the measure of the others, if it did.

    Args:
        series: As many pictures as a series has, of one size, equally far apart; fewer have no such moment.
    """
    if len(series) < PICTURES:
        return None
    pictures = np.asarray(series)
    moments = range(-LEAD, MOMENTS)
    new = np.asarray([_new(pictures, picture_at(moment)) for moment in moments])
    if new[:LEAD].max() <= CALM_CELLS:
        change = new
        outstanding = new[LEAD:].clip(0, CALM_CELLS) / (CELLS_MIN + np.maximum.accumulate(new)[LEAD - 1 : -1])
    else:
        change = np.asarray([_leap(pictures, picture_at(moment)) for moment in moments])
        outstanding = change[LEAD:]
    most = int(np.argmax(outstanding))
    alone = np.count_nonzero(outstanding == outstanding[most]) == 1
    return most if alone and change[LEAD + most] >= CELLS_MIN else None


def _new(pictures: NDArray[np.float32], last: int) -> int:
    """Return how many cells show until the next moment what they never showed up to a picture."""
    before, after = pictures[: last + 1], pictures[last + 1 : last + 1 + SPACING]
    lowest, highest = before.min(axis=0) - RANGE_MARGIN, before.max(axis=0) + RANGE_MARGIN
    return int(((after < lowest) | (after > highest)).any(axis=(0, 3)).sum())


def _leap(pictures: NDArray[np.float32], last: int) -> float:
    """Return how much the cells leapt after a picture: a few by far, or many by a little."""
    before, after = pictures[last - BEFORE : last + 1], pictures[last + SPACING : last + SPACING + AFTER]
    lowest, highest = before.min(axis=0), before.max(axis=0)
    leaps = np.maximum(after.min(axis=0) - highest, lowest - after.max(axis=0)) / (highest - lowest + RANGE_MARGIN)
    return float((leaps.max(axis=2).clip(0, LEAP_MAX) ** 4).sum())
