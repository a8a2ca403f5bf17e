"""Where a title draws, in the pixel order that the host takes. For hosts; titles only see the frame."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray


class Canvas(Protocol):
    """A picture that a title draws."""

    def draw(self) -> None:
        """Let the title draw; the picture may still be under way when this returns."""

    def pixels(self) -> memoryview:
        """Return the picture as BGRX rows of ``width * 4`` bytes; borrowed until the next ``draw``."""


class ArrayCanvas:
    """A numpy picture. The title gets a view that turns BGRX into RGB, so nothing is converted."""

    def __init__(self, size: tuple[int, int], draw: Callable[[NDArray[np.uint8]], None]) -> None:
        width, height = size
        self._bgrx = np.zeros((height, width, 4), np.uint8)
        self._frame = self._bgrx[:, :, 2::-1]
        self._draw = draw

    def draw(self) -> None:
        """Let the title draw."""
        self._draw(self._frame)

    def pixels(self) -> memoryview:
        """Return the picture as BGRX rows of ``width * 4`` bytes; borrowed until the next ``draw``."""
        return self._bgrx.data.cast("B")
