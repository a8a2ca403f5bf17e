"""The capturer's connection to its own X server: events and damage in, keys and mouse out."""

from __future__ import annotations

import socket
from collections import deque
from collections.abc import Iterable

from render_node.title.native import x11_messages as x11
from render_node.title.native.fake_devices import Action
from render_node.title.native.x11_messages import BadX11, CursorImage, Event, Refusal, Reply

ANSWER_S = 5.0
"""A server that takes longer hangs."""

_RECEIVE_BYTES = 65536
_SEQUENCES = 65536


class X11Client:
    """Owns the socket. Watches the screen for damage, top-level windows and the cursor from the start on."""

    def __init__(self, display: int) -> None:
        """Connect.

        Raises:
            BadX11: the server refuses, or lacks an extension.
            OSError: there is none.
        """
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(ANSWER_S)
        self._socket.connect(f"/tmp/.X11-unix/X{display}")
        self._splitter = x11.Splitter()
        self._events: deque[Event] = deque()
        self._sequence = 0
        self._setup = self._open()
        self._damage = self._extension("DAMAGE")
        self._xtest = self._extension("XTEST")
        self._xfixes = self._extension("XFIXES")
        self._ask(x11.extension_version(self._damage, 1, 1))
        self._ask(x11.extension_version(self._xfixes, 4, 0))
        root = self._setup.root
        self._send(
            x11.create_damage(self._damage, self._setup.id_base, root),
            x11.select_events(root, x11.SUBSTRUCTURE_NOTIFY),
            x11.select_cursor(self._xfixes, root),
        )

    def fileno(self) -> int:
        """Return the socket's descriptor, to wait for events."""
        return self._socket.fileno()

    @property
    def has_events(self) -> bool:
        """Tell whether events came while something else was waited for."""
        return bool(self._events)

    def take_events(self) -> list[Event]:
        """Return what has happened; never waits.

        Raises:
            EOFError: the server is gone.
        """
        self._socket.setblocking(False)
        try:
            self._receive()
        except BlockingIOError:
            pass
        finally:
            self._socket.settimeout(ANSWER_S)
        events = list(self._events)
        self._events.clear()
        return events

    def is_damage(self, event: Event) -> bool:
        """Tell whether an event says that the screen has changed."""
        return event.code == self._damage.first_event

    def is_cursor(self, event: Event) -> bool:
        """Tell whether an event says that the pointer looks otherwise."""
        return event.code == self._xfixes.first_event + 1

    def hold_still(self) -> None:
        """Let nobody draw, and forget the damage so far: what the screen shows now is whole, until ``go_on``."""
        self._send(x11.grab_server(), x11.subtract_damage(self._damage, self._setup.id_base))
        self._ask(x11.get_input_focus())

    def go_on(self) -> None:
        """Let all draw again."""
        self._send(x11.ungrab_server())

    def pretend(self, actions: Iterable[Action]) -> None:
        """Press and move."""
        root = self._setup.root
        self._send(
            *(x11.fake_input(self._xtest, one.what, one.detail, one.x, one.y, root) for one in actions),
        )

    def focus(self, window: int) -> None:
        """Give a window the keyboard."""
        self._send(x11.set_input_focus(window))

    def cursor(self) -> CursorImage | None:
        """Return how the pointer looks; None if the server will not say."""
        reply = self._ask(x11.get_cursor_image(self._xfixes))
        return None if reply is None else x11.read_cursor_image(reply)

    def _open(self) -> x11.Setup:
        self._socket.sendall(x11.SETUP_REQUEST)
        rest = x11.setup_bytes(self._exactly(x11.SETUP_HEAD_BYTES))
        return x11.read_setup(self._exactly(rest))

    def _exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            part = self._socket.recv(size - len(data))
            if not part:
                raise EOFError("the X server closed the connection")
            data += part
        return data

    def _extension(self, name: str) -> x11.Extension:
        reply = self._ask(x11.query_extension(name))
        if reply is None:
            raise BadX11(f"the X server does not say whether it has {name}")
        return x11.read_extension(reply, name)

    def _send(self, *requests: bytes) -> None:
        self._sequence = (self._sequence + len(requests)) % _SEQUENCES
        self._socket.sendall(b"".join(requests))

    def _ask(self, request: bytes) -> Reply | None:
        """Send a request and wait for its answer, which is None if it was refused; events wait their turn."""
        self._send(request)
        while True:
            for message in self._receive():
                if message.sequence == self._sequence:
                    return message if isinstance(message, Reply) else None

    def _receive(self) -> list[Reply | Refusal]:
        """Take in what has come, at least one piece of it; return what answers requests."""
        data = self._socket.recv(_RECEIVE_BYTES)
        if not data:
            raise EOFError("the X server is gone")
        answers: list[Reply | Refusal] = []
        for message in self._splitter.feed(data):
            if isinstance(message, Event):
                self._events.append(message)
            else:
                answers.append(message)
        return answers
