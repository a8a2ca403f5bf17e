"""Letters as neon tubes: every glyph is a few strokes on a grid of 4 by 6. Capitals, digits and marks."""

from __future__ import annotations

from functools import cache

import pygame

from .neon import ADD, Colour, neon

_GLYPHS = {
    "A": "06 01 10 30 41 46|03 43",
    "B": "03 33 42 41 30 00 06 36 45 44 33",
    "C": "41 30 10 01 05 16 36 45",
    "D": "00 30 41 45 36 06 00",
    "E": "40 00 06 46|03 33",
    "F": "40 00 06|03 33",
    "G": "41 30 10 01 05 16 36 45 43 23",
    "H": "00 06|40 46|03 43",
    "I": "00 06",
    "J": "40 45 36 16 05",
    "K": "00 06|40 03 46",
    "L": "00 06 46",
    "M": "06 00 23 40 46",
    "N": "06 00 46 40",
    "O": "10 30 41 45 36 16 05 01 10",
    "P": "06 00 30 41 42 33 03",
    "Q": "10 30 41 45 36 16 05 01 10|34 46",
    "R": "06 00 30 41 42 33 03|23 46",
    "S": "41 30 10 01 02 13 33 44 45 36 16 05",
    "T": "00 40|20 26",
    "U": "00 05 16 36 45 40",
    "V": "00 26 40",
    "W": "00 16 22 36 40",
    "X": "00 46|40 06",
    "Y": "00 23 40|23 26",
    "Z": "00 40 06 46",
    "0": "10 30 41 45 36 16 05 01 10|23 24",
    "1": "01 10 16",
    "2": "01 10 30 41 42 06 46",
    "3": "01 10 30 41 42 33 44 45 36 16 05|13 33",
    "4": "36 30 04 44",
    "5": "40 00 03 33 44 45 36 06",
    "6": "41 30 10 01 05 16 36 45 44 33 03",
    "7": "00 40 16",
    "8": "13 02 01 10 30 41 42 33 13 04 05 16 36 45 44 33",
    "9": "43 13 02 01 10 30 41 45 36 16 05",
    "-": "03 33",
    "+": "03 43|21 25",
    ".": "06 06",
    ",": "15 06",
    ":": "02 02|05 05",
    "!": "00 04|06 06",
    "?": "01 10 30 41 42 23 24|26 26",
    "'": "00 01",
    "/": "40 06",
    "×": "02 35|32 05",
    "<": "20 03 26",
    ">": "00 23 06",
}
SPACE = 2.4
GAP = 1.7
"""Between glyphs; as ``SPACE``, in parts of the grid. Small letters stand further apart."""

NARROWER = 0.82
"""Width of a grid's cell to its height."""


def _gap(height: int) -> float:
    return GAP if height > 26 else GAP * 1.2 if height > 14 else GAP * 1.5


@cache
def _glyph(mark: str, height: int, colour: Colour) -> tuple[pygame.Surface, int]:
    """Return the sprite and the margin round it."""
    unit = height / 6
    text = _GLYPHS[mark]
    paths = [[(int(pair[0]), int(pair[1])) for pair in part.split()] for part in text.split("|")]
    across = max(x for path in paths for x, _ in path) * unit * NARROWER
    line = max(height / 11, 1.3)
    margin = round(height * 0.4 + 5)
    size = round(across) + 2 * margin, height + 2 * margin

    def place(x: int, y: int) -> tuple[float, float]:
        return (margin + x * unit * NARROWER) / size[0] * 2 - 1, (margin + y * unit) / size[1] * 2 - 1

    placed = [[place(x, y) for x, y in path] for path in paths]
    sprite = neon(
        size, placed, colour, width=line, glow_px=max(height // 9, 1), glow=0.8 if height > 14 else 0.45, fill=0.0
    )
    return sprite, margin


def text_width(text: str, height: int) -> int:
    """Return the width of a text in pixels."""
    unit = height / 6 * NARROWER
    widths = [advance(mark, height) for mark in text.upper()]
    return sum(widths) - round(_gap(height) * unit) if widths else 0


def advance(mark: str, height: int) -> int:
    """Return how far it is from one glyph to the next."""
    unit = height / 6 * NARROWER
    if mark not in _GLYPHS:
        return round(SPACE * unit)
    across = max(int(pair[0]) for part in _GLYPHS[mark].split("|") for pair in part.split())
    return round(across * unit + _gap(height) * unit)


def write(
    screen: pygame.Surface,
    text: str,
    place: tuple[float, float],
    height: int,
    colour: Colour,
    *,
    align: float = 0.0,
) -> None:
    """Add a text to the picture.

    Args:
        screen: What is drawn on.
        text: Is shown in capitals; marks that the font lacks become spaces.
        place: Its left top corner; with ``align`` 0.5 the top's middle, with 1 the right top corner.
        height: Of its capitals, in pixels.
        colour: Of the glow; the core is nearly white.
        align: Which part of the width ``place`` means.
    """
    text = text.upper()
    x, y = place[0] - text_width(text, height) * align, place[1]
    sprites = []
    for mark in text:
        if mark in _GLYPHS:
            sprite, margin = _glyph(mark, height, colour)
            sprites.append((sprite, (round(x) - margin, round(y) - margin)))
        x += advance(mark, height)
    screen.fblits(sprites, ADD)
