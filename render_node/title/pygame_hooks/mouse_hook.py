"""The mouse that a title sees: motion, buttons, wheel, and ``pygame.mouse``'s own questions."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

from render_node.title.held import Held
from render_node.title.pygame_hooks.hooking import post, replace
from wire.input_events import MouseAbs, MouseButton, MouseRel, Wheel

BUTTON_OF = (1, 2, 3, 6, 7)
"""pygame's number of each button of ``wire.input_events.MouseButton``; 4 and 5 stand for the wheel."""

WHEEL_NOTCH = 120
"""Wheel units per notch."""


def to_pixel(value: int, size_px: int) -> int:
    """Return the pixel that a position of 0..65535 over ``size_px`` pixels means."""
    return min(value * size_px // 65536, size_px - 1)


class MouseHook:
    """Applies mouse events; also moved by the first finger, as SDL does for titles that know only the mouse."""

    def __init__(self, pygame: ModuleType, picture_size: Callable[[], tuple[int, int]]) -> None:
        self._pygame = pygame
        self._picture_size = picture_size
        self._held = Held()
        self._pos = (0, 0)
        self._rel = (0, 0)
        self._wheel = [0, 0]

    def install(self) -> None:
        """Replace what ``pygame.mouse`` asks SDL."""
        mouse = self._pygame.mouse
        replace(mouse, "get_pos", lambda desktop=False: self._pos)
        replace(mouse, "get_rel", self._take_rel)
        replace(mouse, "get_pressed", self._pressed)
        replace(mouse, "get_just_pressed", lambda: self._five(self._held.just_pressed))
        replace(mouse, "get_just_released", lambda: self._five(self._held.just_released))
        replace(mouse, "get_focused", lambda: True)
        replace(mouse, "set_pos", self._set_pos)

    def begin_step(self) -> None:
        """The title has drawn a frame."""
        self._held.begin_step()

    def apply(self, event: MouseAbs | MouseRel | MouseButton | Wheel) -> None:
        """Take one event."""
        match event:
            case MouseAbs(x, y):
                width, height = self._picture_size()
                self.move_to((to_pixel(x, width), to_pixel(y, height)))
            case MouseRel(dx, dy):
                self._move_by(dx, dy)
            case MouseButton(button, down):
                self.button(BUTTON_OF[button], down)
            case Wheel(dx, dy):
                self._turn(dx, dy)

    def release_all(self) -> None:
        """The player's page lost focus."""
        for button in sorted(self._held.physically_down):
            self.button(button, False)

    def move_to(self, pos: tuple[int, int], *, touch: bool = False) -> None:
        """Move to a pixel; posts MOUSEMOTION if that is another one."""
        rel = (pos[0] - self._pos[0], pos[1] - self._pos[1])
        if rel != (0, 0):
            self._motion(pos, rel, touch)

    def button(self, button: int, down: bool, *, touch: bool = False) -> None:
        """Take an edge of one of pygame's buttons."""
        if self._held.press(button) if down else self._held.release(button):
            kind = self._pygame.MOUSEBUTTONDOWN if down else self._pygame.MOUSEBUTTONUP
            post(self._pygame, kind, pos=self._pos, button=button, touch=touch, window=None)

    def _move_by(self, dx: int, dy: int) -> None:
        width, height = self._picture_size()
        pos = (min(max(self._pos[0] + dx, 0), width - 1), min(max(self._pos[1] + dy, 0), height - 1))
        self._motion(pos, (dx, dy), False)

    def _motion(self, pos: tuple[int, int], rel: tuple[int, int], touch: bool) -> None:
        self._pos = pos
        self._rel = (self._rel[0] + rel[0], self._rel[1] + rel[1])
        buttons = tuple(int(button in self._held.physically_down) for button in (1, 2, 3))
        post(self._pygame, self._pygame.MOUSEMOTION, pos=pos, rel=rel, buttons=buttons, touch=touch, window=None)

    def _turn(self, dx: int, dy: int) -> None:
        notches = []
        for axis, delta in enumerate((dx, dy)):
            total = self._wheel[axis] + delta
            whole = int(total / WHEEL_NOTCH)
            self._wheel[axis] = total - whole * WHEEL_NOTCH
            notches.append(whole)
        x, y = notches
        precise = {"precise_x": dx / WHEEL_NOTCH, "precise_y": dy / WHEEL_NOTCH}
        if y:
            for kind in (self._pygame.MOUSEBUTTONDOWN, self._pygame.MOUSEBUTTONUP):
                post(self._pygame, kind, pos=self._pos, button=4 if y > 0 else 5, touch=False, window=None)
        if x or y:
            post(self._pygame, self._pygame.MOUSEWHEEL, flipped=False, x=x, y=y, touch=False, window=None, **precise)

    def _pressed(self, num_buttons: int = 3, desktop: bool = False) -> tuple[bool, ...]:
        if num_buttons not in (3, 5):
            raise ValueError("Number of buttons needs to be 3 or 5.")
        return self._five(self._held.down)[:num_buttons]

    @staticmethod
    def _five(buttons: set[int]) -> tuple[bool, ...]:
        return tuple(button in buttons for button in BUTTON_OF)

    def _take_rel(self) -> tuple[int, int]:
        rel, self._rel = self._rel, (0, 0)
        return rel

    def _set_pos(self, *where: float | tuple[float, float]) -> None:
        x, y = where if len(where) == 2 else where[0]  # type: ignore[misc]
        self.move_to((int(x), int(y)))  # type: ignore[arg-type]
