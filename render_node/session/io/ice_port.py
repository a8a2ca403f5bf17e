"""One UDP socket per worker for all its peers, and the relay beyond it: which datagram belongs to whom.

Datagrams are told apart by their first byte (RFC 7983) and find their peer by ufrag (checks) or by the route that
they came on (everything else, once that route has passed a check). A port of a node behind a NAT also talks to its
STUN and TURN servers.
"""

from __future__ import annotations

import asyncio
import struct
from typing import Protocol

from render_node.session.io.ice_leg import Route
from render_node.session.io.ice_servers import IceServers
from render_node.session.io.udp_port import Address, UdpPort
from wire.errors import Reason, WireError
from wire.worker_control import IceMode, IceSpec

DATAGRAM_MAX_BYTES = 1500
"""Longer ones cannot be SRTP or DTLS of ours, and aiortc's SRTP would raise on them."""

TRANSACTIONS_MAX = 256
"""Checks of our peers that wait for an answer."""

_STUN_HEADER_BYTES = 20
_STUN_USERNAME = 0x0006
_BINDING_REQUEST = 0x0001
_BINDING_SUCCESS = b"\x01\x01"
_ATTRIBUTE = struct.Struct("!HH")
_ATTRIBUTES_MAX = 16

_ports: dict[tuple[asyncio.AbstractEventLoop, IceSpec], IcePort] = {}
"""The open port of each loop and specification, from the first peer's gathering to the last one's end."""


class PortUser(Protocol):
    """A peer as its port sees it."""

    @property
    def local_username(self) -> str:
        """Its ufrag."""

    def check_received(self, data: bytes, route: Route) -> None:
        """Take a binding request that names it."""

    def answer_received(self, data: bytes, route: Route) -> None:
        """Take a success response to a request that it told the port to expect an answer to."""

    def data_received(self, data: bytes) -> None:
        """Take anything else that came on a route that was admitted."""


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


class IcePort:
    """A worker's socket and its peers.

    Args:
        port: The socket, owned from now on.
        spec: Where it is, and whom it asks about the outside.
    """

    def __init__(self, port: UdpPort, spec: IceSpec) -> None:
        self.udp = port
        self.advertised_hosts = spec.advertised_hosts
        self.servers: IceServers | None = None
        """What is learned of the outside; None where nobody is asked."""
        if spec.mode is IceMode.FULL:
            self.servers = IceServers(spec, port, lambda relay, data, peer: self._received(data, Route(relay, peer)))
        self._by_ufrag: dict[str, PortUser] = {}
        self._by_route: dict[Route, PortUser] = {}
        self._by_transaction: dict[bytes, PortUser] = {}
        self.strangers = 0
        """Datagrams that belonged to no peer."""
        port.on_datagram = self._socket_received

    @classmethod
    def acquire(cls, spec: IceSpec, connection: PortUser) -> IcePort:
        """Return the loop's port for ``spec``, opened if this is its first peer, with ``connection`` registered.

        Raises:
            WireError: ``no_room`` if the range has no free port, ``internal`` if nothing is advertised.
        """
        key = (asyncio.get_running_loop(), spec)
        port = _ports.get(key)
        if port is None:
            if not spec.advertised_hosts:
                raise WireError(Reason.INTERNAL, "no address is advertised for media")
            port = _ports[key] = cls(UdpPort.open(spec.bind_host, spec.port_min, spec.port_max), spec)
        port._by_ufrag[connection.local_username] = connection
        return port

    def release(self, connection: PortUser) -> None:
        """Forget a peer; the last one's end closes the socket."""
        self._by_ufrag.pop(connection.local_username, None)
        self._by_transaction = {key: each for key, each in self._by_transaction.items() if each is not connection}
        for route in [known for known, owner in self._by_route.items() if owner is connection]:
            del self._by_route[route]
        if not self._by_ufrag:
            if self.servers is not None:
                self.servers.close()
            self.udp.close()
            for key in [key for key, port in _ports.items() if port is self]:
                del _ports[key]

    def admit(self, route: Route, connection: PortUser) -> None:
        """Give what comes on a route that passed a check to its peer."""
        self._by_route[route] = connection

    def forget(self, route: Route, connection: PortUser) -> None:
        """Do so no longer, unless another peer has the route by now."""
        if self._by_route.get(route) is connection:
            del self._by_route[route]

    def expect(self, transaction_id: bytes, connection: PortUser) -> None:
        """Give the answer to a peer's own check to it; of many without an answer, the oldest are given up."""
        self._by_transaction[transaction_id] = connection
        if len(self._by_transaction) > TRANSACTIONS_MAX:
            del self._by_transaction[next(iter(self._by_transaction))]

    def _socket_received(self, data: bytes, address: Address) -> None:
        if self.servers is None or not self.servers.take(data, address):
            self._received(data, Route(self.udp, address))

    def _received(self, data: bytes, route: Route) -> None:
        if not data or len(data) > DATAGRAM_MAX_BYTES:
            self.strangers += 1
        elif data[:2] == _BINDING_SUCCESS:
            self._answer_received(data, route)
        elif data[0] < 4:
            self._check_received(data, route)
        elif connection := self._by_route.get(route):
            connection.data_received(data)
        else:
            self.strangers += 1

    def _answer_received(self, data: bytes, route: Route) -> None:
        connection = self._by_transaction.pop(data[8:20], None)
        if connection is None:
            self.strangers += 1
            return
        connection.answer_received(data, route)

    def _check_received(self, data: bytes, route: Route) -> None:
        ufrag = local_ufrag(data)
        connection = self._by_ufrag.get(ufrag) if ufrag else None
        if connection is None:
            self.strangers += 1
            return
        connection.check_received(data, route)
