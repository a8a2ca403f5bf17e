"""The story channel: what a page must know about each frame, and small latest-wins news beside it.

A page cannot read RTP header extensions, so one binary record per frame travels on a second unordered, unreliable
data channel, keyed by the frame's RTP timestamp. Times are the worker's monotonic clock in microseconds; the page
maps them to its own with four-timestamp exchanges (RFC 5905 §8) of which it trusts those with the least round trip.

Layout, big-endian; the first byte is the kind::

    1 frame     u8 1 | u8 flags (1 = keyframe) | u32 rtp_ts | u32 frame_id | u32 input_seq | u32 ack_seq | u32 bytes
                | u64 tick_us | u32 capture_dus | u32 encoded_dus | u32 sent_dus | i32 input_received_dus
    2 clock?    u8 2 | u64 client_us                                           (page to worker)
    3 clock!    u8 3 | u64 client_us | u64 received_us | u64 sent_us           (worker to page)
    4 ack       u8 4 | u32 ack_seq
    5 cursor    u8 5 | u8 flags (1 visible, 2 relative wanted) | u8 width | u8 height | u8 hot_x | u8 hot_y | RGBA
    7 text      u8 7 | u8 wanted                                               (the title asks for text input)
    8 absence   u8 8 | u8 presence | u32 next_s                                (nobody has played for a while)
    9 phase     u8 9 | i32 later_us                                            (page to worker)
    10 rumble   u8 10 | u8 seat | u8 pad | u16 low | u16 high | u16 duration_ms
    11 report   u8 11 | u32 rtp_ts                   (page to worker, on a channel of its own)
    12 display  u8 12 | u16 refresh_hz | u8 decoded_pct                        (page to worker)
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any, TypeAlias

from wire.errors import Reason, WireError
from wire.limits import (
    CURSOR_MAX_PX,
    PADS_MAX,
    PHASE_SHIFT_MAX_US,
    REFRESH_MAX_HZ,
    SEATS_MAX,
    STORY_MESSAGE_MAX_BYTES,
)

FLAG_KEYFRAME = 1
FLAG_VISIBLE = 1
FLAG_RELATIVE = 2

NO_INPUT_US = -(2**31)
"""``input_received_dus`` of a frame that no input preceded."""


class StoryKind(IntEnum):
    """First byte of a story message."""

    FRAME = 1
    CLOCK_REQUEST = 2
    CLOCK_REPLY = 3
    ACK = 4
    CURSOR = 5
    TEXT_INPUT = 7
    ABSENCE = 8
    DISPLAY_PHASE = 9
    SEAT_RUMBLE = 10
    FRAME_REPORT = 11
    DISPLAY = 12


class Presence(IntEnum):
    """Whether anybody plays, as far as input tells."""

    HERE = 0
    WARNED = 1
    """The session pauses soon."""
    AWAY = 2
    """Paused: no media until the next input."""


@dataclass(frozen=True, slots=True)
class FrameStory:
    """One frame from tick to wire."""

    rtp_ts: int
    """Timestamp in the frame's RTP packets, 90 kHz, as ``requestVideoFrameCallback`` shows it."""
    frame_id: int
    """The worker's count of encoded frames, modulo 2**32."""
    input_seq: int
    """Newest event of this participant that the title had applied when it drew the frame; 0 before any."""
    ack_seq: int
    """Newest event up to which the worker has received all; the page stops repeating those."""
    size_bytes: int
    """Encoded size."""
    tick_us: int
    """When the title flipped the frame."""
    capture_dus: int
    """Microseconds from tick until the worker had the frame."""
    encoded_dus: int
    """Microseconds from tick until it was encoded."""
    sent_dus: int
    """Microseconds from tick until its last packet was handed to the socket."""
    input_received_dus: int = NO_INPUT_US
    """Microseconds from tick to the arrival of event ``input_seq`` (negative: it came before the tick)."""
    keyframe: bool = False


@dataclass(frozen=True, slots=True)
class ClockRequest:
    """The page asks for the worker's clock."""

    client_us: int


@dataclass(frozen=True, slots=True)
class ClockReply:
    """The worker's answer; with the page's arrival time these are the four timestamps."""

    client_us: int
    received_us: int
    sent_us: int


@dataclass(frozen=True, slots=True)
class Ack:
    """Input received up to here, sent when no frame carries it."""

    ack_seq: int


@dataclass(frozen=True, slots=True)
class Cursor:
    """The title's cursor; an empty image keeps the last one."""

    visible: bool
    relative: bool
    """The title wants relative movement (pointer lock)."""
    width: int = 0
    height: int = 0
    hot_x: int = 0
    hot_y: int = 0
    rgba: bytes = b""
    """``width * height * 4`` bytes, rows from the top."""


@dataclass(frozen=True, slots=True)
class SeatRumble:
    """Motor strengths 0..65535 for a pad of whoever holds a seat."""

    seat: int
    pad: int
    """The number that the seat's own page gives the pad."""
    low: int
    high: int
    duration_ms: int


@dataclass(frozen=True, slots=True)
class TextInput:
    """The title starts or stops to take text; phones show their keyboard."""

    wanted: bool


@dataclass(frozen=True, slots=True)
class Absence:
    """Nobody has played for a while, or somebody does again."""

    presence: Presence
    next_s: int
    """Seconds to the pause, or once paused to the session's end."""


@dataclass(frozen=True, slots=True)
class DisplayPhase:
    """The page asks for frames at another moment between two refreshes of its display."""

    later_us: int
    """So much later than now; earlier if negative. Within ``PHASE_SHIFT_MAX_US`` either way."""


@dataclass(frozen=True, slots=True)
class FrameReport:
    """The page has decoded a frame, so all of its packets came, and all before it came or are given up."""

    rtp_ts: int


@dataclass(frozen=True, slots=True)
class Display:
    """How many frames the page can show."""

    refresh_hz: int
    """Of its display, 1 to ``REFRESH_MAX_HZ``."""
    decoded_pct: int
    """Of the frames that came whole lately, how many of 100 it decoded."""


Story: TypeAlias = (
    FrameStory | ClockRequest | ClockReply | Ack | Cursor | TextInput | Absence | DisplayPhase | SeatRumble
    | FrameReport | Display
)  # fmt: skip

_FRAME = struct.Struct("!BBIIIIIQIIIi")
_CLOCK_REQUEST = struct.Struct("!BQ")
_CLOCK_REPLY = struct.Struct("!BQQQ")
_ACK = struct.Struct("!BI")
_CURSOR = struct.Struct("!BBBBBB")
_TEXT = struct.Struct("!BB")
_ABSENCE = struct.Struct("!BBI")
_DISPLAY_PHASE = struct.Struct("!Bi")
_SEAT_RUMBLE = struct.Struct("!BBBHHH")
_FRAME_REPORT = struct.Struct("!BI")
_DISPLAY = struct.Struct("!BHB")
_U32 = 0xFFFFFFFF


def encode_story(story: Story) -> bytes:
    """Return a story message as bytes.

    Raises:
        WireError: ``malformed`` if a value is out of range, ``too_large`` for an oversized cursor.
    """
    try:
        return _ENCODERS[type(story)](story)
    except struct.error as error:
        raise WireError(Reason.MALFORMED, str(error)) from error


def _encode_frame(story: FrameStory) -> bytes:
    return _FRAME.pack(
        StoryKind.FRAME, FLAG_KEYFRAME if story.keyframe else 0, story.rtp_ts, story.frame_id, story.input_seq,
        story.ack_seq, story.size_bytes, story.tick_us, min(story.capture_dus, _U32), min(story.encoded_dus, _U32),
        min(story.sent_dus, _U32), max(min(story.input_received_dus, 2**31 - 1), NO_INPUT_US),
    )  # fmt: skip


def _encode_cursor(cursor: Cursor) -> bytes:
    _check_cursor(cursor.width, cursor.height, len(cursor.rgba))
    flags = (FLAG_VISIBLE if cursor.visible else 0) | (FLAG_RELATIVE if cursor.relative else 0)
    head = _CURSOR.pack(StoryKind.CURSOR, flags, cursor.width, cursor.height, cursor.hot_x, cursor.hot_y)
    return head + cursor.rgba


def _check_cursor(width: int, height: int, size_bytes: int) -> None:
    if max(width, height) > CURSOR_MAX_PX:
        raise WireError(Reason.TOO_LARGE, f"a cursor has at most {CURSOR_MAX_PX}x{CURSOR_MAX_PX} pixels")
    if size_bytes != width * height * 4:
        raise WireError(Reason.MALFORMED, f"cursor of {width}x{height} with {size_bytes} bytes")


def decode_story(data: bytes) -> Story:
    """Read a story message.

    Raises:
        WireError: ``too_large``, ``unknown_type`` or ``malformed``.
    """
    if len(data) > STORY_MESSAGE_MAX_BYTES:
        raise WireError(Reason.TOO_LARGE, f"story message of {len(data)} bytes")
    if not data:
        raise WireError(Reason.MALFORMED, "empty story message")
    try:
        kind = StoryKind(data[0])
    except ValueError as error:
        raise WireError(Reason.UNKNOWN_TYPE, f"story kind {data[0]}") from error
    try:
        return _DECODERS[kind](data)
    except struct.error as error:
        raise WireError(Reason.MALFORMED, f"{kind.name.lower()} story of {len(data)} bytes") from error


def _decode_frame(data: bytes) -> FrameStory:
    _, flags, *values = _FRAME.unpack(data)
    if flags & ~FLAG_KEYFRAME:
        raise WireError(Reason.MALFORMED, f"frame flags {flags:#x}")
    return replace(FrameStory(*values), keyframe=bool(flags))


def _decode_text_input(data: bytes) -> TextInput:
    wanted = _TEXT.unpack(data)[1]
    if wanted > 1:
        raise WireError(Reason.MALFORMED, f"text input flag {wanted}")
    return TextInput(bool(wanted))


def _decode_absence(data: bytes) -> Absence:
    _, presence, next_s = _ABSENCE.unpack(data)
    if presence > max(Presence):
        raise WireError(Reason.MALFORMED, f"presence {presence}")
    return Absence(Presence(presence), next_s)


def _decode_display_phase(data: bytes) -> DisplayPhase:
    later_us = _DISPLAY_PHASE.unpack(data)[1]
    if abs(later_us) > PHASE_SHIFT_MAX_US:
        raise WireError(Reason.MALFORMED, f"a shift of {later_us} µs")
    return DisplayPhase(later_us)


def _decode_display(data: bytes) -> Display:
    display = Display(*_DISPLAY.unpack(data)[1:])
    if not 1 <= display.refresh_hz <= REFRESH_MAX_HZ or display.decoded_pct > 100:
        raise WireError(Reason.MALFORMED, f"{display.refresh_hz} Hz, {display.decoded_pct}% decoded")
    return display


def _decode_cursor(data: bytes) -> Cursor:
    _, flags, width, height, hot_x, hot_y = _CURSOR.unpack_from(data)
    rgba = data[_CURSOR.size :]
    if flags & ~(FLAG_VISIBLE | FLAG_RELATIVE):
        raise WireError(Reason.MALFORMED, f"cursor flags {flags:#x}")
    _check_cursor(width, height, len(rgba))
    return Cursor(bool(flags & FLAG_VISIBLE), bool(flags & FLAG_RELATIVE), width, height, hot_x, hot_y, rgba)


def _decode_seat_rumble(data: bytes) -> SeatRumble:
    rumble = SeatRumble(*_SEAT_RUMBLE.unpack(data)[1:])
    if rumble.seat >= SEATS_MAX or rumble.pad >= PADS_MAX:
        raise WireError(Reason.MALFORMED, f"seat {rumble.seat} of {SEATS_MAX}, pad {rumble.pad} of {PADS_MAX}")
    return rumble


_ENCODERS: Mapping[type[Story], Callable[[Any], bytes]] = {
    FrameStory: _encode_frame,
    ClockRequest: lambda story: _CLOCK_REQUEST.pack(StoryKind.CLOCK_REQUEST, story.client_us),
    ClockReply: lambda story: _CLOCK_REPLY.pack(
        StoryKind.CLOCK_REPLY, story.client_us, story.received_us, story.sent_us
    ),
    Ack: lambda story: _ACK.pack(StoryKind.ACK, story.ack_seq),
    Cursor: _encode_cursor,
    TextInput: lambda story: _TEXT.pack(StoryKind.TEXT_INPUT, int(story.wanted)),
    Absence: lambda story: _ABSENCE.pack(StoryKind.ABSENCE, story.presence, story.next_s),
    DisplayPhase: lambda story: _DISPLAY_PHASE.pack(StoryKind.DISPLAY_PHASE, story.later_us),
    SeatRumble: lambda story: _SEAT_RUMBLE.pack(
        StoryKind.SEAT_RUMBLE, story.seat, story.pad, story.low, story.high, story.duration_ms
    ),
    FrameReport: lambda story: _FRAME_REPORT.pack(StoryKind.FRAME_REPORT, story.rtp_ts),
    Display: lambda story: _DISPLAY.pack(StoryKind.DISPLAY, story.refresh_hz, story.decoded_pct),
}

_DECODERS: Mapping[StoryKind, Callable[[bytes], Story]] = {
    StoryKind.FRAME: _decode_frame,
    StoryKind.CLOCK_REQUEST: lambda data: ClockRequest(_CLOCK_REQUEST.unpack(data)[1]),
    StoryKind.CLOCK_REPLY: lambda data: ClockReply(*_CLOCK_REPLY.unpack(data)[1:]),
    StoryKind.ACK: lambda data: Ack(_ACK.unpack(data)[1]),
    StoryKind.CURSOR: _decode_cursor,
    StoryKind.TEXT_INPUT: _decode_text_input,
    StoryKind.ABSENCE: _decode_absence,
    StoryKind.DISPLAY_PHASE: _decode_display_phase,
    StoryKind.SEAT_RUMBLE: _decode_seat_rumble,
    StoryKind.FRAME_REPORT: lambda data: FrameReport(_FRAME_REPORT.unpack(data)[1]),
    StoryKind.DISPLAY: _decode_display,
}
