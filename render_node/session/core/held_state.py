"""What one participant holds down, so that lost or repeated news never leaves a key stuck or pressed twice."""

from __future__ import annotations

from collections.abc import Container, Iterable
from dataclasses import replace
from typing import TypeAlias

from wire.input_events import (
    InputEvent,
    Key,
    MouseButton,
    Pad,
    PadPresence,
    ReleaseAll,
    Touch,
    TouchPhase,
)

HELD_MAX = 256
"""Keys, buttons and fingers held at once; more than any player has, and a bound for a hostile page."""

_Thing: TypeAlias = tuple[type, int, int]
"""Kind, device and number of what is held."""


class HeldState:
    """Keys, buttons, fingers and pads of one participant; turns news into edges."""

    def __init__(self) -> None:
        self._held: dict[_Thing, InputEvent] = {}
        self._pads: dict[tuple[int, int], InputEvent] = {}
        self._present: dict[int, int] = {}

    def apply(self, event: InputEvent) -> list[InputEvent]:
        """Take one event and return what the title must hear of it: nothing if it changes nothing."""
        match event.payload:
            case Key(usage, down):
                return self._press((Key, event.device, usage), event, down)
            case MouseButton(button, down):
                return self._press((MouseButton, event.device, button), event, down)
            case Touch():
                return self._touch(event, event.payload)
            case Pad():
                return self._pad(event, event.payload)
            case PadPresence():
                return self._presence(event, event.payload)
            case ReleaseAll():
                return self.release_all()
            case _:
                return [event]

    def apply_snapshot(self, events: Iterable[InputEvent]) -> tuple[list[InputEvent], list[list[InputEvent]]]:
        """Take a description of all that is held.

        Returns:
            What is released because the snapshot does not name it, and what each of its events changes.
        """
        events = [self._as_held(event) for event in events]
        named = {thing for event in events if (thing := _thing_of(event)) is not None}
        pads = {(event.device, event.payload.index) for event in events if isinstance(event.payload, Pad)}
        released = [self._release(thing) for thing in list(self._held) if thing not in named]
        released += [self._neutral(pad) for pad in list(self._pads) if pad not in pads and self._is_used(pad)]
        plugged = {event.payload.index for event in events if isinstance(event.payload, PadPresence)}
        for index, device in list(self._present.items()):
            if index not in plugged:
                released += self.apply(InputEvent(PadPresence(index, False), device))
        return released, [self.apply(event) for event in events]

    def release_all(self) -> list[InputEvent]:
        """Release everything and return the events that say so."""
        released = [self._release(thing) for thing in list(self._held)]
        return released + [self._neutral(pad) for pad in list(self._pads) if self._is_used(pad)]

    def let_go(self, devices: Container[int]) -> list[InputEvent]:
        """Release what these devices hold, and unplug pads among them; a pad that moves again is plugged in anew."""
        released = [self._release(thing) for thing in list(self._held) if thing[1] in devices]
        for device, index in list(self._pads):
            if device in devices:
                if self._is_used((device, index)):
                    released.append(self._neutral((device, index)))
                del self._pads[device, index]
                self._present.pop(index, None)
                released.append(InputEvent(PadPresence(index, False), device))
        for index, device in list(self._present.items()):
            if device in devices:
                del self._present[index]
                released.append(InputEvent(PadPresence(index, False), device))
        return released

    def _press(self, thing: _Thing, event: InputEvent, down: bool) -> list[InputEvent]:
        if down == (thing in self._held) or (down and len(self._held) >= HELD_MAX):
            return []
        if down:
            self._held[thing] = event
        else:
            del self._held[thing]
        return [event]

    def _touch(self, event: InputEvent, touch: Touch) -> list[InputEvent]:
        thing = (Touch, event.device, touch.finger)
        held = self._held.get(thing)
        if touch.phase in (TouchPhase.UP, TouchPhase.CANCEL):
            return self._press(thing, event, down=False)
        if held is None:
            return self._press(thing, event, down=True) if touch.phase is TouchPhase.DOWN else []
        moved = replace(event, payload=replace(touch, phase=TouchPhase.MOVE))
        if isinstance(held.payload, Touch) and (held.payload.x, held.payload.y) == (touch.x, touch.y):
            return []
        self._held[thing] = moved
        return [moved]

    def _pad(self, event: InputEvent, pad: Pad) -> list[InputEvent]:
        key = (event.device, pad.index)
        known = self._pads.get(key)
        if known is not None and known.payload == pad:
            return []
        if known is None and len(self._pads) >= HELD_MAX:
            return []
        self._pads[key] = event
        return [event]

    def _presence(self, event: InputEvent, presence: PadPresence) -> list[InputEvent]:
        if presence.connected == (presence.index in self._present):
            return []
        if presence.connected:
            self._present[presence.index] = event.device
            return [event]
        del self._present[presence.index]
        gone = [pad for pad in self._pads if pad[1] == presence.index]
        released = [self._neutral(pad) for pad in gone if self._is_used(pad)]
        for pad in gone:
            del self._pads[pad]
        return [*released, event]

    def _as_held(self, event: InputEvent) -> InputEvent:
        """Return a snapshot's event with a finger that is down but unknown turned into one that comes down."""
        touch = event.payload
        if isinstance(touch, Touch) and touch.phase is TouchPhase.MOVE:
            return replace(event, payload=replace(touch, phase=TouchPhase.DOWN))
        return event

    def _is_used(self, pad: tuple[int, int]) -> bool:
        payload = self._pads[pad].payload
        return isinstance(payload, Pad) and (payload.buttons != 0 or any(payload.axes))

    def _neutral(self, pad: tuple[int, int]) -> InputEvent:
        device, index = pad
        event = InputEvent(Pad(index, 0, (0, 0, 0, 0, 0, 0)), device)
        self._pads[pad] = event
        return event

    def _release(self, thing: _Thing) -> InputEvent:
        held = self._held.pop(thing)
        match held.payload:
            case Key(usage, _):
                return InputEvent(Key(usage, False), held.device)
            case MouseButton(button, _):
                return InputEvent(MouseButton(button, False), held.device)
            case Touch() as touch:
                return InputEvent(replace(touch, phase=TouchPhase.CANCEL), held.device)
            case _:
                raise AssertionError(f"{held.payload!r} cannot be held")


def _thing_of(event: InputEvent) -> _Thing | None:
    match event.payload:
        case Key(usage, True):
            return (Key, event.device, usage)
        case MouseButton(button, True):
            return (MouseButton, event.device, button)
        case Touch(finger, TouchPhase.DOWN, _, _):
            return (Touch, event.device, finger)
        case _:
            return None
