"""The worker's end of the SEQPACKET pair to a title: bounded reading, counted violations, never blocking."""

from __future__ import annotations

import asyncio
import fcntl
import socket
import struct
import termios
from collections.abc import Callable

from wire.errors import Reason, WireError
from wire.title_ipc import (
    MESSAGE_MAX_BYTES,
    FromTitle,
    RingLayout,
    ToTitle,
    decode_from_title,
    encode_to_title,
)

MESSAGES_PER_WAKEUP = 32
"""Read in one go; the loop's other work comes before the next ones."""

MESSAGES_PER_S = 1000
"""Sustained; a title draws at most 240 frames and changes its cursor a few times."""

MESSAGES_BURST = 2000
"""Bucket of the same."""

VIOLATIONS_MAX = 8
"""Messages that cannot be taken before the title is ended."""


class TitleLink:
    """Owns the socket until ``close``; callbacks run on the loop."""

    def __init__(
        self,
        sock: socket.socket,
        layout: RingLayout,
        loop: asyncio.AbstractEventLoop,
        *,
        on_message: Callable[[FromTitle], None],
        on_violation: Callable[[str], None],
        on_closed: Callable[[], None],
    ) -> None:
        """Start to read.

        Args:
            sock: The worker's end.
            layout: What frame messages are checked against.
            loop: Where callbacks run.
            on_message: Takes what the title says.
            on_violation: Called once, in words, when the title has broken the rules too often.
            on_closed: Called once when the title's end is closed, or says so with an empty message.
        """
        sock.setblocking(False)
        self._socket: socket.socket | None = sock
        self._layout = layout
        self._loop = loop
        self._on_message = on_message
        self._on_violation = on_violation
        self._on_closed = on_closed
        self._tokens = float(MESSAGES_BURST)
        self._refilled_s = loop.time()
        self.violations = 0
        loop.add_reader(sock.fileno(), self._readable)

    def send(self, message: ToTitle) -> bool:
        """Send without blocking; return False if the title does not read or is gone."""
        if self._socket is None:
            return False
        try:
            self._socket.send(encode_to_title(message))
        except (BlockingIOError, ConnectionError):
            return False
        return True

    def unread_bytes(self) -> int:
        """Return how much of what was sent the title has not read yet (SIOCOUTQ, in kernel bytes)."""
        if self._socket is None:
            return 0
        answer = fcntl.ioctl(self._socket.fileno(), termios.TIOCOUTQ, bytes(4))
        return int(struct.unpack("i", answer)[0])

    def close(self) -> None:
        """Stop reading and close the socket."""
        if self._socket is not None:
            self._loop.remove_reader(self._socket.fileno())
            self._socket.close()
            self._socket = None

    def _readable(self) -> None:
        for _ in range(MESSAGES_PER_WAKEUP):
            if self._socket is None:
                return
            try:
                data = self._socket.recv(MESSAGE_MAX_BYTES + 1)
            except BlockingIOError:
                return
            except ConnectionError:
                data = b""
            if not data:
                self._loop.remove_reader(self._socket.fileno())
                self._on_closed()
                return
            self._take(data)

    def _take(self, data: bytes) -> None:
        if not self._allowed():
            self._violate(f"more than {MESSAGES_PER_S} messages a second", final=True)
            return
        try:
            message = decode_from_title(data, self._layout)
        except WireError as error:
            if error.reason is not Reason.PROTOCOL_VERSION:
                self._violate(str(error), final=False)
            else:
                self._violate(str(error), final=True)
            return
        self._on_message(message)

    def _allowed(self) -> bool:
        now_s = self._loop.time()
        self._tokens = min(self._tokens + (now_s - self._refilled_s) * MESSAGES_PER_S, float(MESSAGES_BURST))
        self._refilled_s = now_s
        self._tokens -= 1
        return self._tokens >= 0

    def _violate(self, words: str, *, final: bool) -> None:
        self.violations += 1
        if final or self.violations >= VIOLATIONS_MAX:
            self.close()
            self._on_violation(words)
