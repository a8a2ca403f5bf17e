"""From the worker's input to the SDK's events. Pure."""

from __future__ import annotations

from farplay_sdk.events import Event
from wire.input_events import (
    Key,
    MouseAbs,
    MouseButton,
    MouseRel,
    Pad,
    PadPresence,
    Payload,
    ReleaseAll,
    Text,
    Touch,
    Wheel,
)

_KIND_OF: dict[type, str] = {
    Key: "key",
    Text: "text",
    MouseAbs: "point",
    MouseRel: "move",
    MouseButton: "button",
    Wheel: "wheel",
    Touch: "touch",
    Pad: "pad",
    PadPresence: "plug",
    ReleaseAll: "release",
}


def sdk_event(seat: int, payload: Payload) -> Event:
    """Return what ``farplay_sdk.events`` calls it; both list the values in the same order."""
    kind = _KIND_OF[type(payload)]
    match payload:
        case Pad(index, buttons, axes):
            return (seat, kind, index, buttons, *axes)
        case Text(text):
            return (seat, kind, text)
        case ReleaseAll():
            return (seat, kind)
        case _:
            return (seat, kind, *(int(getattr(payload, name)) for name in payload.__match_args__))
