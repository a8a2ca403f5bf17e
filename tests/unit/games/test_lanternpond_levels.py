from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from games.lanternpond.pond.board import Board, Step
from games.lanternpond.pond.levels import LEVELS_PER_POND, PONDS, Cell, Level, level, neighbours

LINE = Level(0, 0, 3, (((0, 0), (1, 0), (2, 0)), ((0, 1), (1, 1), (2, 1)), ((0, 2), (1, 2), (2, 2))))
PAIRS = (((1, 1), (3, 1)), ((3, 3), (0, 4)), ((1, 3), (2, 1)), ((3, 0), (3, 4)))
"""Of the first level: saved progress speaks of levels by number, so they may never change."""

keys = st.tuples(st.integers(0, len(PONDS) - 1), st.integers(0, LEVELS_PER_POND - 1))


def draw(board: Board, *cells: Cell) -> Step:
    assert board.begin(cells[0])
    outcome = Step.NOTHING
    for cell in cells[1:]:
        outcome = board.move(cell)
    board.end()
    return outcome


def drawn(board: Board) -> list[Cell]:
    return list(board.paths[0])


@pytest.mark.parametrize("pond", range(len(PONDS)), ids=lambda pond: PONDS[pond].name)
def test_every_level_is_solved_by_drawing_its_solution(pond: int) -> None:
    seen = set()
    for number in range(LEVELS_PER_POND):
        made = level(pond, number)
        cells = [cell for path in made.solution for cell in path]
        assert sorted(cells) == [(column, row) for column in range(made.size) for row in range(made.size)]
        assert all(b in neighbours(a, made.size) for path in made.solution for a, b in pairwise(path))
        assert min(map(len, made.solution)) >= 3
        board = Board(made)
        for path in made.solution:
            assert not board.solved
            assert draw(board, *path) is Step.JOINED
        assert board.solved
        assert board.perfect
        seen.add(made.pairs)
    assert len(seen) == LEVELS_PER_POND


def test_levels_are_the_same_everywhere() -> None:
    level.cache_clear()
    assert level(0, 0).pairs == PAIRS


def test_a_stroke_grows_goes_back_and_stops_at_its_lantern() -> None:
    board = Board(LINE)
    assert board.begin((0, 0))
    assert board.move((1, 0)) is Step.GREW
    assert board.move((0, 0)) is Step.SHRANK
    assert board.move((2, 0)) is Step.JOINED
    assert board.move((2, 1)) is Step.NOTHING
    assert board.head == (2, 0)
    assert board.end()
    assert board.joined(0)
    assert not board.begin((1, 1))


def test_a_stroke_cuts_others_but_never_passes_their_lanterns() -> None:
    board = Board(LINE)
    draw(board, (0, 1), (2, 1))
    assert draw(board, (0, 0), (1, 0), (1, 1)) is Step.CUT
    assert board.paths[1] == ()
    assert board.begin((0, 0))
    assert board.move((0, 1)) is Step.NOTHING
    assert not board.end() or board.paths[0] == ()


def test_paths_are_taken_up_in_the_middle_and_begun_anew_at_lanterns() -> None:
    board = Board(LINE)
    draw(board, (0, 0), (2, 0))
    draw(board, (1, 0), (1, 1))
    assert drawn(board) == [(0, 0), (1, 0), (1, 1)]
    assert board.begin((2, 0))
    assert drawn(board) == [(2, 0)]
    board.end()
    assert drawn(board) == []


def test_undo_takes_strokes_clearing_and_hints_back() -> None:
    board = Board(LINE)
    assert not board.undo()
    assert not board.clear()
    draw(board, (0, 0), (2, 0))
    draw(board, (0, 1), (1, 1))
    drawn = board.paths
    assert board.hint() == 1
    assert board.joined(1)
    assert board.clear()
    assert board.lit == 0
    assert board.undo()
    assert board.undo()
    assert (board.paths, board.strokes) == (drawn, 2)
    assert board.undo()
    assert board.undo()
    assert (board.lit, board.strokes) == (0, 0)


@given(keys, st.data())
@settings(max_examples=60, deadline=None)
def test_whatever_is_drawn_paths_stay_whole_and_hints_lead_home(key: tuple[int, int], data: st.DataObject) -> None:
    board = Board(level(*key))
    cell = st.tuples(st.integers(0, board.level.size - 1), st.integers(0, board.level.size - 1))
    for action in data.draw(st.lists(st.sampled_from(["begin", "move", "move", "move", "end", "undo"]), max_size=40)):
        if action == "begin":
            board.begin(data.draw(cell))
        elif action == "move":
            board.move(data.draw(cell))
        else:
            board.end() if action == "end" else board.undo()
        covered = [cell for path in board.paths for cell in path]
        assert len(covered) == len(set(covered))
        for colour, path in enumerate(board.paths):
            assert all(b in neighbours(a, board.level.size) for a, b in pairwise(path))
            assert not path or path[0] in board.level.pairs[colour]
            assert all(board.lantern_at(cell) in (None, colour) for cell in path)
    hints = 0
    while board.hint() is not None:
        hints += 1
        assert hints <= len(board.level.pairs)
    assert board.solved
    assert board.perfect is (hints == 0 and board.strokes <= len(board.level.pairs))
