"""Reads the test card's machine-readable cells out of a decoded picture."""

from __future__ import annotations

import functools
import operator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CELLS = 64


@dataclass(frozen=True)
class CardReading:
    """What the card says of itself; see ``games/testcard/testcard.py``."""

    frame: int
    flips: int
    keys: int
    taps: int
    pad_buttons: int
    axis: int
    mouse: tuple[int, int]
    tone: int
    block_is_white: bool


def read_card(luma: NDArray[np.uint8]) -> CardReading | None:
    """Return the card's fields, or None if a checksum does not hold.

    Args:
        luma: ``(height, width)``, limited or full range.
    """
    picture, inputs = _row(luma, 1), _row(luma, 2)
    if picture is None or inputs is None:
        return None
    height, width = luma.shape
    return CardReading(
        frame=int.from_bytes(picture[:4], "big"),
        flips=int.from_bytes(picture[4:7], "big"),
        keys=inputs[0],
        taps=inputs[1],
        pad_buttons=inputs[2],
        axis=inputs[3],
        mouse=(inputs[4], inputs[5]),
        tone=inputs[6],
        block_is_white=bool(luma[round(height * 0.09), round(width * 0.05)] > 128),
    )


def _row(luma: NDArray[np.uint8], row: int) -> bytes | None:
    height, width = luma.shape
    cell = width // CELLS
    samples = luma[height - row * cell + cell // 2, cell // 2 : CELLS * cell : cell]
    values = np.packbits(samples > 128).tobytes()
    return values if functools.reduce(operator.xor, values) == 0 else None
