"""Does a picture go by lots? Told from turns of pictures that stand still, move by themselves, and answer."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import numpy as np
import pytest

from render_node.conformance.lots import BLOCK, BLOCKS_MAX, Turn, Verdict, draw_block, judge
from render_node.conformance.motion import COLUMNS, Grid
from tests.support.grids import lit, noise, still

Pictures = Callable[[int], tuple[Grid, Grid]]


def follows(press: Pictures, rest: Pictures, seed: int = 1) -> bool:
    """Play turns in an order drawn by lot until they tell; each is called with its number."""
    turns: list[Turn] = []
    lots, verdict = Random(seed), Verdict.UNSURE
    while verdict is Verdict.UNSURE:
        for made in draw_block(lots):
            turns.append(Turn(made, *(press if made else rest)(len(turns))))
        assert len(turns) <= BLOCK * BLOCKS_MAX
        verdict = judge(turns)
    return verdict is Verdict.FOLLOWS


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
    level = 0.0

    def turn(held: float) -> Pictures:
        def shown(number: int) -> tuple[Grid, Grid]:
            nonlocal level
            before, level = level, held
            return between(before, held, noise)(number)

        return shown

    assert follows(turn(200.0), turn(0.0), 2)


def test_what_moves_on_with_each_press_is_seen_though_each_time_in_other_cells() -> None:
    def at(place: int, moved: int) -> tuple[Grid, Grid]:
        return lit(*_block(place % 15)), lit(*_block((place + moved) % 15))

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


def test_what_goes_there_and_back_shows_in_noise() -> None:
    way = 1

    def press(number: int) -> tuple[Grid, Grid]:
        nonlocal way
        way = -way
        return between(100.0, 100.0 - 60.0 * way, noise)(number)

    assert follows(press, between(100.0, 100.0, noise))


def test_a_start_screen_that_the_first_press_leaves_hides_nothing_of_the_game() -> None:
    begun = False

    def press(number: int) -> tuple[Grid, Grid]:
        nonlocal begun
        shown = between(0, 120, noise)(number) if begun else (still(), noise(number))
        begun = True
        return shown

    def rest(number: int) -> tuple[Grid, Grid]:
        return between(0, 0, noise)(number) if begun else (still(), still())

    assert follows(press, rest)


def test_a_picture_that_never_changes_is_given_up_after_a_block() -> None:
    turns = [Turn(made, still(), still()) for made in draw_block(Random(1))]
    assert judge(turns) is Verdict.STILL


def test_half_of_each_block_is_drawn() -> None:
    lots = Random(1)
    blocks = [draw_block(lots) for _ in range(20)]
    assert all(sum(block) == BLOCK // 2 for block in blocks)
    assert len({tuple(block) for block in blocks}) > 1
