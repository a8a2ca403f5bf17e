"""Does a picture show what it never showed? Told from grids that stand still, move by themselves, and answer."""

from __future__ import annotations

import numpy as np
import pytest

from render_node.conformance.motion import COLUMNS, ROWS, Watch, grid, is_blank
from tests.support.grids import lit, still


def test_a_grid_is_the_mean_of_each_cell() -> None:
    picture = np.zeros((720, 1280, 4), np.uint8)
    picture[20:40, 40:60] = (10, 20, 30, 255)
    cells = grid(picture.data.cast("B"), 1280, 720)
    assert cells.shape == (ROWS, COLUMNS, 3)
    assert cells[1, 2].tolist() == [10, 20, 30]
    assert cells.sum() == 60
    assert not is_blank(cells)
    assert is_blank(still())


@pytest.mark.parametrize("size", [(16, 16), (63, 35), (65, 37), (1919, 1079)])
def test_pictures_of_any_size_have_grids(size: tuple[int, int]) -> None:
    width, height = size
    cells = grid(memoryview(bytes([7]) * (width * height * 4)), width, height)
    assert cells.min() == cells.max() == 7


def test_a_block_that_moves_on_a_still_picture_is_an_answer() -> None:
    watch = Watch(1.0, [still(), still()], [still()])
    watch.under_input.append(still(42.0))
    assert not watch.left_range(1.0)
    watch.under_input.append(lit((3, 3), (3, 4)))
    assert watch.left_range(1.0)


def test_a_picture_that_moves_by_itself_must_change_more_than_that() -> None:
    moving = [lit((0, column)) for column in range(20)]
    watch = Watch(1.0, moving[:10], moving[10:])
    watch.under_input = [lit((1, column)) for column in range(20)]
    assert not watch.left_range(1.0)
    watch.under_input.append(still(99.0))
    assert watch.left_range(1.0)
    assert not watch.left_range(1000.0), "in so long a time it would move as far by itself"
