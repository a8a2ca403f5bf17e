"""Fingers: FINGERDOWN, FINGERMOTION, FINGERUP, and the mouse that SDL makes of the first one."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

from render_node.title.hooking import post
from render_node.title.mouse_hook import MouseHook, to_pixel
from wire.input_events import Touch, TouchPhase

TOUCH_ID = 1
"""SDL's number of the touch screen; a session has one."""


class TouchHook:
    """Applies ``Touch`` events."""

    def __init__(self, pygame: ModuleType, mouse: MouseHook, picture_size: Callable[[], tuple[int, int]]) -> None:
        self._pygame = pygame
        self._mouse = mouse
        self._picture_size = picture_size
        self._fingers: dict[int, tuple[int, int]] = {}
        self._mouse_finger: int | None = None

    def apply(self, touch: Touch) -> None:
        """Take one phase of one finger; phases that do not follow from what is known are ignored."""
        known = touch.finger in self._fingers
        if touch.phase is TouchPhase.DOWN and not known:
            self._down(touch)
        elif touch.phase is TouchPhase.MOVE and known:
            self._post(self._pygame.FINGERMOTION, touch)
            if touch.finger == self._mouse_finger:
                self._move_mouse(touch)
        elif touch.phase in (TouchPhase.UP, TouchPhase.CANCEL) and known:
            self._up(touch)

    def release_all(self) -> None:
        """The player's page lost focus."""
        for finger, (x, y) in sorted(self._fingers.items()):
            self._up(Touch(finger, TouchPhase.CANCEL, x, y))

    def _down(self, touch: Touch) -> None:
        self._fingers[touch.finger] = (touch.x, touch.y)
        self._post(self._pygame.FINGERDOWN, touch)
        if self._mouse_finger is None:
            self._mouse_finger = touch.finger
            self._move_mouse(touch)
            self._mouse.button(1, True, touch=True)

    def _up(self, touch: Touch) -> None:
        self._post(self._pygame.FINGERUP, touch)
        del self._fingers[touch.finger]
        if touch.finger == self._mouse_finger:
            self._mouse_finger = None
            self._move_mouse(touch)
            self._mouse.button(1, False, touch=True)

    def _move_mouse(self, touch: Touch) -> None:
        width, height = self._picture_size()
        self._mouse.move_to((to_pixel(touch.x, width), to_pixel(touch.y, height)), touch=True)

    def _post(self, kind: int, touch: Touch) -> None:
        old_x, old_y = self._fingers[touch.finger]
        self._fingers[touch.finger] = (touch.x, touch.y)
        post(
            self._pygame,
            kind,
            touch_id=TOUCH_ID,
            finger_id=touch.finger,
            x=touch.x / 65535,
            y=touch.y / 65535,
            dx=(touch.x - old_x) / 65535,
            dy=(touch.y - old_y) / 65535,
            pressure=0.0 if kind == self._pygame.FINGERUP else 1.0,
            window=None,
        )
