"""Keyboards of the seats after the first, as pads. Pure.

A pygame program knows one keyboard, which is the first seat's: were all keyboards merged into it, any player could
press the keys of any other. So each further seat's keyboard is a pad of its own, which every program that has pads
for its players understands.
"""

from __future__ import annotations

from wire.input_events import Key, Pad
from wire.limits import PADS_MAX

FIRST_SEAT = 0
"""The seat whose keyboard and mouse are the program's own."""

KEYBOARD_PAD_INDEX = PADS_MAX
"""Index of the pad that a keyboard stands for; those that a page plugs in are below it."""

_LEFT, _RIGHT, _UP, _DOWN = {4, 80}, {7, 79}, {26, 82}, {22, 81}
"""WASD by position, and the arrow keys."""

_A, _B, _X, _BACK, _START = 0, 1, 2, 8, 9
_BUTTON_OF = {
    44: _A, 40: _A, 88: _A,  # Space, Enter, Enter of the keypad
    225: _B, 229: _B,  # Shift
    224: _X, 228: _X,  # Ctrl
    42: _BACK,  # Backspace
    41: _START,  # Escape
}  # fmt: skip
STICK_MAX = 32767


class SeatKeyboards:
    """What each further seat holds down on its keyboard."""

    def __init__(self) -> None:
        self._down: dict[int, set[int]] = {}

    def apply(self, seat: int, key: Key) -> Pad | None:
        """Take one edge and return the seat's pad as it is then; None if it is the same as before."""
        down = self._down.setdefault(seat, set())
        before = _as_pad(down)
        if key.down:
            down.add(key.usage)
        else:
            down.discard(key.usage)
        after = _as_pad(down)
        return after if after != before else None

    def release_all(self, seat: int) -> None:
        """The seat's page lost focus."""
        self._down.pop(seat, None)


def _as_pad(down: set[int]) -> Pad:
    buttons = 0
    for usage in down:
        if usage in _BUTTON_OF:
            buttons |= 1 << _BUTTON_OF[usage]
    x = bool(down & _RIGHT) - bool(down & _LEFT)
    y = bool(down & _DOWN) - bool(down & _UP)
    return Pad(KEYBOARD_PAD_INDEX, buttons, (x * STICK_MAX, y * STICK_MAX, 0, 0, 0, 0))
