"""From the player's input to what XTEST pretends. Pure; times in nanoseconds.

A program that looks at its keys once a frame must see each press: one that is released sooner is held for two frames.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from render_node.title.native.key_codes import x_key_code
from render_node.title.native.stage import Rectangle
from render_node.title.native.x11_messages import Fake
from wire.input_events import (
    Key,
    MouseAbs,
    MouseButton,
    MouseRel,
    Payload,
    ReleaseAll,
    Touch,
    TouchPhase,
    Wheel,
)

_BUTTON_OF = {0: 1, 1: 2, 2: 3, 3: 8, 4: 9}
"""X's numbers of left, middle, right, back and forward."""
_WHEEL_UP, _WHEEL_DOWN, _WHEEL_LEFT, _WHEEL_RIGHT = 4, 5, 6, 7
_NOTCH = 120
_FRAMES_HELD = 2
ABSOLUTE, RELATIVE = 0, 1

_Code: TypeAlias = tuple[Fake, int]
"""Kind of press, and key or button."""
_RELEASE_OF = {Fake.KEY_PRESS: Fake.KEY_RELEASE, Fake.BUTTON_PRESS: Fake.BUTTON_RELEASE}


@dataclass(frozen=True, slots=True)
class Action:
    """One call of XTEST."""

    what: Fake
    detail: int
    x: int = 0
    y: int = 0


class FakeDevices:
    """The first seat's keyboard and mouse; a finger is the mouse."""

    def __init__(self, fps: int) -> None:
        self._hold_ns = _FRAMES_HELD * 1_000_000_000 // fps
        self._pressed_ns: dict[_Code, int] = {}
        self._release_ns: dict[_Code, int] = {}
        self._wheel = [0, 0]
        self._finger: int | None = None

    def apply(self, payload: Payload, stage: Rectangle | None, now_ns: int) -> list[Action]:
        """Take one event and return what to pretend at once; releases may follow from ``due``.

        Args:
            payload: The event; text and pads have nowhere to go.
            stage: Where on the screen the picture is; None while none is shown, when places mean nothing.
            now_ns: Monotonic clock.
        """
        match payload:
            case Key(usage, down):
                code = x_key_code(usage)
                return [] if code is None else self._edge((Fake.KEY_PRESS, code), down, now_ns)
            case MouseButton(button, down):
                return self._edge((Fake.BUTTON_PRESS, _BUTTON_OF[button]), down, now_ns)
            case MouseAbs(x, y):
                return [] if stage is None else [_to_place(x, y, stage)]
            case MouseRel(dx, dy):
                return [Action(Fake.MOTION, RELATIVE, dx, dy)]
            case Wheel(dx, dy):
                return self._turn(dx, dy)
            case Touch():
                return self._touch(payload, stage, now_ns)
            case ReleaseAll():
                self._finger = None
                return [self._release(code) for code in list(self._pressed_ns)]
        return []

    def due(self, now_ns: int) -> list[Action]:
        """Return the releases that have waited long enough."""
        return [self._release(code) for code, due_ns in list(self._release_ns.items()) if due_ns <= now_ns]

    def next_due_ns(self) -> int | None:
        """Return when ``due`` has something next; None if nothing waits."""
        return min(self._release_ns.values(), default=None)

    def _edge(self, code: _Code, down: bool, now_ns: int) -> list[Action]:
        actions = []
        if down:
            if code in self._release_ns:
                actions.append(self._release(code))
            if code not in self._pressed_ns:
                self._pressed_ns[code] = now_ns
                actions.append(Action(*code))
        elif code in self._pressed_ns:
            self._release_ns.setdefault(code, max(self._pressed_ns[code] + self._hold_ns, now_ns))
            actions += self.due(now_ns)
        return actions

    def _release(self, code: _Code) -> Action:
        del self._pressed_ns[code]
        self._release_ns.pop(code, None)
        return Action(_RELEASE_OF[code[0]], code[1])

    def _turn(self, dx: int, dy: int) -> list[Action]:
        actions = []
        pairs = ((dx, _WHEEL_LEFT, _WHEEL_RIGHT), (dy, _WHEEL_DOWN, _WHEEL_UP))
        for axis, (turned, less, more) in enumerate(pairs):
            self._wheel[axis] += turned
            notches = int(self._wheel[axis] / _NOTCH)
            self._wheel[axis] -= notches * _NOTCH
            button = more if notches > 0 else less
            actions += [Action(Fake.BUTTON_PRESS, button), Action(Fake.BUTTON_RELEASE, button)] * abs(notches)
        return actions

    def _touch(self, touch: Touch, stage: Rectangle | None, now_ns: int) -> list[Action]:
        if touch.phase is TouchPhase.DOWN and self._finger is None and stage is not None:
            self._finger = touch.finger
        if touch.finger != self._finger:
            return []
        actions = [] if stage is None else [_to_place(touch.x, touch.y, stage)]
        if touch.phase is TouchPhase.DOWN:
            actions += self._edge((Fake.BUTTON_PRESS, _BUTTON_OF[0]), True, now_ns)
        elif touch.phase is not TouchPhase.MOVE:
            self._finger = None
            actions += self._edge((Fake.BUTTON_PRESS, _BUTTON_OF[0]), False, now_ns)
        return actions


def _to_place(x: int, y: int, stage: Rectangle) -> Action:
    right, down = (x * (stage.width - 1) + 32767) // 65535, (y * (stage.height - 1) + 32767) // 65535
    return Action(Fake.MOTION, ABSOLUTE, stage.x + right, stage.y + down)
