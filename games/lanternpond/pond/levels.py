"""Levels made from their number: the same number is the same level everywhere. Pure.

A random path that visits every tile once is cut into pieces; the ends of each piece are a pair of lanterns. So every
level has a solution, which is kept with it. Of many paths and cuts, the one is taken whose pieces run beside
themselves the least, because those are the levels that can be reasoned about.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from typing import TypeAlias

Cell: TypeAlias = tuple[int, int]
"""Column and row."""

Path: TypeAlias = tuple[Cell, ...]

LEVELS_PER_POND = 24
PIECE_MIN, PIECE_MAX = 3, 15
"""Tiles of a piece."""
PATHS_TRIED = 10
NEIGHBOURING_ENDS = 3
"""Cost of lanterns that lie side by side: such a pair looks solved already."""


@dataclass(frozen=True, slots=True)
class Pond:
    """Levels of one size."""

    name: str
    size: int
    pairs: tuple[int, int]
    """Least and most pairs of lanterns, for its first and its last level."""


PONDS = (
    Pond("Puddle", 5, (4, 5)),
    Pond("Spring", 6, (5, 6)),
    Pond("Brook", 7, (6, 7)),
    Pond("Mere", 8, (7, 8)),
    Pond("Lake", 9, (8, 9)),
)


@dataclass(frozen=True, slots=True)
class Level:
    """A pond with lanterns."""

    pond: int
    number: int
    """From 0."""
    size: int
    solution: tuple[Path, ...]
    """One path per colour; together they visit every tile once."""

    @property
    def pairs(self) -> tuple[tuple[Cell, Cell], ...]:
        """Where the lanterns of each colour lie."""
        return tuple((path[0], path[-1]) for path in self.solution)


@cache
def level(pond: int, number: int) -> Level:
    """Return a level; ``pond`` is an index of ``PONDS`` and ``number`` counts from 0."""
    rules = PONDS[pond]
    rng = random.Random(f"lantern pond {pond} {number}")
    low, high = rules.pairs
    pieces = low + (high - low + 1) * number // LEVELS_PER_POND
    _, best = min(_cut(_wander(rules.size, rng), pieces) for _ in range(PATHS_TRIED))
    solution = list(best)
    rng.shuffle(solution)
    return Level(pond, number, rules.size, tuple(solution))


def neighbours(cell: Cell, size: int) -> Iterator[Cell]:
    """Yield the tiles beside a tile."""
    column, row = cell
    for beside in ((column + 1, row), (column - 1, row), (column, row + 1), (column, row - 1)):
        if 0 <= beside[0] < size and 0 <= beside[1] < size:
            yield beside


def _wander(size: int, rng: random.Random) -> list[Cell]:
    """Return a random path over all tiles: a snake whose ends bite back again and again."""
    path = [(column if row % 2 == 0 else size - 1 - column, row) for row in range(size) for column in range(size)]
    for _ in range(size * size * 6):
        if rng.random() < 0.5:
            path.reverse()
        bitten = rng.choice([cell for cell in neighbours(path[-1], size) if cell != path[-2]])
        index = path.index(bitten)
        path[index + 1 :] = path[:index:-1]
    return path


def _cut(path: list[Cell], pieces: int) -> tuple[int, tuple[Path, ...]]:
    """Return the cheapest way to cut a path into pieces, and its cost; by dynamic programming over its length."""
    costs = _piece_costs(path)
    total = len(path)
    best: list[dict[int, tuple[int, int]]] = [{0: (0, 0)}]
    for _ in range(pieces):
        reached: dict[int, tuple[int, int]] = {}
        for begin, (cost, _) in best[-1].items():
            for end in range(begin + PIECE_MIN, min(begin + PIECE_MAX, total) + 1):
                offer = (cost + costs[begin, end], begin)
                if end not in reached or offer < reached[end]:
                    reached[end] = offer
        best.append(reached)
    cuts, end = [total], total
    for reached in reversed(best[1:]):
        end = reached[end][1]
        cuts.append(end)
    cuts.reverse()
    return best[-1][total][0], tuple(tuple(path[a:b]) for a, b in pairwise(cuts))


def _piece_costs(path: list[Cell]) -> dict[tuple[int, int], int]:
    """Return the cost of each piece ``path[begin:end]``: how often it runs beside itself."""
    at = {cell: index for index, cell in enumerate(path)}
    size = max(row for _, row in path) + 1
    costs = {}
    for begin in range(len(path)):
        touching = 0
        for end in range(begin + 1, min(begin + PIECE_MAX, len(path)) + 1):
            newest = path[end - 1]
            beside = [at[cell] for cell in neighbours(newest, size)]
            touching += sum(begin <= index < end - 2 for index in beside)
            closed = end - begin > 2 and begin in beside
            costs[begin, end] = touching + NEIGHBOURING_ENDS * closed
    return costs
