"""The test card drawn outside a session: any frame of it, by number and counters, as the title would draw it.

Runs the title's own code under SDL's dummy driver, so nothing of its look is known here.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

# SDL reads these while pygame is imported.
os.environ.setdefault("SDL_VIDEODRIVER", "dummy")
os.environ.setdefault("PYGAME_HIDE_SUPPORT_PROMPT", "1")

import numpy as np
import numpy.typing as npt
import pygame

WIDTH, HEIGHT, FPS = 1280, 720, 60
SEED = 1
"""The card's default."""
FOLDER = Path(__file__).resolve().parents[2] / "games" / "testcard"


@dataclass(frozen=True, slots=True)
class CardKey:
    """All that a frame of the card is drawn from; every field is legible in the picture."""

    number: int = 0
    presses: int = 0
    states: bytes = bytes(7)
    """The row above the bottom one: keys, taps, pad buttons, axis, mouse x, mouse y, tone."""


def _card_module() -> ModuleType:
    """Load the program as the launcher does, with its folder on the path."""
    spec = importlib.util.spec_from_file_location("farplay_testcard", FOLDER / "testcard.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    sys.path.insert(0, str(FOLDER))
    try:
        spec.loader.exec_module(module)
    finally:
        sys.path.remove(str(FOLDER))
    return module


class CardSource:
    """Draws frames of the card."""

    def __init__(self, *, hard: bool) -> None:
        pygame.display.init()
        pygame.font.init()
        self._card: Any = _card_module().TestCard((WIDTH, HEIGHT), hard=hard, seed=SEED)

    def draw(self, key: CardKey) -> npt.NDArray[np.uint8]:
        """Draw one frame; return its pixels, `(height, width, 4)` BGRX, borrowed until the next call."""
        card = self._card
        seen = card._seen
        card._frame, seen.flips = key.number, key.presses
        seen.keys, seen.taps, seen.pad_buttons = key.states[:3]
        card._draw()
        # Axis, mouse and tone are rounded in the picture: the row is drawn from what was read, not from their values.
        card._draw_cells(2, int.from_bytes(with_check(key.states), "big"))
        buffer: Any = card._screen.get_buffer()
        return np.frombuffer(buffer, np.uint8).reshape(HEIGHT, WIDTH, 4)


def with_check(values: bytes) -> bytes:
    """Return seven bytes and their XOR."""
    check = 0
    for value in values:
        check ^= value
    return values + bytes([check])
