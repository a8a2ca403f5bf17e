"""What a port learns of the outside from its STUN and TURN servers: how others see it, and a relay.

Both are asked at once and within a bound of time; one that fails costs its candidate and nothing else.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections.abc import Callable

from aioice import stun

from render_node.session.io import monotonic
from render_node.session.io.turn_relay import TurnRelay
from render_node.session.io.udp_port import Address, UdpPort
from wire.errors import WireError
from wire.worker_control import IceSpec, StunServer, TurnServer, TurnTransport

GATHER_S = 1.5
"""How long an offer waits for the servers; a lost datagram is repeated after 0.5 s."""

FRESH_US = 20_000_000
"""How long what was learned, or the failure to learn it, is taken as it is by further peers."""

ALLOCATION_MISMATCH = 437
"""What a TURN server answers that still has an allocation for our port, such as one that was lost, or of a worker
that was killed and had the port before."""

PORTS_TRIED = 3
"""Before a TURN server is given up (RFC 8656 §7.4)."""

ASKED_RETRIES = 3
"""Repetitions of a STUN question; more would not fit into the time."""


class IceServers:
    """Asks for one socket; owns the relay until ``close``.

    Args:
        spec: Names the servers.
        udp: The socket.
        on_relayed: Called with the relay that a datagram came by, the datagram, and who sent it.
    """

    def __init__(self, spec: IceSpec, udp: UdpPort, on_relayed: Callable[[TurnRelay, bytes, Address], None]) -> None:
        self.mapped: Address | None = None
        """How the outside sees the socket; None if nobody could say."""
        self._relay: TurnRelay | None = None
        self.stun_failure = ""
        """Why the STUN server gave no address, in words; empty if it did."""
        self.turn_failure = ""
        """Why the TURN server gave no relay, in words; empty if it did."""
        self._spec = spec
        self._udp = udp
        self._on_relayed = on_relayed
        self._takers: dict[Address, dict[str, Callable[[bytes], None]]] = {}
        self._gathered_us: int | None = None
        self._gathering: asyncio.Task[None] | None = None

    async def gather(self) -> bool:
        """Ask, unless that was done just now, for ``GATHER_S`` at most; tell whether it asked. Never raises."""
        asks = self._gathering is None
        if self._gathering is None:
            if self._is_fresh():
                return False
            self._gathering = asyncio.create_task(self._ask())
        await asyncio.wait({self._gathering})
        return asks

    @property
    def relay(self) -> TurnRelay | None:
        """A standing relay; None if nobody gave one, or it was lost."""
        return self._relay if self._relay is not None and self._relay.is_open else None

    @property
    def failures(self) -> tuple[str, ...]:
        """Why servers were of no use, in words."""
        return tuple(filter(None, (self.stun_failure, self.turn_failure)))

    def take(self, data: bytes, address: Address) -> bool:
        """Take a datagram if it comes from a server's address; tells whether it did."""
        takers = self._takers.get(address)
        if takers is None:
            return False
        for taker in takers.values():
            taker(data)
        return True

    def close(self) -> None:
        """Ask no more and give the relay back."""
        if self._gathering is not None:
            self._gathering.cancel()
        if self._relay is not None:
            self._relay.close()
        self._takers.clear()

    def _is_fresh(self) -> bool:
        has_lost_relay = self._relay is not None and not self._relay.is_open
        if self._gathered_us is None or has_lost_relay:
            return False
        return monotonic.now_us() - self._gathered_us < FRESH_US

    async def _ask(self) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                if self._spec.stun is not None:
                    group.create_task(self._ask_stun(self._spec.stun))
                if self._spec.turn is not None and self.relay is None:
                    group.create_task(self._ask_turn(self._spec.turn))
            self._gathered_us = monotonic.now_us()
        finally:
            self._gathering = None

    async def _ask_stun(self, server: StunServer) -> None:
        self.mapped = None
        try:
            async with asyncio.timeout(GATHER_S):
                place = await self._place_of(server.host, server.port, is_udp=True)
                question, takers = _Question(self._udp), self._takers.setdefault(place, {})
                takers["stun"] = question.take
                try:
                    self.mapped = await question.ask(place)
                finally:
                    del takers["stun"]
        except (OSError, UnicodeError, stun.TransactionError) as error:
            self.stun_failure = f"{server.uri} {_words(error)}"
        else:
            self.stun_failure = ""

    async def _ask_turn(self, server: TurnServer) -> None:
        self._relay = None
        is_udp = server.transport is TurnTransport.UDP
        try:
            async with asyncio.timeout(GATHER_S):
                place = await self._place_of(server.host, server.port, is_udp=is_udp)
                relay = await self._allocate(server, place)
        except (OSError, UnicodeError, stun.TransactionError, WireError) as error:
            self.turn_failure = f"{server.uri} {_words(error)}"
            return
        self.turn_failure = ""
        self._relay = relay
        if self._spec.stun is None and is_udp and not relay.has_own_port:
            self.mapped = relay.mapped

    async def _allocate(self, server: TurnServer, place: Address) -> TurnRelay:
        """Return a relay; over UDP by our socket, or by one of its own while the server takes ours for another's."""
        own: UdpPort | None = None
        for tries_left in reversed(range(PORTS_TRIED)):
            relay = self._relay_by(server, place, own)
            try:
                await relay.allocate()
            except stun.TransactionFailed as error:
                is_mismatch = error.response.error_code == ALLOCATION_MISMATCH
                if server.transport is not TurnTransport.UDP or not is_mismatch or not tries_left:
                    raise
            else:
                break
            own = UdpPort.open(self._spec.bind_host, 0, 0)
        return relay

    def _relay_by(self, server: TurnServer, place: Address, own: UdpPort | None) -> TurnRelay:
        def relayed(data: bytes, peer: Address) -> None:
            self._on_relayed(relay, data, peer)

        relay = TurnRelay(server, place, own or self._udp, relayed, has_own_port=own is not None)
        if own is not None:
            own.on_datagram = lambda data, address: relay.take(data) if address == place else None
        elif server.transport is TurnTransport.UDP:
            self._takers.setdefault(place, {})["turn"] = relay.take
        return relay

    async def _place_of(self, host: str, port: int, *, is_udp: bool) -> Address:
        """Look a server up, IPv4 first: that is what relays and most NATs speak. By UDP, as our socket writes it."""
        kind = socket.SOCK_DGRAM if is_udp else socket.SOCK_STREAM
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=kind)
        hosts = sorted({str(entry[4][0]) for entry in found}, key=lambda address: ":" in address)
        reached = [self._udp.address_of(each) if is_udp else each for each in hosts]
        for address in filter(None, reached):
            return address, port
        raise OSError("it has IPv6 addresses alone, and --media-host is an IPv4 one")


class _Question:
    """One binding request to a STUN server."""

    def __init__(self, udp: UdpPort) -> None:
        self._udp = udp
        self._request = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
        self._transaction: stun.Transaction

    async def ask(self, place: Address) -> Address:
        """Return the address under which the server sees our socket.

        Raises:
            aioice.stun.TransactionError: it did not answer, or refused.
            OSError: its answer names no address.
        """
        self._transaction = stun.Transaction(self._request, place, self, retransmissions=ASKED_RETRIES)
        response, _ = await self._transaction.run()
        mapped = response.attributes.get("XOR-MAPPED-ADDRESS")
        if mapped is None:
            raise OSError("its answer names no address")
        return str(mapped[0]), int(mapped[1])

    def send_stun(self, message: stun.Message, address: Address) -> None:
        """Send it (called by aioice)."""
        self._udp.send(bytes(message), address)

    def take(self, data: bytes) -> None:
        """Take a datagram from the server's address; anybody may have sent it."""
        try:
            message = stun.parse_message(data)
        except (ValueError, struct.error):
            return
        is_answer = message.message_class in (stun.Class.RESPONSE, stun.Class.ERROR)
        if is_answer and message.transaction_id == self._request.transaction_id:
            self._transaction.response_received(message, ("", 0))


def _words(error: Exception) -> str:
    """Say why a server was of no use, as the end of a sentence that begins with its address."""
    if isinstance(error, stun.TransactionFailed):
        code, reason = error.response.attributes.get("ERROR-CODE", (0, "no reason"))
        return _REFUSALS.get(code, f"refused: {code} {reason}")
    if isinstance(error, (TimeoutError, stun.TransactionTimeout)):
        return f"did not answer within {GATHER_S} s"
    if isinstance(error, (socket.gaierror, UnicodeError)):
        return "is a name that is not known"
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"has a certificate that is not trusted: {error.verify_message}"
    return f"is of no use: {error.strerror or error}" if isinstance(error, OSError) else f"failed: {error}"


_REFUSALS = {
    401: "refused the user name, the password or the secret",
    403: "forbids this machine to use it",
    486: "has no relay left for this user (quota)",
    508: "has no relay left",
}
