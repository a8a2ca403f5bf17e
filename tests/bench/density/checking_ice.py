"""The side that sends the ICE checks, to one ICE-lite server: what a browser does, for a receiver that costs little.

aioice wakes the loop for every datagram and carries each through a queue. Here media goes straight to whoever counts
it; only DTLS passes through aiortc.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

from aioice import Candidate, ConnectionClosed, stun
from aioice.utils import random_string

from render_node.session.io import monotonic
from render_node.session.io.udp_port import Address, UdpPort

CHECK_FIRST_S = 0.05
CHECK_S = 2.0
"""Between checks until one is answered, and then, as consent (RFC 7675)."""

_PRIORITY = 126 << 24
_MEDIA_FIRST_BYTES = range(128, 192)
"""RTP and RTCP, by RFC 7983."""


class CheckingConnection:
    """An ``IceConnection`` to the one candidate that the server names; owned by its aiortc transport."""

    def __init__(self, local_username: str | None = None, local_password: str | None = None) -> None:
        self.ice_controlling = True
        self.remote_is_lite = True
        self.remote_username: str | None = None
        self.remote_password: str | None = None
        self.local_username = local_username or random_string(4)
        self.local_password = local_password or random_string(22)
        self.local_candidates: list[Candidate] = []
        self.remote_candidates: list[Candidate] = []
        self.heard_us: int | None = None
        self.on_media: Callable[[bytes], None] = lambda datagram: None
        """Takes every RTP and RTCP datagram as it came; must not raise."""
        self._udp: UdpPort | None = None
        self._server: Address | None = None
        self._queue: deque[bytes] = deque()
        self._reader: asyncio.Future[None] | None = None
        self._answered = asyncio.Event()
        self._closed = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None

    async def gather_candidates(self) -> None:
        """Open a socket on loopback."""
        self._udp = UdpPort.open("127.0.0.1", 0, 0)
        self._udp.on_datagram = self._received
        self.local_candidates = [
            Candidate("1", 1, "udp", _PRIORITY, "127.0.0.1", self._udp.port, "host"),
        ]

    async def add_remote_candidate(self, remote_candidate: Candidate | None) -> None:
        """Take where the server listens; the first one counts."""
        if remote_candidate is not None and self._server is None:
            self.remote_candidates = [remote_candidate]
            self._server = remote_candidate.host, remote_candidate.port

    async def connect(self) -> None:
        """Return once the server has answered a check."""
        self._check()
        await self._answered.wait()
        if self._closed.is_set():
            raise ConnectionError("closed before the server answered")

    async def close(self) -> None:
        """Close the socket."""
        self._closed.set()
        self._answered.set()
        if self._timer is not None:
            self._timer.cancel()
        if self._udp is not None:
            self._udp.close()
            self._udp = None
        self._wake()

    async def recv(self) -> bytes:
        """Return the next datagram of DTLS."""
        while not self._queue:
            if self._closed.is_set():
                raise ConnectionError("closed")
            self._reader = asyncio.get_running_loop().create_future()
            await self._reader
        return self._queue.popleft()

    async def send(self, data: bytes) -> None:
        """Send a datagram to the server."""
        if not self.send_burst((data,)):
            raise ConnectionError("not connected")

    def send_burst(self, datagrams: Sequence[bytes]) -> int:
        """Send datagrams; return how many left."""
        if self._udp is None or self._server is None:
            return 0
        return self._udp.send_burst(datagrams, self._server)

    def is_congested(self) -> bool:
        """What a receiver sends is never too much."""
        return False

    async def get_event(self) -> ConnectionClosed:
        """Return once closed."""
        await self._closed.wait()
        return ConnectionClosed()

    def _check(self) -> None:
        if self._udp is None or self._server is None or not self.remote_password:
            return
        request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
        request.attributes |= {
            "USERNAME": f"{self.remote_username}:{self.local_username}",
            "PRIORITY": _PRIORITY,
            "ICE-CONTROLLING": 1,
            "USE-CANDIDATE": None,
        }
        request.add_message_integrity(self.remote_password.encode())
        self._udp.send(bytes(request), self._server)
        wait_s = CHECK_S if self._answered.is_set() else CHECK_FIRST_S
        self._timer = asyncio.get_running_loop().call_later(wait_s, self._check)

    def _received(self, data: bytes, address: Address) -> None:
        if not data or address != self._server:
            return
        if data[0] in _MEDIA_FIRST_BYTES:
            self.on_media(data)
        elif data[0] < 4:
            self._answer_received(data)
        else:
            self._queue.append(data)
            self._wake()

    def _answer_received(self, data: bytes) -> None:
        answer = stun.parse_message(data)
        if self.remote_password and answer.check_message_integrity(self.remote_password.encode()):
            self.heard_us = monotonic.now_us()
            self._answered.set()

    def _wake(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)
