"""Figures of 3x5 dots."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_ROWS = {
    "0": "75557", "1": "26227", "2": "71747", "3": "71317", "4": "55711",
    "5": "74717", "6": "74757", "7": "71122", "8": "75757", "9": "75717",
}  # fmt: skip
"""Five rows of a figure, three dots each, as octal digits."""


def board(text: str) -> NDArray[np.uint8]:
    """Return ``(5, 4 * figures - 1)`` dots, 255 where one is set."""
    dots = np.zeros((5, 4 * len(text)), np.uint8)
    for place, figure in enumerate(text):
        for row in range(5):
            for column in range(3):
                dots[row, 4 * place + column] = 255 * (int(_ROWS[figure][row]) >> (2 - column) & 1)
    return np.ascontiguousarray(dots[:, :-1])
