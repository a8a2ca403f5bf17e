"""What carries datagrams between a worker and its TURN server: its own UDP socket, or a connection by TCP or TLS."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from aioice import stun

from render_node.session.io.udp_port import Address, UdpPort

STREAM_UNSENT_BYTES = 64 * 1024
"""Asked of the kernel: what it takes of a stream beyond what is on its way, a keyframe's worth."""

STREAM_MAX_BYTES = 256 * 1024
"""What waits for the kernel beyond that; more is dropped, as a network would."""


class TurnLink(Protocol):
    """A link to a server; in place of an asyncio transport where aioice asks for one."""

    def sendto(self, data: bytes, address: Address | None = None) -> None:
        """Send one message of the protocol."""

    def send_all(self, datagrams: Sequence[bytes]) -> int:
        """Send channel data in order; return how many were taken before one was not."""

    def is_congested(self) -> bool:
        """Tell whether so much waits that a frame should rather be dropped."""

    def is_closing(self) -> bool:
        """Tell whether it is closed."""

    def close(self) -> None:
        """Send no more."""


class UdpLink:
    """Over a socket that others use too, and own; ``on_closed`` is called when it is closed."""

    def __init__(self, udp: UdpPort, server: Address, on_closed: Callable[[], None]) -> None:
        self._udp = udp
        self._server = server
        self._on_closed = on_closed
        self._is_closed = False

    def sendto(self, data: bytes, address: Address | None = None) -> None:
        """Send one message of the protocol."""
        self._udp.send(data, self._server)

    def send_all(self, datagrams: Sequence[bytes]) -> int:
        """Send channel data in bursts."""
        return self._udp.send_burst(datagrams, self._server)

    def is_congested(self) -> bool:
        """Tell whether the socket is."""
        return self._udp.is_congested()

    def is_closing(self) -> bool:
        """Tell whether it is closed."""
        return self._is_closed

    def close(self) -> None:
        """Send no more; the socket stays open."""
        if not self._is_closed:
            self._is_closed = True
            self._on_closed()


class StreamLink:
    """Over a connection of its own, which aioice's client reads."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        sock: Any = transport.get_extra_info("socket")
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, STREAM_UNSENT_BYTES)

    @classmethod
    async def connect(
        cls, client: asyncio.Protocol, place: Address, tls: ssl.SSLContext | None, name: str
    ) -> StreamLink:
        """Connect ``client``.

        Args:
            client: Of aioice.
            place: The server's address.
            tls: None for plain TCP.
            name: That its certificate must carry.

        Raises:
            OSError: there is no connection, or its certificate is not trusted.
        """
        transport, _ = await asyncio.get_running_loop().create_connection(
            lambda: client, *place, ssl=tls, server_hostname=name if tls else None
        )
        return cls(transport)

    def sendto(self, data: bytes, address: Address | None = None) -> None:
        """Send one message of the protocol."""
        self._transport.write(data)

    def send_all(self, datagrams: Sequence[bytes]) -> int:
        """Send channel data, each padded to four bytes (RFC 8656 §12.5)."""
        for taken, data in enumerate(datagrams):
            if self._transport.is_closing() or self._transport.get_write_buffer_size() > STREAM_MAX_BYTES:
                return taken
            self._transport.write(data + bytes(stun.padding_length(len(data))))
        return len(datagrams)

    def is_congested(self) -> bool:
        """Tell whether the kernel has taken less than it was given."""
        return self._transport.get_write_buffer_size() > 0

    def is_closing(self) -> bool:
        """Tell whether it is closed."""
        return self._transport.is_closing()

    def close(self) -> None:
        """Close the connection once what was written is sent."""
        self._transport.close()
