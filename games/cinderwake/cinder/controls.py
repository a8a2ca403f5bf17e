"""Keyboard and pads: what the player wants in a fight, and the commands of menus.

Keys count by their place on the keyboard, so that W A S D is the same square on every layout.
"""

from __future__ import annotations

import math
from enum import StrEnum

import pygame

from .rules.things import Steering

PAD_A, PAD_B, PAD_START = 0, 1, 7
LEFT_X, LEFT_Y, RIGHT_X, RIGHT_Y = 0, 1, 3, 4
DEAD_ZONE = 0.18
MENU_PUSH, MENU_REST = 0.6, 0.35
"""How far a stick must go to count in a menu, and come back to count again."""

UP = {pygame.KSCAN_UP, pygame.KSCAN_W}
DOWN = {pygame.KSCAN_DOWN, pygame.KSCAN_S}
LEFT = {pygame.KSCAN_LEFT, pygame.KSCAN_A}
RIGHT = {pygame.KSCAN_RIGHT, pygame.KSCAN_D}
DASH = {pygame.KSCAN_SPACE, pygame.KSCAN_Z, pygame.KSCAN_J}
NOVA = {pygame.KSCAN_X, pygame.KSCAN_K, pygame.KSCAN_LSHIFT}
ACCEPT = {pygame.KSCAN_RETURN, pygame.KSCAN_SPACE, pygame.KSCAN_Z, pygame.KSCAN_KP_ENTER}
PAUSE = {pygame.KSCAN_ESCAPE, pygame.KSCAN_P}
SOUND = {pygame.KSCAN_M}


class Command(StrEnum):
    """What menus understand."""

    UP = "up"
    DOWN = "down"
    LEFT = "left"
    RIGHT = "right"
    ACCEPT = "accept"
    BACK = "back"
    PAUSE = "pause"
    SOUND = "sound"


_KEYS = (
    (UP, Command.UP), (DOWN, Command.DOWN), (LEFT, Command.LEFT), (RIGHT, Command.RIGHT),
    (ACCEPT, Command.ACCEPT), (PAUSE, Command.PAUSE), (SOUND, Command.SOUND), (NOVA, Command.BACK),
)  # fmt: skip
_BUTTONS = {PAD_A: Command.ACCEPT, PAD_B: Command.BACK, PAD_START: Command.PAUSE}


class Controls:
    """Collects events; ``steering`` is asked once a tick."""

    def __init__(self) -> None:
        self._held: set[int] = set()
        self._tapped: set[int] = set()
        self._pads: dict[int, pygame.joystick.JoystickType] = {}
        self._dash = self._nova = False
        self._pushed = False

    def take(self, event: pygame.Event) -> Command | None:
        """Note an event; return the command that it is to a menu."""
        if event.type == pygame.KEYDOWN:
            return self._key_down(event.scancode)
        if event.type == pygame.KEYUP:
            self._held.discard(event.scancode)
        elif event.type == pygame.JOYDEVICEADDED:
            pad = pygame.joystick.Joystick(event.device_index)
            self._pads[pad.get_instance_id()] = pad
        elif event.type == pygame.JOYDEVICEREMOVED:
            return Command.PAUSE if self._pads.pop(event.instance_id, None) else None
        elif event.type == pygame.JOYBUTTONDOWN:
            self._dash = self._dash or event.button == PAD_A
            self._nova = self._nova or event.button == PAD_B
            return _BUTTONS.get(event.button)
        elif event.type == pygame.JOYHATMOTION:
            return _direction(event.value[0], -event.value[1])
        elif event.type == pygame.JOYAXISMOTION:
            return self._stick(event)
        elif event.type == pygame.WINDOWFOCUSLOST:
            self._held.clear()
            return Command.PAUSE
        return None

    def _key_down(self, key: int) -> Command | None:
        self._held.add(key)
        self._tapped.add(key)
        self._dash = self._dash or key in DASH
        self._nova = self._nova or key in NOVA
        return next((command for keys, command in _KEYS if key in keys), None)

    def _stick(self, event: pygame.Event) -> Command | None:
        pad = self._pads.get(event.instance_id)
        if pad is None or event.axis not in (LEFT_X, LEFT_Y):
            return None
        x, y = pad.get_axis(LEFT_X), pad.get_axis(LEFT_Y)
        x, y = (event.value, y) if event.axis == LEFT_X else (x, event.value)
        reach = max(abs(x), abs(y))
        if self._pushed:
            self._pushed = reach > MENU_REST
            return None
        self._pushed = reach > MENU_PUSH
        return _direction(round(x / reach), round(y / reach)) if self._pushed else None

    def steering(self) -> Steering:
        """Return what the player wants now; a press counts once, and at least for one tick."""
        keys = self._held | self._tapped
        x = float(bool(keys & RIGHT) - bool(keys & LEFT))
        y = float(bool(keys & DOWN) - bool(keys & UP))
        aim_x = aim_y = 0.0
        for pad in self._pads.values():
            hat = pad.get_hat(0) if pad.get_numhats() else (0, 0)
            stick = _past_dead_zone(pad.get_axis(LEFT_X), pad.get_axis(LEFT_Y))
            x, y = x + stick[0] + hat[0], y + stick[1] - hat[1]
            if pad.get_numaxes() > RIGHT_Y:
                aim = _past_dead_zone(pad.get_axis(RIGHT_X), pad.get_axis(RIGHT_Y))
                aim_x, aim_y = aim_x + aim[0], aim_y + aim[1]
        wish = Steering(_bounded(x), _bounded(y), aim_x, aim_y, self._dash, self._nova)
        self.forget_presses()
        return wish

    def forget_presses(self) -> None:
        """Drop presses that were meant for a menu."""
        self._dash = self._nova = False
        self._tapped.clear()

    def rumble(self, low: float, high: float, duration_ms: int) -> None:
        """Shake the pads."""
        for pad in self._pads.values():
            pad.rumble(low, high, duration_ms)


def _bounded(value: float) -> float:
    return min(max(value, -1.0), 1.0)


def _past_dead_zone(x: float, y: float) -> tuple[float, float]:
    reach = math.hypot(x, y)
    if reach < DEAD_ZONE:
        return 0.0, 0.0
    share = min((reach - DEAD_ZONE) / (1 - DEAD_ZONE), 1.0) / reach
    return x * share, y * share


def _direction(x: float, y: float) -> Command | None:
    if x:
        return Command.RIGHT if x > 0 else Command.LEFT
    if y:
        return Command.DOWN if y > 0 else Command.UP
    return None
