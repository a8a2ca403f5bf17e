"""The part of the X11 protocol that the capturer speaks, as bytes. Pure.

Little-endian on the wire, whatever the machine is. Requests are built, and what the server sends is cut into setup,
replies, events and errors. Extensions: DAMAGE 1.1 (what has changed), XTEST 2.2 (keys and mouse), XFIXES 4 (the
cursor). Source: X Window System Protocol, X Version 11, and the extensions' protocol texts.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import TypeAlias

SETUP_REQUEST = struct.pack("<BxHHHHxx", ord("l"), 11, 0, 0, 0)
SUBSTRUCTURE_NOTIFY = 0x80000
DAMAGE_NON_EMPTY = 3
"""One event when something has changed, and none until the damage was subtracted."""

EVENT_BYTES = 32
SETUP_HEAD_BYTES = 8
_ERROR, _REPLY = 0, 1
_SENT_BIT = 0x80
"""Set in events that another client sent."""


class Fake(IntEnum):
    """What XTEST pretends."""

    KEY_PRESS = 2
    KEY_RELEASE = 3
    BUTTON_PRESS = 4
    BUTTON_RELEASE = 5
    MOTION = 6


class EventCode(IntEnum):
    """Core events about top-level windows."""

    CREATE = 16
    DESTROY = 17
    UNMAP = 18
    MAP = 19
    CONFIGURE = 22


class BadX11(Exception):
    """The server said something that it must not; the text says what."""


@dataclass(frozen=True, slots=True)
class Setup:
    """What the server says at first."""

    id_base: int
    """From here on the client numbers what it makes."""
    root: int
    """The screen's window."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The answer to a request; ``data`` are all its bytes."""

    sequence: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Event:
    """Something happened; ``data`` are its 32 bytes."""

    code: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Refusal:
    """The server refused a request, such as one about a window that is gone."""

    code: int
    sequence: int


Incoming: TypeAlias = Reply | Event | Refusal


@dataclass(frozen=True, slots=True)
class Extension:
    """Where an extension's requests and events begin."""

    opcode: int
    first_event: int


@dataclass(frozen=True, slots=True)
class CursorImage:
    """The pointer's picture."""

    width: int
    height: int
    hot_x: int
    hot_y: int
    argb: bytes
    """32-bit little-endian pixels, colour multiplied by opacity."""


def setup_bytes(head: bytes) -> int:
    """Return how many bytes follow the first eight of the server's setup.

    Raises:
        BadX11: the server refuses the connection.
    """
    status, _, _, _, units = struct.unpack("<BBHHH", head)
    if status != 1:
        raise BadX11(f"the X server refuses the connection (status {status})")
    return int(units) * 4


def read_setup(body: bytes) -> Setup:
    """Read what follows the first eight bytes.

    Raises:
        BadX11: it is cut short.
    """
    try:
        id_base, vendor_bytes, formats = struct.unpack_from("<4xI8xH3xB", body)
        (root,) = struct.unpack_from("<I", body, 32 + -(-vendor_bytes // 4) * 4 + 8 * formats)
    except struct.error as error:
        raise BadX11(f"setup: {error}") from error
    return Setup(id_base, root)


class Splitter:
    """Cuts the server's stream into messages, however it arrives."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[Incoming]:
        """Take bytes and return the messages that are whole now."""
        self._buffer += data
        found = []
        while (size := self._size()) <= len(self._buffer):
            found.append(_read(bytes(self._buffer[:size])))
            del self._buffer[:size]
        return found

    def _size(self) -> int:
        if len(self._buffer) < EVENT_BYTES or self._buffer[0] != _REPLY:
            return EVENT_BYTES
        (units,) = struct.unpack_from("<I", self._buffer, 4)
        return EVENT_BYTES + int(units) * 4


def _read(data: bytes) -> Incoming:
    (sequence,) = struct.unpack_from("<H", data, 2)
    if data[0] == _ERROR:
        return Refusal(data[1], sequence)
    if data[0] == _REPLY:
        return Reply(sequence, data)
    return Event(data[0] & ~_SENT_BIT, data)


def _request(opcode: int, detail: int, body: bytes = b"") -> bytes:
    return struct.pack("<BBH", opcode, detail, 1 + len(body) // 4) + body


def query_extension(name: str) -> bytes:
    """Ask for an extension by name."""
    raw = name.encode()
    return _request(98, 0, struct.pack("<Hxx", len(raw)) + raw + bytes(-len(raw) % 4))


def read_extension(reply: Reply, name: str) -> Extension:
    """Read the answer.

    Raises:
        BadX11: the server lacks it.
    """
    present, opcode, first_event = struct.unpack_from("<8xBBB", reply.data)
    if not present:
        raise BadX11(f"the X server has no {name}")
    return Extension(opcode, first_event)


def get_input_focus() -> bytes:
    """Ask something that has a quick answer: by it everything before has been done."""
    return _request(43, 0)


def grab_server() -> bytes:
    """Let no other client draw."""
    return _request(36, 0)


def ungrab_server() -> bytes:
    """Let the others draw again."""
    return _request(37, 0)


def select_events(window: int, mask: int) -> bytes:
    """Ask to be told of events (ChangeWindowAttributes)."""
    return _request(2, 0, struct.pack("<III", window, 0x800, mask))


def set_input_focus(window: int) -> bytes:
    """Give a window the keyboard; when it goes, whatever is under the pointer has it."""
    pointer_root, current_time = 1, 0
    return _request(42, pointer_root, struct.pack("<II", window, current_time))


def extension_version(extension: Extension, major: int, minor: int) -> bytes:
    """Tell DAMAGE or XFIXES which version is spoken, which must come first."""
    return _request(extension.opcode, 0, struct.pack("<II", major, minor))


def create_damage(damage: Extension, damage_id: int, drawable: int) -> bytes:
    """Ask to be told when something in a window and those in it has changed."""
    return _request(damage.opcode, 1, struct.pack("<IIBxxx", damage_id, drawable, DAMAGE_NON_EMPTY))


def subtract_damage(damage: Extension, damage_id: int) -> bytes:
    """Forget what has changed so far; the next change is told."""
    return _request(damage.opcode, 3, struct.pack("<III", damage_id, 0, 0))


def fake_input(xtest: Extension, what: Fake, detail: int, x: int = 0, y: int = 0, root: int = 0) -> bytes:
    """Pretend a key, button or movement.

    Args:
        xtest: The extension.
        what: The kind of input.
        detail: Key code or button; for ``MOTION`` 0 absolute, 1 relative.
        x: Place or distance in pixels.
        y: Likewise.
        root: The screen, for absolute movement.
    """
    return _request(xtest.opcode, 2, struct.pack("<BBxxII8xhh8x", what, detail, 0, root, x, y))


def select_cursor(xfixes: Extension, window: int) -> bytes:
    """Ask to be told when the pointer's picture changes."""
    return _request(xfixes.opcode, 3, struct.pack("<II", window, 1))


def get_cursor_image(xfixes: Extension) -> bytes:
    """Ask for the pointer's picture."""
    return _request(xfixes.opcode, 4)


def read_cursor_image(reply: Reply) -> CursorImage:
    """Read the answer.

    Raises:
        BadX11: it is cut short.
    """
    width, height, hot_x, hot_y = struct.unpack_from("<12xHHHH", reply.data)
    argb = reply.data[EVENT_BYTES : EVENT_BYTES + width * height * 4]
    if len(argb) != width * height * 4:
        raise BadX11("a cursor that is cut short")
    return CursorImage(width, height, hot_x, hot_y, argb)
