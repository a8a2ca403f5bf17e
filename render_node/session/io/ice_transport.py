"""The seam between a peer and its ICE: what aiortc needs of a connection, and what our sender needs beside it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

from aioice import Candidate


@runtime_checkable
class IceConnection(Protocol):
    """One peer's way to the network; ``ice_lite`` is one adapter, ``ice_full`` another, for nodes behind a NAT.

    The names down to ``get_event`` are those that aiortc's ``RTCIceTransport`` uses (aioice's ``Connection``).
    """

    ice_controlling: bool
    remote_is_lite: bool
    remote_username: str | None
    remote_password: str | None

    @property
    def local_username(self) -> str:
        """Our ufrag."""

    @property
    def local_password(self) -> str:
        """Our password."""

    @property
    def local_candidates(self) -> list[Candidate]:
        """Where we can be reached, after ``gather_candidates``."""

    @property
    def remote_candidates(self) -> list[Candidate]:
        """What the other side named."""

    async def gather_candidates(self) -> None:
        """Open what is needed to be reached.

        Raises:
            WireError: no socket could be opened.
        """

    async def add_remote_candidate(self, remote_candidate: Candidate | None) -> None:
        """Take a candidate, None after the last one."""

    async def connect(self) -> None:
        """Return once a path is nominated.

        Raises:
            ConnectionError: it was closed first.
        """

    async def close(self) -> None:
        """Give up the path and all that belongs to it."""

    async def recv(self) -> bytes:
        """Return the next datagram that is not STUN.

        Raises:
            ConnectionError: it is closed.
        """

    async def send(self, data: bytes) -> None:
        """Send a datagram.

        Raises:
            ConnectionError: there is no path.
        """

    async def get_event(self) -> Any:
        """Return ``aioice.ConnectionClosed`` once it is closed."""

    def send_burst(self, datagrams: Sequence[bytes]) -> int:
        """Send datagrams in order without waiting; return how many were taken before one was dropped."""

    def is_congested(self) -> bool:
        """Tell whether so much waits to leave this machine that a frame should rather be dropped."""

    @property
    def heard_us(self) -> int | None:
        """When an authenticated check last arrived, in microseconds of the monotonic clock."""
