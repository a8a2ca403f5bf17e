"""A relay of our own (RFC 8656): an address at a TURN server, from which peers are reached when no other way is open.

aioice speaks the protocol: allocation, credentials, refreshing, channels. The datagrams themselves go by here: over
UDP they leave by the worker's own socket, in the same bursts as without a relay, each behind a channel header.
"""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import struct
from collections.abc import Callable, Sequence
from ipaddress import ip_address
from typing import Any, cast

import structlog
from aioice import stun, turn

from render_node.session.core.turn_credentials import credentials
from render_node.session.io.monotonic import now_us, unix_offset_us
from render_node.session.io.turn_links import StreamLink, TurnLink, UdpLink
from render_node.session.io.udp_port import Address, UdpPort
from wire.worker_control import TurnServer, TurnTransport

LIFETIME_S = 600
"""Asked for an allocation; aioice refreshes it in time."""

CHANNEL_KEEP_S = 120
"""Between renewals of the channels in use: a channel lasts 600 s, the permission that comes with it 300 s."""

KEEPALIVE_S = 15
"""Between datagrams to the server while nobody is relayed: a NAT forgets an idle way after 30 s or more."""

CHANNELS_MAX = 256
"""Peer addresses with a live channel; beyond, no further ones are bound until some fall out of use."""

_HEADER = struct.Struct("!HH")

log = structlog.get_logger()


class TurnRelay:
    """One allocation; a ``Leg`` once it stands. Owns channels and, over TCP, the connection, until ``close``.

    Args:
        server: Whom to ask, by which name and password.
        place: Its address; over UDP, what comes from there must be given to ``take``.
        udp: The worker's socket, or one for this relay.
        on_datagram: Called with what peers sent, and their address; must not raise.
        has_own_port: Whether ``udp`` is the relay's alone, and closed with it.

    Attributes:
        address: Where peers send to, once allocated.
        mapped: Where the server sees us, once allocated: over UDP an address of our NAT.
    """

    address: Address
    mapped: Address

    def __init__(
        self,
        server: TurnServer,
        place: Address,
        udp: UdpPort,
        on_datagram: Callable[[bytes, Address], None],
        *,
        has_own_port: bool = False,
    ) -> None:
        self.is_open = False
        self.has_own_port = has_own_port
        self.dropped = 0
        """Datagrams that had no channel, or for which the link had no room."""
        self._server = server
        self._place = place
        self._udp = udp
        self._on_datagram = on_datagram
        protocol: Any = turn.TurnClientTcpProtocol
        if server.transport is TurnTransport.UDP:
            protocol = turn.TurnClientUdpProtocol
        username, password = credentials(server, _unix_s())
        self._client = protocol(place, username, password, LIFETIME_S, CHANNEL_KEEP_S)
        self._link: TurnLink
        self._channels: dict[Address, int] = {}
        self._used: set[Address] = set()
        self._binding: dict[Address, asyncio.Task[None]] = {}
        self._keeping: asyncio.Task[None] | None = None

    async def allocate(self) -> None:
        """Get the address that peers send to; once only.

        Raises:
            aioice.stun.TransactionError: the server did not answer, or refused.
            OSError: it could not be reached, or its certificate is not trusted.
        """
        client = self._client
        if self._server.transport is TurnTransport.UDP:
            self._link = UdpLink(self._udp, self._place, self._link_closed)
            client.connection_made(self._link)
        else:
            tls = ssl.create_default_context() if self._server.transport is TurnTransport.TLS else None
            self._link = await StreamLink.connect(client, self._place, tls, self._server.host)
        try:
            self.address = await client.connect()
        except BaseException:
            self._link.close()
            raise
        self.mapped = client.mapped_address
        self.is_open = True
        client.receiver = self
        self._keeping = asyncio.create_task(self._keep())

    def take(self, data: bytes) -> None:
        """Take a datagram from the server's address; anybody may have sent it."""
        with contextlib.suppress(ValueError, struct.error):
            self._client.datagram_received(data, self._client.server)

    def address_of(self, host: str) -> str | None:
        """Return an IPv4 address as it is; the relay has no other."""
        return host if ip_address(host).version == 4 else None

    def send(self, data: bytes, address: Address) -> bool:
        """Send one datagram; the first one to an address binds a channel, and leaves once that is there."""
        if address not in self._channels:
            return self._bind(address, data)
        return self.send_burst((data,), address) == 1

    def send_burst(self, datagrams: Sequence[bytes], address: Address) -> int:
        """Send datagrams to an address that has a channel; return how many the link took before one was not taken."""
        channel = self._channels.get(address)
        if channel is None:
            self.dropped += len(datagrams)
            return 0
        self._used.add(address)
        taken = self._link.send_all([_HEADER.pack(channel, len(data)) + data for data in datagrams])
        self.dropped += len(datagrams) - taken
        return taken

    def is_congested(self) -> bool:
        """Tell whether the way to the server has no room."""
        return self.is_open and self._link.is_congested()

    def close(self) -> None:
        """Give the allocation back: said once and not waited for, since the server frees it in time anyway."""
        if not self.is_open:
            return
        self.is_open = False
        self._channels.clear()
        for task in (self._keeping, self._client.refresh_task, *self._binding.values()):
            if task is not None:
                task.cancel()
        self._link.sendto(self._farewell())
        self._link.close()

    def datagram_received(self, data: bytes, address: Address) -> None:
        """Take what a peer sent (called by aioice)."""
        self._on_datagram(data, address)

    def connection_lost(self, error: Exception | None) -> None:
        """Note that the connection to the server broke (called by aioice)."""
        self._lost()

    def _link_closed(self) -> None:
        if self.has_own_port:
            self._udp.close()
        self._lost()

    def _lost(self) -> None:
        """The server gave up the allocation, or the connection to it broke: its peers are out of reach."""
        if self.is_open:
            log.warning("turn_relay_lost", server=self._server.uri)
            self.close()

    def _bind(self, address: Address, data: bytes) -> bool:
        if not self.is_open or address in self._binding or len(self._channels) + len(self._binding) >= CHANNELS_MAX:
            self.dropped += 1
            return False
        task = asyncio.create_task(self._bind_and_send(address, data))
        self._binding[address] = task
        task.add_done_callback(lambda done: self._binding.pop(address, None))
        return True

    async def _bind_and_send(self, address: Address, data: bytes) -> None:
        try:
            await self._client.send_data(data, address)
        except (stun.TransactionError, ConnectionError) as error:
            # Its server may forbid some addresses, such as private ones; others may still do.
            log.info("turn_channel_refused", detail=str(error))
            return
        self._channels[address] = self._client.peer_to_channel[address]

    async def _keep(self) -> None:
        """Keep the way to the server, and renew the channels that were used; the others end by themselves."""
        while True:
            for _ in range(round(CHANNEL_KEEP_S / KEEPALIVE_S)):
                await asyncio.sleep(KEEPALIVE_S)
                self._link.sendto(_keepalive())
            self._channels = {key: number for key, number in self._channels.items() if key in self._used}
            self._used.clear()
            for address, number in list(self._channels.items()):
                try:
                    await self._client.channel_bind(number, address)
                except (stun.TransactionError, ConnectionError) as error:
                    log.info("turn_channel_not_renewed", detail=str(error))

    def _farewell(self) -> bytes:
        client = self._client
        request = stun.Message(message_method=stun.Method.REFRESH, message_class=stun.Class.REQUEST)
        request.attributes["LIFETIME"] = 0
        if client.integrity_key is not None:
            request.attributes |= {"USERNAME": client.username, "NONCE": client.nonce, "REALM": client.realm}
            request.add_message_integrity(cast(bytes, client.integrity_key))
        return bytes(request)


def _keepalive() -> bytes:
    """Return a message that is never answered (RFC 8489 §6.1)."""
    return bytes(stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.INDICATION))


def _unix_s() -> int:
    return (now_us() + unix_offset_us()) // 1_000_000
