"""The legs on which datagrams leave and come: the worker's own socket, or a relay beyond it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from render_node.session.io.udp_port import Address


class Leg(Protocol):
    """One leg; ``UdpPort`` is one, ``TurnRelay`` the other. Neither queues: what is not taken is dropped."""

    def send(self, data: bytes, address: Address) -> bool:
        """Send one datagram; False if it was dropped."""

    def send_burst(self, datagrams: Sequence[bytes], address: Address) -> int:
        """Send datagrams in order; return how many were taken before one was not."""

    def is_congested(self) -> bool:
        """Tell whether so much waits to leave this machine that a frame should rather be dropped."""

    def address_of(self, host: str) -> str | None:
        """Return how this leg writes an IP address, None if it cannot go there."""


class Route(NamedTuple):
    """A leg, and an address as it is seen at the leg's far end."""

    leg: Leg
    address: Address
