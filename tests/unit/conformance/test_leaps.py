"""At which moment did a picture change? Told from series that leap, move, fade and stand still."""

from __future__ import annotations

import numpy as np
import pytest

from render_node.conformance.leaps import MOMENTS, PICTURES, SPACING, picture_at, stands_out_at
from render_node.conformance.motion import Grid
from tests.support.grids import lit, still

BLOCK = [(row, column) for row in (10, 11) for column in range(20, 26)]


def series(moment: int, late: int, *, base: str = "still") -> list[Grid]:
    """Return pictures in which a block is lit some pictures after a moment."""
    chance = np.random.default_rng(7)
    phase = chance.uniform(0, 2 * np.pi, still().shape[:2])
    pictures = []
    for number in range(PICTURES):
        wave = 15 * np.sin(number / 2 + phase) if base == "water" else 0 * phase
        shown = still() + wave[:, :, None].astype(np.float32)
        pictures.append(lit(*BLOCK, base=shown) if number > picture_at(moment) + late else shown)
    return pictures


@pytest.mark.parametrize("base", ["still", "water"])
@pytest.mark.parametrize("late", [0, SPACING - 1])
@pytest.mark.parametrize("moment", [0, 7, MOMENTS - 1])
def test_what_leaps_is_found_at_its_moment_however_soon(moment: int, late: int, base: str) -> None:
    assert stands_out_at(series(moment, late, base=base)) == moment


def test_a_fade_counts_from_where_it_begins() -> None:
    pictures = [
        lit(*BLOCK, level=40.0 + min(max(number - picture_at(5), 0) * 8.0, 200.0)) for number in range(PICTURES)
    ]
    assert stands_out_at(pictures) == 5


def test_what_comes_of_a_change_may_be_more() -> None:
    far = [(row, column) for row in range(20, 30) for column in range(60)]
    pictures = [
        lit(*(BLOCK if number > picture_at(4) else ()), *(far if number > picture_at(7) else ()))
        for number in range(PICTURES)
    ]
    assert stands_out_at(pictures) == 4


def test_what_stands_still_or_changes_all_the_time_leaps_nowhere() -> None:
    assert stands_out_at([still()] * PICTURES) is None
    assert stands_out_at([lit(*BLOCK) if number % 2 else still() for number in range(PICTURES)]) is None


def test_a_series_that_broke_off_leaps_nowhere() -> None:
    assert stands_out_at(series(3, 1)[:-1]) is None
