"""Small capitals and figures of 5x7 dots."""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

_COLUMNS = {
    "0": "3E5149453E", "1": "00427F4000", "2": "4261514946", "3": "2141454B31", "4": "1814127F10",
    "5": "2745454539", "6": "3C4A494930", "7": "0171090503", "8": "3649494936", "9": "064949291E",
    "A": "7E1111117E", "B": "7F49494936", "C": "3E41414122", "D": "7F4141221C", "E": "7F49494941",
    "F": "7F09090901", "G": "3E4149497A", "H": "7F0808087F", "I": "00417F4100", "L": "7F40404040",
    "M": "7F020C027F", "N": "7F0408107F", "O": "3E4141413E", "P": "7F09090906", "R": "7F09192946",
    "S": "4649494931", "T": "01017F0101", "U": "3F4040403F", "V": "1F2040201F", "X": "6314081463",
    " ": "0000000000",
}  # fmt: skip
"""Five columns of a glyph in hexadecimal, the lowest bit on top."""


@functools.lru_cache(maxsize=64)
def dots(text: str, scale: int) -> NDArray[np.bool_]:
    """Return ``(7 * scale, 6 * scale * len(text))`` dots that are set."""
    columns = [byte for letter in text for byte in (*bytes.fromhex(_COLUMNS[letter]), 0)]
    grid = np.array([[column >> row & 1 for column in columns] for row in range(7)], bool)
    return grid.repeat(scale, axis=0).repeat(scale, axis=1)


def write(frame: NDArray[np.uint8], text: str, x: int, y: int, colour: tuple[int, int, int], scale: int = 1) -> None:
    """Write with the upper left corner at ``x``, ``y``."""
    glyphs = dots(text, scale)
    height, width = glyphs.shape
    frame[y : y + height, x : x + width][glyphs] = colour


def width_of(text: str, scale: int) -> int:
    """Return how wide a text is, in pixels."""
    return 6 * scale * len(text) - scale
