"""What a check does on each device: gestures that nearly every title answers in one way or another. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from wire.input_events import Key, MouseAbs, MouseButton, Pad, PadPresence, Payload, Touch, TouchPhase, Wheel

HOLD_S = 0.12
"""Seconds that a press is held; shorter than a repeat, longer than a few frames."""

_KEYS = {
    "enter": 40, "space": 44, "right": 79, "left": 80, "down": 81, "up": 82, "w": 26, "a": 4, "s": 22, "d": 7,
    "x": 27, "z": 29, "e": 8, "f": 9, "c": 6, "1": 30, "shift": 225, "ctrl": 224, "tab": 43, "escape": 41,
}  # fmt: skip
"""HID usages in the order in which they are pressed; escape leaves some titles and comes last."""

_OPPOSITES = {"right": "left", "down": "up", "d": "a", "s": "w"}
_OPPOSITES |= {back: key for key, back in _OPPOSITES.items()}
_NOT_AT_ONCE = ("escape", "tab", "left", "a", "up", "w", "down", "s")
"""What leaves some titles, the way back, and up and down, which with enter choose what ends some."""
_BUTTONS = {
    "a": 0,
    "start": 9,
    "b": 1,
    "x": 2,
    "y": 3,
    "right": 15,
    "down": 13,
    "left": 14,
    "up": 12,
    "l1": 4,
    "r1": 5,
}
_FULL = 32767
_TILTS = (_FULL, -_FULL)
_POINTS = tuple((x, y) for x in (0.5, 0.25, 0.75) for y in (0.5, 0.66, 0.8, 0.33))
"""Shares of the picture's width and height; menus are often in the middle column."""


@dataclass(frozen=True, slots=True)
class Step:
    """Events at once, and how long to wait before the next step."""

    payloads: tuple[Payload, ...]
    wait_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Gesture:
    """Steps, of which the last lets go of everything."""

    steps: tuple[Step, ...]
    back: tuple[Step, ...] = ()
    """Steps that go the other way, where there is one: made by turns, the two never come to an end."""

    def turned(self, back: bool) -> tuple[Step, ...]:
        """Return the steps, or those that go the other way."""
        return self.back if back and self.back else self.steps


def gestures(device: str) -> Iterator[Gesture]:
    """Yield the gestures of one device without end."""
    yield from _GESTURES[device]()


def everything(device: str) -> Gesture:
    """Return much at once: most keys, a button with the stick, or a press in the middle with a way to it.

    Back goes what has a direction.
    """
    return _EVERYTHING[device]


def reached_as(device: str, touch_mode: str) -> str:
    """Return the device that a title sees: fingers on a drawn pad reach it as a pad."""
    return "pad" if device == "touch" and touch_mode == "pad" else device


def _tap(down: tuple[Payload, ...], up: tuple[Payload, ...], hold_s: float = HOLD_S) -> Gesture:
    return Gesture((Step(down, hold_s), Step(up, 0.03)))


def _keyboard() -> Iterator[Gesture]:
    while True:
        for name in _KEYS:
            yield Gesture(_keys(name), _keys(_OPPOSITES[name]) if name in _OPPOSITES else ())


def _keys(*names: str) -> tuple[Step, ...]:
    usages = [_KEYS[name] for name in names]
    return _tap(tuple(Key(usage, True) for usage in usages), tuple(Key(usage, False) for usage in usages)).steps


def _mouse() -> Iterator[Gesture]:
    left, lifted = MouseButton(0, True), MouseButton(0, False)
    while True:
        for x, y in _POINTS:
            yield Gesture((Step((_point(x, y),), 0.05), Step((left,), HOLD_S), Step((lifted,), 0.03)))
        yield _tap((_point(0.5, 0.5), MouseButton(2, True)), (MouseButton(2, False),))
        drag = Step((_point(0.3, 0.5), left), 0.05), Step((_point(0.6, 0.6),), 0.1)
        yield Gesture((*drag, Step((lifted, Wheel(0, 120)), 0.05)))


def _touch() -> Iterator[Gesture]:
    while True:
        for x, y in _POINTS:
            yield _tap((_finger(TouchPhase.DOWN, x, y),), (_finger(TouchPhase.UP, x, y),))
        swipe = (Step((_finger(TouchPhase.MOVE, share, 0.6),), 0.05) for share in (0.4, 0.5, 0.6))
        down, up = Step((_finger(TouchPhase.DOWN, 0.3, 0.5),), 0.05), Step((_finger(TouchPhase.UP, 0.6, 0.6),), 0.05)
        yield Gesture((down, *swipe, up))


def _pad() -> Iterator[Gesture]:
    yield Gesture((Step((_PLUGGED, _pad_state()), 0.2),))
    while True:
        for bit in _BUTTONS.values():
            yield _tap((_pad_state(1 << bit),), (_pad_state(),))
        for x, y in ((1, 0), (-1, 0), (0, 1), (0, -1)):
            there, back = (_tap((_pad_state(0, x * tilt, y * tilt),), (_pad_state(),), 2 * HOLD_S) for tilt in _TILTS)
            yield Gesture(there.steps, back.steps)


def _point(x: float, y: float) -> MouseAbs:
    return MouseAbs(round(x * 65535), round(y * 65535))


def _finger(phase: TouchPhase, x: float, y: float) -> Touch:
    return Touch(0, phase, round(x * 65535), round(y * 65535))


def _pad_state(buttons: int = 0, x: int = 0, y: int = 0) -> Pad:
    return Pad(0, buttons, (x, y, 0, 0, 0, 0))


_PLUGGED = PadPresence(0, True)
_GESTURES: Mapping[str, Callable[[], Iterator[Gesture]]] = {
    "keyboard": _keyboard, "mouse": _mouse, "touch": _touch, "pad": _pad,
}  # fmt: skip
_AT_ONCE = [name for name in _KEYS if name not in _NOT_AT_ONCE]
_EVERYTHING: Mapping[str, Gesture] = {
    "keyboard": Gesture(_keys(*_AT_ONCE), _keys(*(_OPPOSITES.get(name, name) for name in _AT_ONCE))),
    "mouse": _tap((_point(0.5, 0.5), MouseButton(0, True)), (MouseButton(0, False), _point(0.3, 0.3))),
    "touch": _tap((_finger(TouchPhase.DOWN, 0.5, 0.5),), (_finger(TouchPhase.UP, 0.5, 0.5),)),
    "pad": Gesture(*(_tap((_PLUGGED, _pad_state(1, tilt)), (_pad_state(),)).steps for tilt in _TILTS)),
}
