"""Length-prefixed control messages on a byte stream, the socketpair between agent and worker.

Each is a big-endian u32 length and that many bytes of JSON.
"""

from __future__ import annotations

import struct

from wire.errors import Reason, WireError
from wire.limits import CONTROL_MESSAGE_MAX_BYTES

_LENGTH = struct.Struct("!I")


def frame(text: str) -> bytes:
    """Return one control message ready to be written to the stream."""
    raw = text.encode()
    return _LENGTH.pack(len(raw)) + raw


class Deframer:
    """Splits a byte stream into control messages; holds at most one unfinished message."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def feed(self, data: bytes) -> list[bytes]:
        """Take bytes from the stream and return the messages that they complete.

        Raises:
            WireError: ``too_large``; the stream cannot be read any further.
        """
        self._buffer += data
        messages = []
        while len(self._buffer) >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._buffer)
            if length > CONTROL_MESSAGE_MAX_BYTES:
                raise WireError(Reason.TOO_LARGE, f"framed message of {length} bytes")
            if len(self._buffer) < _LENGTH.size + length:
                break
            messages.append(bytes(self._buffer[_LENGTH.size : _LENGTH.size + length]))
            del self._buffer[: _LENGTH.size + length]
        return messages
