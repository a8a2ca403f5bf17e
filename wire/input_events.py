"""The input batch: a player's events on an unordered, unreliable data channel.

A tab sends a batch every 4-8 ms while there is something to say. Event sequence numbers are 32 bits, start at 1 and
go on across peers and workers. Each batch repeats all events that the worker has not acknowledged; when those would
exceed 32 events or 250 ms, the tab sends a *snapshot* instead: everything that is held now, in place of what was
lost. Repeats are idempotent, so no edge is lost or applied twice.

Layout, big-endian::

    batch:  u8 version=1 | u8 flags (1 = snapshot) | u16 participant | u32 first_seq | u64 client_time_us
            | u8 count | events
    event:  u8 type | u8 device | u16 age (0.1 ms before client_time_us) | payload
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import TypeAlias

from wire.errors import Reason, WireError
from wire.limits import INPUT_BATCH_MAX_BYTES, INPUT_BATCH_MAX_EVENTS, INPUT_TEXT_MAX_BYTES, PADS_MAX

INPUT_VERSION = 1
"""Version byte of the batch; negotiated nowhere, a worker refuses others."""

FLAG_SNAPSHOT = 1
"""The events describe all that is held; what they do not name is released."""

SEQ_MODULUS = 2**32
"""Sequence numbers wrap here; compare with ``seq_delta``."""

_HEADER = struct.Struct("!BBHIQB")
_EVENT = struct.Struct("!BBH")


class EventType(IntEnum):
    """Type byte of an event."""

    KEY = 1
    TEXT = 2
    MOUSE_ABS = 3
    MOUSE_REL = 4
    MOUSE_BUTTON = 5
    WHEEL = 6
    TOUCH = 7
    PAD = 8
    PAD_PRESENCE = 9
    RELEASE_ALL = 10


class TouchPhase(IntEnum):
    """Phase byte of a touch."""

    DOWN = 0
    MOVE = 1
    UP = 2
    CANCEL = 3


@dataclass(frozen=True, slots=True)
class Key:
    """A key by USB HID usage (keyboard page), which is also its SDL scancode."""

    usage: int
    down: bool


@dataclass(frozen=True, slots=True)
class Text:
    """Text as the player's layout or input method made it; at most 64 bytes of UTF-8."""

    text: str


@dataclass(frozen=True, slots=True)
class MouseAbs:
    """Pointer position: 0 is the picture's left or top edge, 65535 its right or bottom one."""

    x: int
    y: int


@dataclass(frozen=True, slots=True)
class MouseRel:
    """Pointer movement in picture pixels, while the pointer is locked."""

    dx: int
    dy: int


@dataclass(frozen=True, slots=True)
class MouseButton:
    """A mouse button: 0 left, 1 middle, 2 right, 3 back, 4 forward (``MouseEvent.button``)."""

    button: int
    down: bool


@dataclass(frozen=True, slots=True)
class Wheel:
    """Wheel movement in 1/120 of a notch; positive is right and away from the player."""

    dx: int
    dy: int


@dataclass(frozen=True, slots=True)
class Touch:
    """One finger; position as ``MouseAbs``."""

    finger: int
    phase: TouchPhase
    x: int
    y: int


@dataclass(frozen=True, slots=True)
class Pad:
    """All of one pad: buttons as bits in W3C standard order; axes LX LY RX RY and triggers LT RT, these 0 at rest."""

    index: int
    buttons: int
    axes: tuple[int, int, int, int, int, int]


@dataclass(frozen=True, slots=True)
class PadPresence:
    """A pad was plugged in or out."""

    index: int
    connected: bool


@dataclass(frozen=True, slots=True)
class ReleaseAll:
    """The page lost focus: nothing is held any more."""


Payload: TypeAlias = Key | Text | MouseAbs | MouseRel | MouseButton | Wheel | Touch | Pad | PadPresence | ReleaseAll


@dataclass(frozen=True, slots=True)
class InputEvent:
    """One event of a device."""

    payload: Payload
    device: int = 0
    """The tab's number of the device: 0 keyboard, 1 pointer, 2 touch, 16+n pad n; the worker maps it to a seat."""
    age_100us: int = 0
    """Tenths of a millisecond between the event and the batch's ``client_time_us``; 65535 means that or more."""


@dataclass(frozen=True, slots=True)
class InputBatch:
    """A datagram of consecutive events."""

    participant: int
    first_seq: int
    """Sequence number of the first event; the others follow without gaps, modulo 2**32."""
    client_time_us: int
    """The page's monotonic clock when the batch was made."""
    events: tuple[InputEvent, ...]
    snapshot: bool = False


def seq_delta(newer: int, older: int) -> int:
    """Return ``newer - older`` as a signed 32-bit difference (RFC 1982)."""
    return (newer - older + 2**31) % SEQ_MODULUS - 2**31


_FIXED: dict[EventType, tuple[type, struct.Struct]] = {
    EventType.KEY: (Key, struct.Struct("!HB")),
    EventType.MOUSE_ABS: (MouseAbs, struct.Struct("!HH")),
    EventType.MOUSE_REL: (MouseRel, struct.Struct("!hh")),
    EventType.MOUSE_BUTTON: (MouseButton, struct.Struct("!BB")),
    EventType.WHEEL: (Wheel, struct.Struct("!hh")),
    EventType.TOUCH: (Touch, struct.Struct("!BBHH")),
    EventType.PAD: (Pad, struct.Struct("!BI6h")),
    EventType.PAD_PRESENCE: (PadPresence, struct.Struct("!BB")),
    EventType.RELEASE_ALL: (ReleaseAll, struct.Struct("")),
}
_TYPE_OF: dict[type, EventType] = {kind: code for code, (kind, _) in _FIXED.items()} | {Text: EventType.TEXT}


def encode_batch(batch: InputBatch) -> bytes:
    """Return the batch as bytes.

    Raises:
        WireError: ``too_many`` or ``too_large`` if it does not fit, ``malformed`` if a value is out of range.
    """
    if len(batch.events) > INPUT_BATCH_MAX_EVENTS:
        raise WireError(Reason.TOO_MANY, f"a batch holds {INPUT_BATCH_MAX_EVENTS} events")
    flags = FLAG_SNAPSHOT if batch.snapshot else 0
    try:
        parts = [
            _HEADER.pack(
                INPUT_VERSION,
                flags,
                batch.participant,
                batch.first_seq,
                batch.client_time_us,
                len(batch.events),
            )
        ]
        parts += [encode_event(event) for event in batch.events]
    except struct.error as error:
        raise WireError(Reason.MALFORMED, str(error)) from error
    data = b"".join(parts)
    if len(data) > INPUT_BATCH_MAX_BYTES:
        raise WireError(Reason.TOO_LARGE, f"a batch has {INPUT_BATCH_MAX_BYTES} bytes, this would be {len(data)}")
    return data


def encode_event(event: InputEvent) -> bytes:
    """Return one event as bytes; the same form travels on to the title.

    Raises:
        WireError: ``malformed`` if its text does not fit or is not valid Unicode.
        struct.error: a number is out of range.
    """
    payload = event.payload
    code = _TYPE_OF[type(payload)]
    head = _EVENT.pack(code, event.device, event.age_100us)
    if isinstance(payload, Text):
        raw = _utf8(payload.text)
        if not 0 < len(raw) <= INPUT_TEXT_MAX_BYTES:
            raise WireError(Reason.MALFORMED, f"text has 1..{INPUT_TEXT_MAX_BYTES} bytes")
        return head + bytes([len(raw)]) + raw
    return head + _FIXED[code][1].pack(*_values(payload))


def _utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise WireError(Reason.MALFORMED, "text is not valid Unicode") from error


def _values(payload: Payload) -> Sequence[int]:
    match payload:
        case Pad(index, buttons, axes):
            return (index, buttons, *axes)
        case Text() | ReleaseAll():
            return ()
        case _:
            return tuple(int(getattr(payload, name)) for name in payload.__match_args__)


def decode_batch(data: bytes) -> InputBatch:
    """Read a batch; every byte must be accounted for.

    Raises:
        WireError: ``too_large``, ``protocol_version``, ``too_many`` or ``malformed``.
    """
    if len(data) > INPUT_BATCH_MAX_BYTES:
        raise WireError(Reason.TOO_LARGE, f"input batch of {len(data)} bytes")
    if len(data) < _HEADER.size:
        raise WireError(Reason.MALFORMED, "input batch is shorter than its header")
    version, flags, participant, first_seq, client_time_us, count = _HEADER.unpack_from(data)
    if version != INPUT_VERSION:
        raise WireError(Reason.PROTOCOL_VERSION, f"input version {version}")
    if flags & ~FLAG_SNAPSHOT:
        raise WireError(Reason.MALFORMED, f"input flags {flags:#x}")
    if count > INPUT_BATCH_MAX_EVENTS:
        raise WireError(Reason.TOO_MANY, f"{count} events in a batch")
    events, offset = [], _HEADER.size
    for _ in range(count):
        event, offset = decode_event(data, offset)
        events.append(event)
    if offset != len(data):
        raise WireError(Reason.MALFORMED, "bytes after the last event")
    return InputBatch(participant, first_seq, client_time_us, tuple(events), bool(flags & FLAG_SNAPSHOT))


def decode_event(data: bytes, offset: int = 0) -> tuple[InputEvent, int]:
    """Read one event at ``offset``; return it and the offset behind it.

    Raises:
        WireError: ``malformed``.
    """
    try:
        code, device, age_100us = _EVENT.unpack_from(data, offset)
        offset += _EVENT.size
        if code == EventType.TEXT:
            payload, offset = _decode_text(data, offset)
        else:
            kind, layout = _FIXED[code]
            values = layout.unpack_from(data, offset)
            payload, offset = _CHECKED.get(kind, kind)(*values), offset + layout.size
    except (struct.error, KeyError, IndexError, ValueError) as error:
        raise WireError(Reason.MALFORMED, f"input event: {error!r}") from error
    return InputEvent(payload, device, age_100us), offset


def _decode_text(data: bytes, offset: int) -> tuple[Payload, int]:
    length = data[offset]
    raw = data[offset + 1 : offset + 1 + length]
    if not 0 < length <= INPUT_TEXT_MAX_BYTES or len(raw) != length:
        raise ValueError("bad text length")
    return Text(raw.decode("utf-8")), offset + 1 + length


def _flag(value: int) -> bool:
    if value not in (0, 1):
        raise ValueError(f"a flag is 0 or 1, got {value}")
    return bool(value)


def _pad_index(value: int) -> int:
    if value >= PADS_MAX:
        raise ValueError(f"pad {value} of {PADS_MAX}")
    return value


def _key(usage: int, down: int) -> Key:
    if not 0 < usage < 512:
        raise ValueError(f"key usage {usage}")
    return Key(usage, _flag(down))


def _button(button: int, down: int) -> MouseButton:
    if button > 4:
        raise ValueError(f"mouse button {button}")
    return MouseButton(button, _flag(down))


def _pad(index: int, buttons: int, lx: int, ly: int, rx: int, ry: int, lt: int, rt: int) -> Pad:
    return Pad(_pad_index(index), buttons, (lx, ly, rx, ry, lt, rt))


_CHECKED: dict[type, Callable[..., Payload]] = {
    Key: _key,
    MouseButton: _button,
    Touch: lambda finger, phase, x, y: Touch(finger, TouchPhase(phase), x, y),
    Pad: _pad,
    PadPresence: lambda index, connected: PadPresence(_pad_index(index), _flag(connected)),
}
