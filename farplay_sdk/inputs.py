"""What the players do, as one tick sees it: immutable, complete, the same in every replay."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

SEATS = 8
"""Seats at a table, whether somebody sits there or not."""


class Button(IntEnum):
    """A button of a game pad in W3C standard order, named as on an Xbox controller."""

    A = 0
    B = 1
    X = 2
    Y = 3
    LB = 4
    RB = 5
    LT = 6
    RT = 7
    BACK = 8
    START = 9
    LEFT_STICK = 10
    RIGHT_STICK = 11
    UP = 12
    DOWN = 13
    LEFT = 14
    RIGHT = 15
    GUIDE = 16


@dataclass(frozen=True, slots=True)
class Held:
    """Codes that are down, and the edges since the last tick. A tap shorter than a tick is in all three."""

    downs: frozenset[int] = frozenset()
    presses: frozenset[int] = frozenset()
    releases: frozenset[int] = frozenset()

    def down(self, *codes: int) -> bool:
        """Tell whether any of these is down."""
        return not self.downs.isdisjoint(codes)

    def pressed(self, *codes: int) -> bool:
        """Tell whether any of these went down since the last tick."""
        return not self.presses.isdisjoint(codes)

    def released(self, *codes: int) -> bool:
        """Tell whether any of these came up since the last tick."""
        return not self.releases.isdisjoint(codes)


@dataclass(frozen=True, slots=True)
class Keyboard(Held):
    """A keyboard; codes are ``Key``."""

    text: str = ""
    """What was typed since the last tick, by the player's own layout or input method."""


@dataclass(frozen=True, slots=True)
class Pad(Held):
    """A game pad; codes are ``Button``. The seat's keyboard plays it too, so it is all that most games need.

    Arrow keys and WASD are the left stick, Space and Enter A, Shift B, Ctrl X, Backspace BACK, Escape START. Of
    several pads on one seat each button counts, and of each stick the one that is furthest out.
    """

    left: tuple[float, float] = (0.0, 0.0)
    """Left stick: right and down are positive, -1 to 1. The d-pad and the keyboard move it too."""
    right: tuple[float, float] = (0.0, 0.0)
    triggers: tuple[float, float] = (0.0, 0.0)
    """Left and right, 0 at rest to 1."""


@dataclass(frozen=True, slots=True)
class Pointer(Held):
    """Mouse or first finger; codes are 0 left (or the finger), 1 middle, 2 right, 3 back, 4 forward."""

    x: float = 0.0
    """Pixels from the picture's left edge."""
    y: float = 0.0
    dx: float = 0.0
    """Movement since the last tick in pixels, which goes on at the picture's edge while the mouse is locked."""
    dy: float = 0.0
    wheel: tuple[float, float] = (0.0, 0.0)
    """Notches since the last tick; positive is right and away from the player."""


@dataclass(frozen=True, slots=True)
class Touch:
    """A finger that is on the picture, or was since the last tick."""

    finger: int
    x: float
    y: float
    began: bool
    """It came down since the last tick."""
    ended: bool
    """It went up since the last tick; this is the last time it is here."""


@dataclass(frozen=True, slots=True)
class Seat:
    """All devices of one player."""

    keyboard: Keyboard = Keyboard()
    pad: Pad = Pad()
    pointer: Pointer = Pointer()
    touches: tuple[Touch, ...] = ()


@dataclass(frozen=True, slots=True)
class Inputs:
    """What ``update`` gets."""

    tick: int
    """Ticks before this one."""
    seats: tuple[Seat, ...] = (Seat(),) * SEATS
    """By number; the first player sits on ``seats[0]``."""

    @property
    def player(self) -> Seat:
        """The first seat: all there is in a game for one."""
        return self.seats[0]
