"""Keys, pads, mouse and fingers as a few commands. A finger is also the mouse, as SDL makes it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import pygame

STICK = 0.6


class Command(Enum):
    """What a key or button means."""

    LEFT = "left"
    RIGHT = "right"
    UP = "up"
    DOWN = "down"
    ACT = "act"
    UNDO = "undo"
    HINT = "hint"
    CLEAR = "clear"
    PAUSE = "pause"


class Touch(Enum):
    """What the pointer does."""

    DOWN = "down"
    MOVE = "move"
    UP = "up"


@dataclass(frozen=True, slots=True)
class Pointer:
    """The mouse or a finger at a place on the screen; ``held`` while pressed."""

    touch: Touch
    at: tuple[float, float]
    held: bool


_KEYS = {
    pygame.K_LEFT: Command.LEFT, pygame.K_a: Command.LEFT,
    pygame.K_RIGHT: Command.RIGHT, pygame.K_d: Command.RIGHT,
    pygame.K_UP: Command.UP, pygame.K_w: Command.UP,
    pygame.K_DOWN: Command.DOWN, pygame.K_s: Command.DOWN,
    pygame.K_SPACE: Command.ACT, pygame.K_RETURN: Command.ACT, pygame.K_KP_ENTER: Command.ACT,
    pygame.K_z: Command.UNDO, pygame.K_u: Command.UNDO, pygame.K_BACKSPACE: Command.UNDO,
    pygame.K_h: Command.HINT, pygame.K_r: Command.CLEAR,
    pygame.K_ESCAPE: Command.PAUSE, pygame.K_p: Command.PAUSE,
}  # fmt: skip
_BUTTONS = {
    0: Command.ACT, 1: Command.UNDO, 2: Command.CLEAR, 3: Command.HINT, 6: Command.PAUSE, 7: Command.PAUSE,
}  # fmt: skip
_HAT = {(-1, 0): Command.LEFT, (1, 0): Command.RIGHT, (0, 1): Command.UP, (0, -1): Command.DOWN}


class Commands:
    """Owns the joysticks and remembers which way their sticks are pushed."""

    def __init__(self) -> None:
        self._pads: dict[int, pygame.joystick.JoystickType] = {}
        self._pushed: dict[tuple[int, int], Command] = {}

    def take(self, event: pygame.Event) -> Command | Pointer | None:
        """Return what an event means."""
        match event.type:
            case pygame.KEYDOWN:
                return _KEYS.get(event.key)
            case pygame.MOUSEBUTTONDOWN | pygame.MOUSEBUTTONUP if event.button == 1:
                down = event.type == pygame.MOUSEBUTTONDOWN
                return Pointer(Touch.DOWN if down else Touch.UP, event.pos, down)
            case pygame.MOUSEBUTTONDOWN if event.button == 3:
                return Command.UNDO
            case pygame.MOUSEMOTION:
                return Pointer(Touch.MOVE, event.pos, bool(event.buttons[0]))
            case _:
                return self._take_pad(event)

    def _take_pad(self, event: pygame.Event) -> Command | None:
        match event.type:
            case pygame.JOYDEVICEADDED:
                pad = pygame.joystick.Joystick(event.device_index)
                self._pads[pad.get_instance_id()] = pad
            case pygame.JOYDEVICEREMOVED:
                self._pads.pop(event.instance_id, None)
            case pygame.JOYBUTTONDOWN:
                return _BUTTONS.get(event.button)
            case pygame.JOYHATMOTION:
                return _HAT.get(tuple(event.value))
            case pygame.JOYAXISMOTION if event.axis in (0, 1):
                return self._push(event)
        return None

    def _push(self, event: pygame.Event) -> Command | None:
        """A stick pushed far is one command until it is let go."""
        key = event.instance_id, event.axis
        if abs(event.value) < STICK:
            self._pushed.pop(key, None)
            return None
        ways = (Command.LEFT, Command.RIGHT) if event.axis == 0 else (Command.UP, Command.DOWN)
        command = ways[event.value > 0]
        before, self._pushed[key] = self._pushed.get(key), command
        return command if command is not before else None
