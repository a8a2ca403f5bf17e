"""Does a picture go by lots? Pure.

A gesture is made or not in turns that are drawn by lot, half of each block. If the title takes no notice of it, the
picture would have been the same with any other lots: those that were drawn fit it best of all only by chance. That is
a randomisation test (Fisher), which counts on nothing that a title does by itself. Lots are exchanged within blocks
alone, and each block has its own mean, so that a start screen that the first press leaves hides nothing of the game
that follows it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from random import Random

import numpy as np
from numpy.typing import NDArray

from render_node.conformance.motion import CELLS_MIN, RANGE_MARGIN, Grid

BLOCK = 16
"""Turns after which the picture is judged; in half of them the gesture is made."""
BLOCKS_MAX = 4
OTHER_LOTS = 8000
"""Lots that must all fit the picture less than those that were drawn. A picture that does not answer passes by chance
at one of so many looks, so with a look after each block in one of two thousand trials."""
FIRST_LOTS = 400
HOPELESS = 0.4
"""With so large a share of the first lots fitting as well after two blocks there is nothing to wait for."""
FADE = 2.0
"""Levels of a cell that are rounding and fades, and no answer."""

Lots = NDArray[np.bool_]
"""``(rows, turns)``: in which turns the gesture is made."""


@dataclass(frozen=True, slots=True)
class Turn:
    """A turn, whether the gesture was made in it, and the pictures at its beginning and its end."""

    made: bool
    before: Grid
    after: Grid


class Verdict(Enum):
    """What a picture says after some blocks."""

    FOLLOWS = "follows"
    UNSURE = "unsure"
    """More turns may tell."""
    NOTHING = "nothing"
    STILL = "still"
    """Nothing has changed at all, whether the gesture was made or not."""


def draw_block(random: Random) -> list[bool]:
    """Draw in which turns of a block the gesture is made."""
    return random.sample([True, False] * (BLOCK // 2), BLOCK)


def judge(turns: Sequence[Turn]) -> Verdict:
    """Tell whether the picture went by the lots.

    Args:
        turns: All turns so far, of one or more whole blocks; grids are of one size.
    """
    steps = np.asarray([turn.after - turn.before for turn in turns])
    if (steps.std(axis=0).max(axis=2) > FADE).sum() < CELLS_MIN:
        return Verdict.STILL
    seen = _Seen.of(steps)
    drawn = np.asarray([[turn.made for turn in turns]])
    fit, chance = seen.fits(drawn)[0], np.random.default_rng(0)
    beaten_by = int((seen.fits(_exchanged(drawn, FIRST_LOTS, chance)) >= fit).sum())
    if beaten_by == 0:
        rest = range(FIRST_LOTS, OTHER_LOTS, FIRST_LOTS)
        if all((seen.fits(_exchanged(drawn, FIRST_LOTS, chance)) < fit).all() for _ in rest):
            return Verdict.FOLLOWS
    hopeless = len(turns) > BLOCK and beaten_by >= HOPELESS * FIRST_LOTS
    return Verdict.NOTHING if hopeless or len(turns) >= BLOCKS_MAX * BLOCK else Verdict.UNSURE


def _exchanged(drawn: Lots, count: int, chance: np.random.Generator) -> Lots:
    blocks = drawn.reshape(-1, BLOCK)
    return chance.permuted(np.tile(blocks, (count, 1, 1)), axis=2).reshape(count, -1)


@dataclass(frozen=True, slots=True)
class _Seen:
    """What the cells that vary did in each turn, with mean 0 in each block and variance 1, less for small changes."""

    brighter: NDArray[np.float32]
    """``(turns, cells)``, as the others: how much brighter a cell became."""
    change: NDArray[np.float32]
    extent: NDArray[np.float32]
    """How many cells changed; one column."""

    @classmethod
    def of(cls, steps: NDArray[np.float32]) -> _Seen:
        changes = np.abs(steps).max(axis=3)
        extent = (changes > RANGE_MARGIN).sum(axis=(1, 2)).astype(np.float32)
        return cls(_standard(steps.mean(axis=3)), _standard(changes), _standard(extent))

    def fits(self, lots: Lots) -> NDArray[np.float32]:
        """Return for each row of lots how well the cells go by it: a few by far, or many by a little.

        How much brighter a cell becomes may go by the lots; by the turns at which they differ from the one before, as
        with what is lit while something is held; or by whether the gesture went there or back. How much it changes
        may go by the lots as well, and so may how many cells change, where something moves and leaves other cells
        each time. Of each correlation t to the sixth is summed up.
        """
        made = lots.astype(np.float32)
        signs = 2 * made - 1
        edges = np.diff(signs, axis=1, prepend=np.float32(-1))
        ways = made * np.where(lots.cumsum(axis=1) % 2, 1, -1).astype(np.float32)
        total = np.zeros(len(lots), np.float32)
        pairs = (signs, self.brighter), (edges, self.brighter), (ways, self.brighter)
        for lot, seen in (*pairs, (signs, self.change), (signs, self.extent)):
            unit = lot / np.sqrt(np.sum(lot**2, axis=1, keepdims=True) * len(seen))
            squares = (unit @ seen) ** 2
            odds = squares / (1 - squares)
            total += np.einsum("ij,ij,ij->i", odds, odds, odds)
        return total


def _standard(seen: NDArray[np.float32]) -> NDArray[np.float32]:
    blocks = seen.reshape(-1, BLOCK, seen[0].size)
    centred = (blocks - blocks.mean(axis=1, keepdims=True)).reshape(len(seen), -1)
    variance = np.mean(centred**2, axis=0)
    varies = variance > (FADE / 2) ** 2
    standard: NDArray[np.float32] = centred[:, varies] / np.sqrt(variance[varies] + FADE**2)
    return standard
