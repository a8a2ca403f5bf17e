"""What waits to be sent on one socket: bounded, in order; a consumer that does not keep up is closed."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable

from starlette.websockets import WebSocket

from wire.schema import Message, encode

TAB_WAITING_MAX = 64
"""Messages that may wait for a tab: it gets a handful per connection."""

NODE_WAITING_MAX = 4096
"""Messages that may wait for a node: a few for each of its slots at once."""

CLOSE_SLOW = 1013
"""RFC 6455 registry: try again later."""

_SEND_TIMEOUT_S = 10.0


class Outbox:
    """The sending side of one socket. ``send`` and ``close`` never wait; ``run`` is the only one that writes."""

    def __init__(self, waiting_max: int, on_slow: Callable[[], None]) -> None:
        self._waiting: deque[str] = deque()
        self._waiting_max = waiting_max
        self._on_slow = on_slow
        self._wake = asyncio.Event()
        self._close_code: int | None = None

    @property
    def closing(self) -> bool:
        """Whether nothing more is taken."""
        return self._close_code is not None

    def send(self, message: Message) -> None:
        """Queue a message; dropped once the socket is closing."""
        if self.closing:
            return
        if len(self._waiting) >= self._waiting_max:
            self._waiting.clear()
            self._on_slow()
            self.close(CLOSE_SLOW)
            return
        self._waiting.append(encode(message))
        self._wake.set()

    def close(self, code: int) -> None:
        """Close the socket after what waits; the first code holds."""
        if self._close_code is None:
            self._close_code = code
            self._wake.set()

    async def run(self, websocket: WebSocket) -> None:
        """Write until closed.

        Raises:
            TimeoutError: the other side does not read.
            WebSocketDisconnect: it is gone.
        """
        while True:
            await self._wake.wait()
            self._wake.clear()
            async with asyncio.timeout(_SEND_TIMEOUT_S):
                while self._waiting:
                    await websocket.send_text(self._waiting.popleft())
                if self._close_code is not None:
                    await websocket.close(self._close_code)
                    return
