"""Pictures as checks of titles compare them: one colour, with some cells lit, and noise."""

from __future__ import annotations

import numpy as np

from render_node.conformance.motion import COLUMNS, ROWS, Grid


def still(level: float = 40.0) -> Grid:
    """Return a picture of one colour."""
    return np.full((ROWS, COLUMNS, 3), level, np.float32)


def lit(*cells: tuple[int, int], level: float = 200.0, base: Grid | None = None) -> Grid:
    """Return a picture with some cells of another level."""
    shown = still() if base is None else base.copy()
    for row, column in cells:
        shown[row, column] = level
    return shown


def noise(seed: int) -> Grid:
    """Return a picture of chance."""
    return np.random.default_rng(seed).uniform(0, 255, (ROWS, COLUMNS, 3)).astype(np.float32)
