"""From events to what a tick sees: held keys, sticks, pointers and fingers of every seat. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from farplay_sdk.events import Event
from farplay_sdk.inputs import SEATS, Button, Inputs, Keyboard, Pad, Pointer, Seat, Touch

_LEFT, _RIGHT, _UP, _DOWN = {4, 80}, {7, 79}, {26, 82}, {22, 81}
"""WASD by place, and the arrow keys."""
_BUTTON_OF_KEY = {
    44: Button.A, 40: Button.A, 88: Button.A, 225: Button.B, 229: Button.B, 224: Button.X, 228: Button.X,
    42: Button.BACK, 41: Button.START,
}  # fmt: skip
_AXIS_MAX = 32767
_NOTCH = 120
FINGER_DOWN, FINGER_MOVE = 0, 1
_RESTING: tuple[int, ...] = (0, 0, 0, 0, 0, 0, 0)
_Xy = tuple[float, float]


class Edges:
    """A set of held codes with its edges since the last tick."""

    def __init__(self) -> None:
        self.held: set[int] = set()
        self.presses: set[int] = set()
        self.releases: set[int] = set()

    def put(self, code: int, down: bool) -> None:
        """Take an edge; one that changes nothing is none."""
        if down and code not in self.held:
            self.held.add(code)
            self.presses.add(code)
        elif not down and code in self.held:
            self.held.remove(code)
            self.releases.add(code)

    def become(self, held: set[int]) -> None:
        """Take all edges from what is held to ``held``."""
        for code in self.held - held:
            self.put(code, False)
        for code in held - self.held:
            self.put(code, True)

    def forget_edges(self) -> None:
        """A tick has seen them."""
        self.presses.clear()
        self.releases.clear()

    def view(self) -> tuple[frozenset[int], frozenset[int], frozenset[int]]:
        """Return what is down, with taps shorter than a tick, and both edges."""
        return frozenset(self.held | self.presses), frozenset(self.presses), frozenset(self.releases)


class SeatDevices:
    """The devices of one seat."""

    def __init__(self, size: tuple[int, int]) -> None:
        self._right, self._bottom = float(size[0] - 1), float(size[1] - 1)
        self._keys, self._buttons, self._pad_buttons = Edges(), Edges(), Edges()
        self._pads: dict[int, tuple[int, ...]] = {}
        self._xy: _Xy = (0.0, 0.0)
        self._fingers: dict[int, Touch] = {}
        self._first_finger: int | None = None
        self._text = ""
        self._moved: _Xy = (0.0, 0.0)
        self._wheel: _Xy = (0.0, 0.0)

    def apply(self, kind: str, values: tuple[Any, ...]) -> None:
        """Take one event's values."""
        getattr(self, f"_on_{kind}")(*values)

    def view(self) -> Seat:
        """Return what this tick sees, and begin the next one."""
        seat = Seat(
            Keyboard(*self._keys.view(), text=self._text),
            Pad(*self._pad_buttons.view(), *self._sticks()),
            Pointer(*self._buttons.view(), *self._xy, *self._moved, wheel=self._wheel),
            tuple(self._fingers.values()),
        )
        for edges in (self._keys, self._buttons, self._pad_buttons):
            edges.forget_edges()
        self._fingers = {
            number: Touch(number, touch.x, touch.y, False, False)
            for number, touch in self._fingers.items()
            if not touch.ended
        }
        self._text, self._moved, self._wheel = "", (0.0, 0.0), (0.0, 0.0)
        return seat

    def held(self) -> dict[str, Any]:
        """Return what lasts from tick to tick, for JSON; nothing else is there between two ticks."""
        return {
            "keys": sorted(self._keys.held),
            "buttons": sorted(self._buttons.held),
            "pad_buttons": sorted(self._pad_buttons.held),
            "pads": sorted([index, *values] for index, values in self._pads.items()),
            "xy": list(self._xy),
            "fingers": [[touch.finger, touch.x, touch.y] for touch in self._fingers.values()],
            "first_finger": self._first_finger,
        }

    def hold(self, held: dict[str, Any]) -> None:
        """Become what ``held`` returned.

        Raises:
            ValueError, TypeError, KeyError: it is none of ours.
        """
        for edges, name in ((self._keys, "keys"), (self._buttons, "buttons"), (self._pad_buttons, "pad_buttons")):
            edges.held = {int(code) for code in held[name]}
            edges.forget_edges()
        self._pads = {int(pad[0]): tuple(int(value) for value in pad[1:]) for pad in held["pads"]}
        x, y = held["xy"]
        self._xy = (float(x), float(y))
        self._fingers = {int(n): Touch(int(n), float(x), float(y), False, False) for n, x, y in held["fingers"]}
        self._first_finger = None if held["first_finger"] is None else int(held["first_finger"])

    def _on_key(self, usage: int, down: int) -> None:
        self._keys.put(usage, bool(down))
        self._merge_buttons()

    def _on_text(self, text: str) -> None:
        self._text += text

    def _on_point(self, x: int, y: int) -> None:
        self._move_to(x, y)

    def _on_move(self, dx: int, dy: int) -> None:
        self._moved = (self._moved[0] + dx, self._moved[1] + dy)
        x, y = self._xy
        self._xy = (min(max(x + dx, 0.0), self._right), min(max(y + dy, 0.0), self._bottom))

    def _on_button(self, number: int, down: int) -> None:
        self._buttons.put(number, bool(down))

    def _on_wheel(self, dx: int, dy: int) -> None:
        self._wheel = (self._wheel[0] + dx / _NOTCH, self._wheel[1] + dy / _NOTCH)

    def _on_touch(self, finger: int, phase: int, x: int, y: int) -> None:
        known = self._fingers.get(finger)
        resting = known is None or known.ended
        if resting != (phase == FINGER_DOWN):
            return
        began = phase == FINGER_DOWN or (known is not None and known.began)
        ended = phase not in (FINGER_DOWN, FINGER_MOVE)
        self._fingers[finger] = Touch(finger, *self._pixels(x, y), began, ended)
        if phase == FINGER_DOWN and self._first_finger is None:
            self._first_finger = finger
            self._xy = self._pixels(x, y)
            self._buttons.put(0, True)
        elif finger == self._first_finger:
            self._move_to(x, y)
            if ended:
                self._first_finger = None
                self._buttons.put(0, False)

    def _on_pad(self, index: int, buttons: int, *axes: int) -> None:
        self._pads[index] = (buttons, *axes)
        self._merge_buttons()

    def _on_plug(self, index: int, connected: int) -> None:
        if not connected:
            self._pads.pop(index, None)
            self._merge_buttons()

    def _on_release(self) -> None:
        self._keys.become(set())
        self._buttons.become(set())
        self._pads.clear()
        self._merge_buttons()
        self._first_finger = None
        for number, touch in self._fingers.items():
            self._fingers[number] = Touch(number, touch.x, touch.y, touch.began, True)

    def _pixels(self, x: int, y: int) -> _Xy:
        return x * self._right / 65535, y * self._bottom / 65535

    def _move_to(self, x: int, y: int) -> None:
        before, self._xy = self._xy, self._pixels(x, y)
        self._moved = (self._moved[0] + self._xy[0] - before[0], self._moved[1] + self._xy[1] - before[1])

    def _merge_buttons(self) -> None:
        """Take the edges of the pad that all pads and the keys make together, one event at a time."""
        held = {int(_BUTTON_OF_KEY[usage]) for usage in self._keys.held if usage in _BUTTON_OF_KEY}
        for buttons, *_ in self._pads.values():
            held |= {button for button in range(len(Button)) if buttons >> button & 1}
        self._pad_buttons.become(held)

    def _sticks(self) -> tuple[_Xy, _Xy, _Xy]:
        """Return left and right stick and the triggers; of several the one that is furthest out."""
        keys = self._keys.held | self._keys.presses
        lefts = [(float(bool(keys & _RIGHT) - bool(keys & _LEFT)), float(bool(keys & _DOWN) - bool(keys & _UP)))]
        pressed = self._pad_buttons.held | self._pad_buttons.presses
        lefts.append(
            (
                float((Button.RIGHT in pressed) - (Button.LEFT in pressed)),
                float((Button.DOWN in pressed) - (Button.UP in pressed)),
            )
        )
        pads = [[max(axis / _AXIS_MAX, -1.0) for axis in values[1:]] for values in (*self._pads.values(), _RESTING)]
        lefts += [(axes[0], axes[1]) for axes in pads]
        return (
            max(lefts, key=_length),
            max(((axes[2], axes[3]) for axes in pads), key=_length),
            (max(max(axes[4], 0.0) for axes in pads), max(max(axes[5], 0.0) for axes in pads)),
        )


def _length(stick: _Xy) -> float:
    return stick[0] * stick[0] + stick[1] * stick[1]


class Devices:
    """All seats; those that nobody ever used cost nothing."""

    def __init__(self, size: tuple[int, int]) -> None:
        self._size = size
        self._seats: dict[int, SeatDevices] = {}

    @property
    def in_use(self) -> tuple[int, ...]:
        """Seats that were ever used."""
        return tuple(sorted(self._seats))

    def view(self, tick: int, events: Iterable[Event]) -> Inputs:
        """Take the events of one tick and return what it sees."""
        for seat, kind, *values in events:
            assert isinstance(seat, int)
            self._seat(seat).apply(str(kind), tuple(values))
        seats = [Seat()] * SEATS
        for number, devices in self._seats.items():
            seats[number] = devices.view()
        return Inputs(tick, tuple(seats))

    def held(self) -> dict[str, Any]:
        """Return what lasts from tick to tick, for JSON."""
        return {str(number): devices.held() for number, devices in sorted(self._seats.items())}

    def hold(self, held: dict[str, Any]) -> None:
        """Become what ``held`` returned.

        Raises:
            ValueError, TypeError, KeyError, AttributeError: it is none of ours.
        """
        self._seats.clear()
        for number, devices in held.items():
            if not 0 <= int(number) < SEATS:
                raise ValueError(f"seat {number} of {SEATS}")
            self._seat(int(number)).hold(devices)

    def _seat(self, number: int) -> SeatDevices:
        return self._seats.setdefault(number, SeatDevices(self._size))
