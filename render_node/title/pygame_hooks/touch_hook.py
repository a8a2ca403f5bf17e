"""Fingers: FINGERDOWN, FINGERMOTION, FINGERUP, and the mouse that SDL makes of the first one.

Each seat has a touch screen of its own; the mouse follows the first seat's alone, to which it belongs.
"""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType
from typing import TypeAlias

from render_node.title.pygame_hooks.hooking import post
from render_node.title.pygame_hooks.mouse_hook import MouseHook, to_pixel
from render_node.title.seat_keyboard import FIRST_SEAT
from wire.input_events import Touch, TouchPhase

TOUCH_ID = 1
"""SDL's number of the first seat's touch screen; the others' follow."""

_Finger: TypeAlias = tuple[int, int]
"""Seat and the page's number of a finger."""


class TouchHook:
    """Applies ``Touch`` events."""

    def __init__(self, pygame: ModuleType, mouse: MouseHook, picture_size: Callable[[], tuple[int, int]]) -> None:
        self._pygame = pygame
        self._mouse = mouse
        self._picture_size = picture_size
        self._fingers: dict[_Finger, tuple[int, int]] = {}
        self._mouse_finger: _Finger | None = None

    def apply(self, seat: int, touch: Touch) -> None:
        """Take one phase of one finger; phases that do not follow from what is known are ignored."""
        finger = (seat, touch.finger)
        known = finger in self._fingers
        if touch.phase is TouchPhase.DOWN and not known:
            self._down(finger, touch)
        elif touch.phase is TouchPhase.MOVE and known:
            self._post(self._pygame.FINGERMOTION, finger, touch)
            if finger == self._mouse_finger:
                self._move_mouse(touch)
        elif touch.phase in (TouchPhase.UP, TouchPhase.CANCEL) and known:
            self._up(finger, touch)

    def release_all(self, seat: int) -> None:
        """The page of a seat's player lost focus."""
        for finger, (x, y) in sorted(self._fingers.items()):
            if finger[0] == seat:
                self._up(finger, Touch(finger[1], TouchPhase.CANCEL, x, y))

    def _down(self, finger: _Finger, touch: Touch) -> None:
        self._fingers[finger] = (touch.x, touch.y)
        self._post(self._pygame.FINGERDOWN, finger, touch)
        if self._mouse_finger is None and finger[0] == FIRST_SEAT:
            self._mouse_finger = finger
            self._move_mouse(touch)
            self._mouse.button(1, True, touch=True)

    def _up(self, finger: _Finger, touch: Touch) -> None:
        self._post(self._pygame.FINGERUP, finger, touch)
        del self._fingers[finger]
        if finger == self._mouse_finger:
            self._mouse_finger = None
            self._move_mouse(touch)
            self._mouse.button(1, False, touch=True)

    def _move_mouse(self, touch: Touch) -> None:
        width, height = self._picture_size()
        self._mouse.move_to((to_pixel(touch.x, width), to_pixel(touch.y, height)), touch=True)

    def _post(self, kind: int, finger: _Finger, touch: Touch) -> None:
        old_x, old_y = self._fingers[finger]
        self._fingers[finger] = (touch.x, touch.y)
        post(
            self._pygame,
            kind,
            touch_id=TOUCH_ID + finger[0],
            finger_id=touch.finger,
            x=touch.x / 65535,
            y=touch.y / 65535,
            dx=(touch.x - old_x) / 65535,
            dy=(touch.y - old_y) / 65535,
            pressure=0.0 if kind == self._pygame.FINGERUP else 1.0,
            window=None,
        )
