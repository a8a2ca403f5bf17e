"""Keyboard halves and pads, as pygame shows them: who pressed a button, and where each one steers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import pygame

from .arena import Side
from .pieces import Control

LEFT_KEYS, RIGHT_KEYS = "left keys", "right keys"
DEAD_ZONE = 0.22
STICK_MENU = 0.6
START_BUTTON, BACK_BUTTON = 7, 6

_STEER = {
    LEFT_KEYS: (pygame.K_a, pygame.K_d, pygame.K_w, pygame.K_s),
    RIGHT_KEYS: (pygame.K_LEFT, pygame.K_RIGHT, pygame.K_UP, pygame.K_DOWN),
}
_HOLD = {
    LEFT_KEYS: (pygame.K_SPACE, pygame.K_LSHIFT, pygame.K_LCTRL),
    RIGHT_KEYS: (pygame.K_RETURN, pygame.K_KP_ENTER, pygame.K_RSHIFT, pygame.K_RCTRL),
}


class Wish(Enum):
    """What a press means outside of play."""

    ACT = "act"
    LEFT = "left"
    RIGHT = "right"
    UP = "up"
    DOWN = "down"
    BACK = "back"
    PAUSE = "pause"


@dataclass(frozen=True, slots=True)
class Press:
    """Who pressed what."""

    device: str
    wish: Wish


_KEY_WISHES: dict[int, Press] = {pygame.K_ESCAPE: Press("", Wish.PAUSE), pygame.K_p: Press("", Wish.PAUSE)}
_KEY_WISHES |= {pygame.K_BACKSPACE: Press("", Wish.BACK)}
for _half, _keys in _STEER.items():
    _ways = (Wish.LEFT, Wish.RIGHT, Wish.UP, Wish.DOWN)
    _KEY_WISHES |= {key: Press(_half, wish) for key, wish in zip(_keys, _ways, strict=True)}
    _KEY_WISHES |= {key: Press(_half, Wish.ACT) for key in _HOLD[_half]}


def wished_side(device: str) -> Side:
    """Return the side that a device sits down on if both are free."""
    return Side.TIDE if device == RIGHT_KEYS else Side.EMBER


def label(device: str | None) -> str:
    """Return how a device is told to players."""
    names = {LEFT_KEYS: "WASD + Space", RIGHT_KEYS: "Arrows + Enter", None: "Computer"}
    return names.get(device, "Pad or guest")


class Devices:
    """Owns the joysticks; one is a device from when pygame shows it until it is unplugged."""

    def __init__(self) -> None:
        self._pads: dict[int, pygame.joystick.JoystickType] = {}
        self._tilted: dict[int, Wish | None] = {}

    def take(self, event: pygame.Event) -> Press | None:
        """Return what an event means as a press, if anything."""
        if event.type == pygame.KEYDOWN:
            return _KEY_WISHES.get(event.key)
        if event.type == pygame.JOYDEVICEADDED:
            pad = pygame.joystick.Joystick(event.device_index)
            self._pads[pad.get_instance_id()] = pad
        elif event.type == pygame.JOYBUTTONDOWN:
            wish = {START_BUTTON: Wish.PAUSE, BACK_BUTTON: Wish.BACK}.get(event.button, Wish.ACT)
            return Press(pad_name(event.instance_id), wish)
        elif event.type == pygame.JOYHATMOTION:
            return self._hat(event)
        elif event.type == pygame.JOYAXISMOTION and event.axis in (0, 1):
            return self._tilt(event)
        return None

    def unplugged(self, event: pygame.Event) -> str | None:
        """Return the device that an event says is gone."""
        if event.type != pygame.JOYDEVICEREMOVED:
            return None
        self._pads.pop(event.instance_id, None)
        self._tilted.pop(event.instance_id, None)
        return pad_name(event.instance_id)

    def control(self, device: str, *, whole_keyboard: bool = False) -> Control:
        """Return where a device steers; ``whole_keyboard`` lets one player use both halves."""
        if device in _STEER:
            halves = tuple(_STEER) if whole_keyboard else (device,)
            return _keys_control(halves)
        pad = next((pad for number, pad in self._pads.items() if pad_name(number) == device), None)
        return Control() if pad is None else _pad_control(pad)

    def rumble(self, device: str | None, strength: float) -> None:
        """Let a pad's motors run for a moment."""
        for number, pad in self._pads.items():
            if pad_name(number) == device:
                pad.rumble(strength * 0.6, strength, 120)

    @staticmethod
    def _hat(event: pygame.Event) -> Press | None:
        wishes = {(-1, 0): Wish.LEFT, (1, 0): Wish.RIGHT, (0, 1): Wish.UP, (0, -1): Wish.DOWN}
        wish = wishes.get(tuple(event.value))
        return Press(pad_name(event.instance_id), wish) if wish else None

    def _tilt(self, event: pygame.Event) -> Press | None:
        """A stick pushed far is one press until it is let go."""
        ways = (Wish.LEFT, Wish.RIGHT) if event.axis == 0 else (Wish.UP, Wish.DOWN)
        wish = None if abs(event.value) < STICK_MENU else ways[event.value > 0]
        before = self._tilted.get(event.instance_id)
        if wish is None:
            if before in ways:
                self._tilted[event.instance_id] = None
            return None
        self._tilted[event.instance_id] = wish
        return Press(pad_name(event.instance_id), wish) if wish is not before else None


def pad_name(instance_id: int) -> str:
    """Return the device's name of a joystick."""
    return f"pad {instance_id}"


def _keys_control(halves: tuple[str, ...]) -> Control:
    pressed = pygame.key.get_pressed()
    x = y = 0
    hold = False
    for half in halves:
        left, right, up, down = (pressed[key] for key in _STEER[half])
        x, y = x + right - left, y + down - up
        hold = hold or any(pressed[key] for key in _HOLD[half])
    return Control(min(max(x, -1), 1), min(max(y, -1), 1), hold)


def _pad_control(pad: pygame.joystick.JoystickType) -> Control:
    x, y = pad.get_axis(0), pad.get_axis(1)
    if x * x + y * y < DEAD_ZONE * DEAD_ZONE:
        x = y = 0.0
    if pad.get_numhats() and pad.get_hat(0) != (0, 0):
        x, y = pad.get_hat(0)[0], -pad.get_hat(0)[1]
    hold = any(pad.get_button(button) for button in range(min(pad.get_numbuttons(), 6)))
    return Control(x, y, hold)
