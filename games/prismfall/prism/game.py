"""The title: wishes from inputs, the table, and what the eye and the ear get of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from farplay_sdk import Button, Inputs, Title

from .picture import Picture
from .rules import Wish, tick
from .sound import Voices
from .table import HEIGHT, WIDTH, Table, read_table


def read_wish(inputs: Inputs) -> Wish:
    """Return what the player wants in this tick."""
    seat = inputs.player
    pointed = seat.pointer.dx != 0 or seat.pointer.down(0)
    go = seat.pad.pressed(Button.A) or seat.pointer.pressed(0)
    return Wish(seat.pad.left[0], seat.pointer.x if pointed else None, go)


class Prismfall(Title):
    """The game of the crystals."""

    size = (WIDTH, HEIGHT)

    def start(self) -> None:
        """Lay an empty table; the first tick builds the wall."""
        self.table = Table()
        self.picture = Picture()
        self.voices = Voices()

    def update(self, inputs: Inputs) -> None:
        """Go on by a tick; sparks and voices follow what happened and change nothing."""
        happened = tick(self.table, read_wish(inputs), self.random)
        self.picture.note(happened)
        self.voices.note(happened)

    def draw(self, frame: NDArray[np.uint8]) -> None:
        """Draw table and sparks."""
        self.picture.draw(frame, self.table)

    def sound(self, block: NDArray[np.float32]) -> None:
        """Let the voices ring."""
        self.voices.mix(block)

    def save_state(self) -> bytes:
        """Return the table."""
        return self.table.to_bytes()

    def load_state(self, state: bytes) -> None:
        """Go on at a table of another day."""
        self.table = read_table(state)
