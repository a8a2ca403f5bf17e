"""Does a picture answer? Told from grids of pictures that stand still, move by themselves, and answer."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import numpy as np
import pytest

from render_node.conformance.motion import (
    COLUMNS,
    ROWS,
    TURNS,
    Grid,
    Turn,
    Watch,
    follows_lots,
    grid,
    is_blank,
    stands_out,
)


def still(level: float = 40.0) -> Grid:
    return np.full((ROWS, COLUMNS, 3), level, np.float32)


def lit(*cells: tuple[int, int], level: float = 200.0, base: Grid | None = None) -> Grid:
    shown = still() if base is None else base.copy()
    for row, column in cells:
        shown[row, column] = level
    return shown


def noise(seed: int) -> Grid:
    return np.random.default_rng(seed).uniform(0, 255, (ROWS, COLUMNS, 3)).astype(np.float32)


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


def test_what_stands_out_is_much_more_than_what_came_before() -> None:
    quiet = [[still()], [lit((0, 0))], [still()], [lit((0, 1))], [still()]]
    assert stands_out([*quiet, [lit(*((1, column) for column in range(10)))]])
    assert not stands_out([*quiet, [lit((1, 1))]]), "as much as a window before"
    assert not stands_out([*quiet, [lit((0, 0), (0, 1))]]), "all of it was seen before"
    moving = [[lit(*((row, column) for column in range(10)))] for row in range(6)]
    assert not stands_out(moving)


Pictures = Callable[[int], tuple[Grid, Grid]]


def follows(press: Pictures, rest: Pictures, seed: int = 1) -> bool:
    """Play all turns in an order drawn by lot; each is called with its number."""
    turns: list[Turn] = []
    for number, pressed in enumerate(Random(seed).sample([True, False] * (TURNS // 2), TURNS)):
        assert not follows_lots(turns), "too early"
        turns.append((pressed, *(press if pressed else rest)(number)))
    return follows_lots(turns)


def between(before: float, after: float, among: Callable[[int], Grid]) -> Pictures:
    """Two cells that go from one level to another among others."""
    cells = ((5, 5), (5, 6))
    return lambda n: (lit(*cells, level=before, base=among(2 * n)), lit(*cells, level=after, base=among(2 * n + 1)))


@pytest.mark.parametrize("among", [noise, lambda number: still(3.0 * number)], ids=["noise", "drift"])
def test_what_turns_with_each_press_shows_in_a_picture_that_moves(among: Callable[[int], Grid]) -> None:
    dark, light, rest = between(200, 0, among), between(0, 200, among), between(0, 0, among)
    assert follows(light, rest)
    assert follows(light, dark), "what a rest takes back"
    assert follows(lambda number: (light, dark)[number % 2](number), rest), "a switch"
    assert not follows(rest, rest)
    assert not follows(light, light)


def test_what_is_lit_while_something_is_held_shows_in_noise() -> None:
    turns: list[Turn] = []
    level = 0.0
    for number, pressed in enumerate(Random(2).sample([True, False] * (TURNS // 2), TURNS)):
        turns.append((pressed, *between(level, 200.0 * pressed, noise)(number)))
        level = 200.0 * pressed
    assert follows_lots(turns)


def test_what_moves_on_with_each_press_is_seen_though_each_time_in_other_cells() -> None:
    def at(place: int, moved: int) -> tuple[Grid, Grid]:
        return lit(*_block(place)), lit(*_block(place + moved))

    place = 0

    def press(number: int) -> tuple[Grid, Grid]:
        nonlocal place
        place += 1
        return at(place - 1, 1)

    assert follows(press, lambda number: at(place, 0))
    assert not follows(lambda number: at(number % 15, 1), lambda number: at(number % 15, 1))


def _block(place: int) -> list[tuple[int, int]]:
    return [(row, place * 4 + column) for row in (10, 11) for column in (0, 1)]


def test_many_cells_that_answer_a_little_do() -> None:
    def turn(tilt: float) -> Pictures:
        slope = np.linspace(-tilt, tilt, COLUMNS, dtype=np.float32)[None, :, None]
        return lambda number: (noise(2 * number) / np.float32(8), noise(2 * number + 1) / np.float32(8) + slope)

    assert follows(turn(20.0), turn(-5.0))
    assert not follows(turn(20.0), turn(20.0))


def test_a_picture_that_moves_by_itself_passes_by_chance_in_one_of_a_thousand_checks() -> None:
    def drift(number: int) -> tuple[Grid, Grid]:
        return still(10.0 * number + number**2 / 9), still(10.0 * number + 12 + number**2 / 9)

    def blink(number: int) -> tuple[Grid, Grid]:
        return still(100.0 * (number % 3 == 0)), still(100.0 * (number % 3 == 1))

    def any_noise(number: int) -> tuple[Grid, Grid]:
        return noise(2 * number), noise(2 * number + 1)

    for by_itself in (drift, blink, any_noise, lambda _: (still(), still())):
        assert not any(follows(by_itself, by_itself, seed) for seed in range(3))
