"""Who plays which side: players join by pressing a button, and the computer plays for whom is missing. Pure."""

from __future__ import annotations

from enum import Enum

from .arena import Side
from .rival import LEVELS

IDLE_STEPS = 12 * 60
"""A player who does nothing for so long, while another plays, gives way to the computer."""


class Joined(Enum):
    """What a press of the button came to."""

    SEATED = "seated"
    READY = "ready"
    """It was seated already."""
    FULL = "full"


class Lobby:
    """Seats of devices; a device is named by any text."""

    def __init__(self) -> None:
        self._devices: dict[Side, str] = {}
        self._idle_steps: dict[Side, int] = {}
        self.level = 1
        """Of the computer, an index of ``LEVELS``."""

    def press(self, device: str, wish: Side) -> Joined:
        """A device's button: it sits down on the side it wishes, else on the other."""
        if self.side_of(device) is not None:
            return Joined.READY
        free = [side for side in (wish, wish.other) if side not in self._devices]
        if not free:
            return Joined.FULL
        self._devices[free[0]] = device
        self._idle_steps[free[0]] = 0
        return Joined.SEATED

    def leave(self, device: str) -> Side | None:
        """A device goes; return the side that it leaves to the computer."""
        side = self.side_of(device)
        if side is not None:
            del self._devices[side]
        return side

    def clear(self) -> None:
        """All leave."""
        self._devices.clear()

    def change_level(self, by: int) -> None:
        """Choose how good the computer is, where it plays."""
        if len(self._devices) < len(Side):
            self.level = min(max(self.level + by, 0), len(LEVELS) - 1)

    def device(self, side: Side) -> str | None:
        """Who sits there; None is the computer."""
        return self._devices.get(side)

    def side_of(self, device: str) -> Side | None:
        """Where a device sits."""
        return next((side for side, who in self._devices.items() if who == device), None)

    @property
    def players(self) -> int:
        """How many people play."""
        return len(self._devices)

    def count_idle(self, side: Side, active: bool) -> bool:
        """Count a step of a match; return True if the player has just been given up as gone."""
        if side not in self._devices:
            return False
        self._idle_steps[side] = 0 if active else self._idle_steps[side] + 1
        if self.players == len(Side) and self._idle_steps[side] >= IDLE_STEPS:
            del self._devices[side]
            return True
        return False
