"""Prismfall's rules: every level can be cleared, lives run out, and a kept table goes on as if nothing had been."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from farplay_sdk.machine import Machine
from games.prismfall.prism import rules
from games.prismfall.prism.game import Prismfall
from games.prismfall.prism.rules import What, Wish, tick
from games.prismfall.prism.table import COLUMNS, LIVES, Ball, Gem, Phase, Table, read_table


def follow(table: Table, aim: Random) -> Wish:
    """Return what somebody does who never misses and aims here and there."""
    lowest = max(table.balls, key=lambda ball: ball.y, default=None)
    return Wish(point_x=lowest.x + aim.uniform(-30, 30) if lowest else None, go=True)


def test_whoever_never_misses_clears_the_level() -> None:
    table, chance, aim = Table(), Random(1), Random(2)
    for _ in range(60 * 60 * 5):
        if any(one.what is What.CLEAR for one in tick(table, follow(table, aim), chance)):
            break
    assert (table.level, table.phase, table.lives >= LIVES) == (2, Phase.SERVE, True)
    assert table.score == table.best >= 10


def test_whoever_does_nothing_loses_a_life_a_ball_and_can_begin_again() -> None:
    table, chance, happened = Table(), Random(2), []
    for _ in range(60 * 60):
        happened += tick(table, Wish(push=-1.0, go=table.phase is Phase.SERVE), chance)
        if table.phase is Phase.OVER:
            break
    assert [one.what for one in happened if one.what in (What.LOST, What.OVER)] == [What.LOST] * 2 + [What.OVER]
    best = table.best
    tick(table, Wish(go=True), chance)
    assert (table.phase, table.lives, table.score, table.best) == (Phase.SERVE, LIVES, 0, best)


@pytest.mark.parametrize(("what", "balls", "wide", "lives"), [(0, 1, True, 3), (1, 2, False, 3), (2, 1, False, 4)])
def test_what_falls_helps(what: int, balls: int, wide: bool, lives: int) -> None:
    table = Table(phase=Phase.PLAY, balls=[Ball(100, 200, 1, -1)], gems=[Gem(320, 337, what)])
    table.bricks[0] = 1
    happened = tick(table, Wish(), Random(1))
    assert [one.what for one in happened] == [What.GEM]
    assert (len(table.balls), table.wide_ticks > 0, table.lives) == (balls, wide, lives)


@given(st.integers(1, 60), st.integers())
def test_a_wall_is_mirrored_and_never_empty(level: int, seed: int) -> None:
    wall = rules.new_wall(level, Random(seed))
    rows = [wall[start : start + COLUMNS] for start in range(0, len(wall), COLUMNS)]
    assert any(wall)
    assert all(row == row[::-1] for row in rows)


@settings(max_examples=20)
@given(st.lists(st.tuples(st.integers(4, 100), st.integers(0, 1)), max_size=40), st.integers(0, 500))
def test_a_kept_game_goes_on_as_if_nothing_had_been(keys: list[tuple[int, int]], before: int) -> None:
    machine, resumed = Machine(Prismfall, 4), Machine(Prismfall, 9)
    for _ in range(before):
        machine.update([(0, "key", 44, machine.tick % 2)])
    saved = machine.save()
    assert saved is not None
    resumed.load(saved)
    for key, down in keys:
        machine.update([(0, "key", key, down)])
        resumed.update([(0, "key", key, down)])
    assert machine.digest() == resumed.digest()


@pytest.mark.parametrize("state", [b"", b"{}", b"[]", b'{"version": 1}', b'{"version": 2, "bricks": []}'])
def test_no_other_state_is_taken(state: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_table(state)
