"""The title's end of the SEQPACKET pair to its session worker."""

from __future__ import annotations

import select
import socket
from collections import deque

from wire.errors import WireError
from wire.title_ipc import MESSAGE_MAX_BYTES, FromTitle, Ping, ToTitle, decode_to_title, encode_from_title

PENDING_MAX = 4096
"""Messages read ahead of the title; more stay in the socket, whose buffer stops the worker."""


class WorkerLink:
    """Reads messages ahead without blocking and sends the title's own; owns the socket."""

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        self._socket = sock
        self._poll = select.poll()
        self._poll.register(sock, select.POLLIN)
        self._pending: deque[ToTitle] = deque()

    def fileno(self) -> int:
        """Return the socket's descriptor, to wait for messages beside other things."""
        return self._socket.fileno()

    def fetch(self) -> None:
        """Read what has come; a title that gets here is alive, which the worker sees by its pings being read."""
        while len(self._pending) < PENDING_MAX:
            try:
                data = self._socket.recv(MESSAGE_MAX_BYTES)
            except BlockingIOError:
                return
            if not data:
                raise SystemExit("the session worker is gone")
            try:
                message = decode_to_title(data)
            except WireError:
                continue
            if not isinstance(message, Ping):
                self._pending.append(message)

    def take(self) -> list[ToTitle]:
        """Return everything that has come since the last call."""
        self.fetch()
        messages = list(self._pending)
        self._pending.clear()
        return messages

    def wait(self, timeout_ms: int) -> None:
        """Sleep until a message comes or the time is over."""
        if not self._pending:
            self._poll.poll(timeout_ms)

    def send(self, message: FromTitle) -> bool:
        """Send, or drop the message when the worker does not keep up; return whether it went out."""
        try:
            self._socket.send(encode_from_title(message))
        except BlockingIOError:
            return False
        return True
