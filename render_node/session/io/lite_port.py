"""One UDP socket per worker for all its peers: which datagram belongs to whom.

Datagrams are told apart by their first byte (RFC 7983) and find their peer by ufrag (checks) or by source address
(everything else, once that address has passed a check).
"""

from __future__ import annotations

import asyncio
import struct
from typing import Protocol

from render_node.session.io.udp_port import Address, UdpPort
from wire.errors import Reason, WireError
from wire.worker_control import IceSpec

DATAGRAM_MAX_BYTES = 1500
"""Longer ones cannot be SRTP or DTLS of ours, and aiortc's SRTP would raise on them."""

_STUN_HEADER_BYTES = 20
_STUN_USERNAME = 0x0006
_BINDING_REQUEST = 0x0001
_ATTRIBUTE = struct.Struct("!HH")
_ATTRIBUTES_MAX = 16

_ports: dict[tuple[asyncio.AbstractEventLoop, IceSpec], LitePort] = {}
"""The open port of each loop and specification, from the first peer's gathering to the last one's end."""


class PortUser(Protocol):
    """A peer as its port sees it."""

    @property
    def local_username(self) -> str:
        """Its ufrag."""

    def check_received(self, data: bytes, address: Address) -> None:
        """Take a binding request that names it."""

    def data_received(self, data: bytes) -> None:
        """Take anything else from an address that was admitted."""


def local_ufrag(check: bytes) -> str | None:
    """Return the ufrag that a binding request is meant for, or None if it is no such request.

    Looks at nothing else, so that what strangers send costs next to nothing.
    """
    if len(check) < _STUN_HEADER_BYTES or check[0] << 8 | check[1] != _BINDING_REQUEST:
        return None
    offset = _STUN_HEADER_BYTES
    for _ in range(_ATTRIBUTES_MAX):
        if offset + 4 > len(check):
            return None
        kind, length = _ATTRIBUTE.unpack_from(check, offset)
        if kind == _STUN_USERNAME:
            return check[offset + 4 : offset + 4 + length].split(b":")[0].decode("ascii", "replace")
        offset += 4 + length + -length % 4
    return None


class LitePort:
    """A worker's socket and its peers.

    Args:
        port: The socket, owned from now on.
    """

    def __init__(self, port: UdpPort, advertised_hosts: tuple[str, ...]) -> None:
        self.udp = port
        self.advertised_hosts = advertised_hosts
        self._by_ufrag: dict[str, PortUser] = {}
        self._by_address: dict[Address, PortUser] = {}
        self.strangers = 0
        """Datagrams that belonged to no peer."""

    @classmethod
    def acquire(cls, spec: IceSpec, connection: PortUser) -> LitePort:
        """Return the loop's port for ``spec``, opened if this is its first peer, with ``connection`` registered.

        Raises:
            WireError: ``no_room`` if the range has no free port, ``internal`` if nothing is advertised.
        """
        key = (asyncio.get_running_loop(), spec)
        port = _ports.get(key)
        if port is None:
            hosts = spec.advertised_hosts
            if not hosts:
                raise WireError(Reason.INTERNAL, "no address is advertised for media")
            port = _ports[key] = cls(UdpPort.open(spec.bind_host, spec.port_min, spec.port_max), hosts)
            port.udp.on_datagram = port._received
        port._by_ufrag[connection.local_username] = connection
        return port

    def release(self, connection: PortUser) -> None:
        """Forget a peer; the last one's end closes the socket."""
        self._by_ufrag.pop(connection.local_username, None)
        for address in [known for known, owner in self._by_address.items() if owner is connection]:
            del self._by_address[address]
        if not self._by_ufrag:
            self.udp.close()
            for key in [key for key, port in _ports.items() if port is self]:
                del _ports[key]

    def admit(self, address: Address, connection: PortUser) -> None:
        """Route an address that passed a check to its peer."""
        self._by_address[address] = connection

    def forget(self, address: Address, connection: PortUser) -> None:
        """Stop routing an address, unless another peer has it by now."""
        if self._by_address.get(address) is connection:
            del self._by_address[address]

    def _received(self, data: bytes, address: Address) -> None:
        if not data or len(data) > DATAGRAM_MAX_BYTES:
            self.strangers += 1
        elif data[0] < 4:
            self._check_received(data, address)
        elif connection := self._by_address.get(address):
            connection.data_received(data)
        else:
            self.strangers += 1

    def _check_received(self, data: bytes, address: Address) -> None:
        ufrag = local_ufrag(data)
        connection = self._by_ufrag.get(ufrag) if ufrag else None
        if connection is None:
            self.strangers += 1
            return
        connection.check_received(data, address)
