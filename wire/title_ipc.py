"""Messages between a session worker and its title process, one per datagram on a SOCK_SEQPACKET pair.

The title is untrusted: the worker checks every number, and pixels travel in a sealed memfd whose geometry the worker
alone decides (``RingLayout``). Descriptors are inherited at start; none ever travel on the pair.

Ring layout: one control page of 4096 bytes, then ``slots`` slots of ``slot_bytes`` each. The control page's first
u32 (native order) is the slot that the worker is reading, or ``NOT_READING``; the title draws into any other slot.
Pixels are 32-bit BGRX rows of ``width * 4`` bytes without padding, from the slot's first byte.

Messages, big-endian, first byte is the kind::

    title to worker                                          worker to title
    1 hello    u8 version | u32 pid                          65 input  u32 seq | u8 seat | event (wire.input_events)
    2 frame    u8 slot | u16 width | u16 height              66 quit
               | u32 frame_seq | u32 input_seq | u64 tick_ns 67 ping
                                                             68 shift  i32 later_us
                                                             69 stream u32 rtt_us | u8 lost_256ths | u32 video_bps
    3 cursor   as wire.frame_story kind 5, whole
    4 rumble   as wire.frame_story kind 10, whole
    5 text     as wire.frame_story kind 7, whole
    6 sound    u32 rate_hz | u8 channels | u8 signed | u8 bits
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import TypeAlias

from wire import frame_story
from wire.errors import Reason, WireError
from wire.input_events import InputEvent, decode_event, encode_event
from wire.limits import (
    PICTURE_MAX_HEIGHT_PX,
    PICTURE_MAX_WIDTH_PX,
    PICTURE_MIN_PX,
    SEATS_MAX,
    STORY_MESSAGE_MAX_BYTES,
)

IPC_VERSION = 2
RING_SLOTS = 3
RING_CONTROL_BYTES = 4096
NOT_READING = 0xFFFFFFFF
MESSAGE_MAX_BYTES = STORY_MESSAGE_MAX_BYTES + 16

_HELLO = struct.Struct("!BBI")
_FRAME = struct.Struct("!BBHHIIQ")
_SOUND = struct.Struct("!BIBBB")
_INPUT = struct.Struct("!BIB")
_SHIFT = struct.Struct("!Bi")
_STREAM = struct.Struct("!BIBI")


class IpcKind(IntEnum):
    """First byte of a message."""

    HELLO = 1
    FRAME = 2
    CURSOR = 3
    RUMBLE = 4
    TEXT_INPUT = 5
    SOUND = 6
    INPUT = 65
    QUIT = 66
    PING = 67
    SHIFT = 68
    STREAM = 69


@dataclass(frozen=True, slots=True)
class RingLayout:
    """Sizes of a frame ring, decided by the worker."""

    max_width: int = PICTURE_MAX_WIDTH_PX
    max_height: int = PICTURE_MAX_HEIGHT_PX
    slots: int = RING_SLOTS

    @property
    def slot_bytes(self) -> int:
        """Bytes of one slot, a multiple of the page size."""
        return -(-self.max_width * self.max_height * 4 // 4096) * 4096

    @property
    def total_bytes(self) -> int:
        """Bytes of the whole memfd."""
        return RING_CONTROL_BYTES + self.slots * self.slot_bytes

    def slot_offset(self, slot: int) -> int:
        """Return where a slot's pixels begin."""
        return RING_CONTROL_BYTES + slot * self.slot_bytes


@dataclass(frozen=True, slots=True)
class Hello:
    """The launcher runs."""

    pid: int


@dataclass(frozen=True, slots=True)
class Frame:
    """The title flipped: a new picture lies in a slot."""

    slot: int
    width: int
    height: int
    frame_seq: int
    """The title's flips so far."""
    input_seq: int
    """Newest event (of any participant, as numbered by the worker) that it had applied; 0 before any."""
    tick_ns: int
    """CLOCK_MONOTONIC at the flip."""


@dataclass(frozen=True, slots=True)
class Sound:
    """Format of what the title writes into the sound pipe."""

    rate_hz: int
    channels: int
    signed: bool
    bits: int


@dataclass(frozen=True, slots=True)
class Input:
    """An event for the title; ``seq`` is the worker's own count over all participants."""

    seq: int
    seat: int
    event: InputEvent


@dataclass(frozen=True, slots=True)
class Quit:
    """The title should end: it sees its window being closed."""


@dataclass(frozen=True, slots=True)
class Ping:
    """Needs no answer: that it was read from the socket shows that the title still takes input."""


@dataclass(frozen=True, slots=True)
class Shift:
    """The title's frames should come so much later than now (earlier if negative), by small steps."""

    later_us: int


@dataclass(frozen=True, slots=True)
class Stream:
    """How the picture reaches the seated player who is worst off; all zero while nobody is connected."""

    rtt_us: int = 0
    lost_256ths: int = 0
    """Packets lost since the report before, of 256 sent."""
    video_bps: int = 0


FromTitle: TypeAlias = Hello | Frame | frame_story.Cursor | frame_story.SeatRumble | frame_story.TextInput | Sound
ToTitle: TypeAlias = Input | Quit | Ping | Shift | Stream
_STORY_KINDS = {
    IpcKind.CURSOR: frame_story.StoryKind.CURSOR,
    IpcKind.RUMBLE: frame_story.StoryKind.SEAT_RUMBLE,
    IpcKind.TEXT_INPUT: frame_story.StoryKind.TEXT_INPUT,
}
_KIND_OF_STORY = {story: kind for kind, story in _STORY_KINDS.items()}


def encode_from_title(message: FromTitle) -> bytes:
    """Return a title's message as bytes (launcher side)."""
    match message:
        case Hello(pid):
            return _HELLO.pack(IpcKind.HELLO, IPC_VERSION, pid)
        case Frame(slot, width, height, frame_seq, input_seq, tick_ns):
            return _FRAME.pack(IpcKind.FRAME, slot, width, height, frame_seq % 2**32, input_seq, tick_ns)
        case Sound(rate_hz, channels, signed, bits):
            return _SOUND.pack(IpcKind.SOUND, rate_hz, channels, signed, bits)
        case _:
            raw = frame_story.encode_story(message)
            return bytes([_KIND_OF_STORY[frame_story.StoryKind(raw[0])]]) + raw


def decode_from_title(data: bytes, layout: RingLayout) -> FromTitle:
    """Read what an untrusted title sent.

    Raises:
        WireError: ``protocol_version``, ``unknown_type``, ``too_large`` or ``malformed``.
    """
    if not data or len(data) > MESSAGE_MAX_BYTES:
        raise WireError(Reason.TOO_LARGE if data else Reason.MALFORMED, f"title message of {len(data)} bytes")
    try:
        kind = IpcKind(data[0])
    except ValueError as error:
        raise WireError(Reason.UNKNOWN_TYPE, f"title message {data[0]}") from error
    try:
        if kind in _STORY_KINDS:
            return _decode_story(kind, data[1:])
        if kind is IpcKind.HELLO:
            return _decode_hello(data)
        if kind is IpcKind.FRAME:
            return _decode_frame(data, layout)
        if kind is IpcKind.SOUND:
            return _decode_sound(data)
    except struct.error as error:
        raise WireError(Reason.MALFORMED, f"title message: {error}") from error
    raise WireError(Reason.UNKNOWN_TYPE, f"title message {kind}")


def _decode_hello(data: bytes) -> Hello:
    _, version, pid = _HELLO.unpack(data)
    if version != IPC_VERSION:
        raise WireError(Reason.PROTOCOL_VERSION, f"title speaks {version}")
    return Hello(pid)


def _decode_frame(data: bytes, layout: RingLayout) -> Frame:
    frame = Frame(*_FRAME.unpack(data)[1:])
    if frame.slot >= layout.slots:
        raise WireError(Reason.MALFORMED, f"slot {frame.slot} of {layout.slots}")
    if not PICTURE_MIN_PX <= frame.width <= layout.max_width:
        raise WireError(Reason.MALFORMED, f"picture width {frame.width}")
    if not PICTURE_MIN_PX <= frame.height <= layout.max_height:
        raise WireError(Reason.MALFORMED, f"picture height {frame.height}")
    return frame


def _decode_sound(data: bytes) -> Sound:
    _, rate_hz, channels, signed, bits = _SOUND.unpack(data)
    if not 8000 <= rate_hz <= 192_000 or channels not in (1, 2) or bits not in (8, 16, 32) or signed > 1:
        raise WireError(Reason.MALFORMED, f"sound of {rate_hz} Hz, {channels} channels, {bits} bits")
    return Sound(rate_hz, channels, bool(signed), bits)


def _decode_story(kind: IpcKind, raw: bytes) -> frame_story.Cursor | frame_story.SeatRumble | frame_story.TextInput:
    story = frame_story.decode_story(raw)
    if not isinstance(story, (frame_story.Cursor, frame_story.SeatRumble, frame_story.TextInput)):
        raise WireError(Reason.MALFORMED, f"a title may not send {type(story).__name__}")
    if raw[0] != _STORY_KINDS[kind]:
        raise WireError(Reason.MALFORMED, "kind bytes disagree")
    return story


def encode_to_title(message: ToTitle) -> bytes:
    """Return a worker's message as bytes."""
    match message:
        case Input(seq, seat, event):
            if not 0 <= seat < SEATS_MAX:
                raise WireError(Reason.MALFORMED, f"seat {seat} of {SEATS_MAX}")
            return _INPUT.pack(IpcKind.INPUT, seq, seat) + encode_event(event)
        case Quit():
            return bytes([IpcKind.QUIT])
        case Ping():
            return bytes([IpcKind.PING])
        case Shift(later_us):
            return _SHIFT.pack(IpcKind.SHIFT, later_us)
        case Stream(rtt_us, lost_256ths, video_bps):
            return _STREAM.pack(IpcKind.STREAM, rtt_us, lost_256ths, video_bps)


def decode_to_title(data: bytes) -> ToTitle:
    """Read what the worker sent (launcher side).

    Raises:
        WireError: ``unknown_type`` or ``malformed``.
    """
    if data == bytes([IpcKind.QUIT]):
        return Quit()
    if data == bytes([IpcKind.PING]):
        return Ping()
    if data[:1] == bytes([IpcKind.SHIFT]) and len(data) == _SHIFT.size:
        return Shift(_SHIFT.unpack(data)[1])
    if data[:1] == bytes([IpcKind.STREAM]) and len(data) == _STREAM.size:
        return Stream(*_STREAM.unpack(data)[1:])
    if data[:1] != bytes([IpcKind.INPUT]) or len(data) < _INPUT.size:
        raise WireError(Reason.UNKNOWN_TYPE, "not a message for a title")
    _, seq, seat = _INPUT.unpack_from(data)
    event, end = decode_event(data, _INPUT.size)
    if end != len(data):
        raise WireError(Reason.MALFORMED, "bytes after the event")
    return Input(seq, seat, event)
