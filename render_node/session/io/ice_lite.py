"""ICE-lite (RFC 8445 §2.5): one peer's path through the worker's port, at an address that peers can reach.

The other side does all checks; we answer those that carry our password, and send to the address that it nominates.
That address may change at any time: so a player moves from Wi-Fi to mobile without a new connection.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import OrderedDict, deque
from collections.abc import Sequence

from aioice import Candidate, ConnectionClosed, stun
from aioice.utils import random_string

from render_node.session.core.rate_limit import TokenBucket
from render_node.session.io import monotonic
from render_node.session.io.ice_leg import Route
from render_node.session.io.ice_port import IcePort
from render_node.session.io.stun_answer import answer_check
from wire.worker_control import IceSpec

QUEUE_MAX_DATAGRAMS = 512
"""Datagrams that wait for aiortc's pump; it takes one per loop turn, so this is never near unless it hangs."""

ROUTES_MAX = 8
"""Routes remembered per peer; the least recently checked is forgotten."""

CHECKS_PER_S = 50
"""Checks answered per second and peer; browsers send about 20 while connecting, one every 2-5 s afterwards."""


class LiteConnection:
    """One peer's ICE-lite side; an ``IceConnection`` that also takes the place of aioice's ``Connection``."""

    def __init__(self, spec: IceSpec, local_username: str | None = None, local_password: str | None = None) -> None:
        self.ice_controlling = False
        self.remote_is_lite = False
        self.remote_username: str | None = None
        self.remote_password: str | None = None
        self._spec = spec
        self._username = local_username or random_string(12)
        self._password = local_password or random_string(32)
        self._foundation = secrets.token_hex(4)
        self._port: IcePort | None = None
        self._nominated: Route | None = None
        self._routes: OrderedDict[Route, None] = OrderedDict()
        self._checks = TokenBucket(CHECKS_PER_S, 2 * CHECKS_PER_S)
        self._queue: deque[bytes] = deque()
        self._reader: asyncio.Future[None] | None = None
        self._connected = asyncio.Event()
        self._closed = asyncio.Event()
        self._heard_us: int | None = None
        self.dropped = 0
        """Datagrams not sent because the socket would have blocked, or not queued because nobody took them."""

    @property
    def local_username(self) -> str:
        """Our ufrag."""
        return self._username

    @property
    def local_password(self) -> str:
        """Our password."""
        return self._password

    @property
    def local_candidates(self) -> list[Candidate]:
        """One host candidate per advertised address."""
        if self._port is None:
            return []
        return [
            Candidate(
                foundation=f"{self._foundation}{index}",
                component=1,
                transport="udp",
                # RFC 8445 §5.1.2.1: type preference of a host candidate, then the order of the list.
                priority=(126 << 24) | ((65535 - index) << 8) | 255,
                host=host,
                port=self._port.udp.port,
                type="host",
            )
            for index, host in enumerate(self._port.advertised_hosts)
        ]

    @property
    def remote_candidates(self) -> list[Candidate]:
        """None: addresses are learned from checks."""
        return []

    @property
    def heard_us(self) -> int | None:
        """When the newest check with our password arrived."""
        return self._heard_us

    async def gather_candidates(self) -> None:
        """Open or join the worker's port."""
        if self._port is None and not self._closed.is_set():
            self._port = IcePort.acquire(self._spec, self)

    async def add_remote_candidate(self, remote_candidate: Candidate | None) -> None:
        """Ignore it: a lite side sends no checks."""

    async def connect(self) -> None:
        """Return once the other side has nominated an address."""
        await self._connected.wait()
        if self._closed.is_set():
            raise ConnectionError("closed before a path was found")

    async def close(self) -> None:
        """Leave the port and wake everyone who waits."""
        if self._closed.is_set():
            return
        self._closed.set()
        self._connected.set()
        self._queue.clear()
        self._wake()
        if self._port is not None:
            self._port.release(self)
            self._port = None

    async def recv(self) -> bytes:
        """Return the next datagram from an address that passed a check."""
        while not self._queue:
            if self._closed.is_set():
                raise ConnectionError("closed")
            self._reader = asyncio.get_running_loop().create_future()
            await self._reader
        return self._queue.popleft()

    async def send(self, data: bytes) -> None:
        """Send to the nominated address; a full socket drops it, as a network would."""
        if self._port is None or self._nominated is None:
            raise ConnectionError("not connected")
        self.send_burst((data,))

    async def get_event(self) -> ConnectionClosed:
        """Return once closed."""
        await self._closed.wait()
        return ConnectionClosed()

    def send_burst(self, datagrams: Sequence[bytes]) -> int:
        """Send to the nominated address in order; return how many were taken before the way was full."""
        if self._port is None or self._nominated is None:
            return 0
        taken = self._nominated.leg.send_burst(datagrams, self._nominated.address)
        self.dropped += len(datagrams) - taken
        return taken

    def is_congested(self) -> bool:
        """Tell whether the nominated way holds as much as it should."""
        return self._port is not None and self._nominated is not None and self._nominated.leg.is_congested()

    def data_received(self, data: bytes) -> None:
        """Queue a datagram for aiortc."""
        if len(self._queue) >= QUEUE_MAX_DATAGRAMS:
            self.dropped += 1
            return
        self._queue.append(data)
        self._wake()

    def check_received(self, data: bytes, route: Route) -> None:
        """Answer a check that has our password; ignore any other."""
        now_us = monotonic.now_us()
        if self._port is None or not self._checks.take(now_us):
            return
        answered = answer_check(data, self._password, route.address)
        if answered is None:
            return
        self._heard_us = now_us
        request, response = answered
        route.leg.send(self._response_to(request, response), route.address)
        self._admit(route)
        if "USE-CANDIDATE" in request.attributes:
            self._nominate(route)

    def _nominate(self, route: Route) -> None:
        """Send by the route that the other side has chosen."""
        self._nominated = route
        self._connected.set()

    def _response_to(self, request: stun.Message, response: bytes) -> bytes:
        """Return what answers a check: a lite side takes all that have its password."""
        return response

    def answer_received(self, data: bytes, route: Route) -> None:
        """Ignore it: a lite side asks nothing."""

    def _admit(self, route: Route) -> None:
        assert self._port is not None
        self._port.admit(route, self)
        self._routes[route] = None
        self._routes.move_to_end(route)
        while len(self._routes) > ROUTES_MAX:
            oldest = next(known for known in self._routes if known != self._nominated)
            del self._routes[oldest]
            self._port.forget(oldest, self)

    def _wake(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)
