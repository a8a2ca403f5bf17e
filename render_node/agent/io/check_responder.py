"""The UDP socket on which pages try their way to this node before, or instead of, playing.

It answers ICE checks as a worker's port does and nothing else: a page that makes a peer connection to it learns
whether UDP passes both ways, and how long it takes, without a session. It keeps nothing of anybody.
"""

from __future__ import annotations

import time

import structlog
from aioice.utils import random_string

from render_node.session.core.rate_limit import TokenBucket
from render_node.session.io.ice_port import local_ufrag
from render_node.session.io.stun_answer import answer_check
from render_node.session.io.udp_port import Address, UdpPort
from wire.errors import WireError
from wire.node_control import CheckPort
from wire.worker_control import IceMode, IceSpec

CHECKS_PER_S = 200
"""Answered for all pages together; one page sends about 20 a second for a few seconds."""

DATAGRAM_MAX_BYTES = 600
"""Longer than any check of a browser."""

log = structlog.get_logger()


class CheckResponder:
    """Owns its socket until ``close``."""

    def __init__(self, port: UdpPort, hosts: tuple[str, ...]) -> None:
        self._udp = port
        self._udp.on_datagram = self._received
        self._checks = TokenBucket(CHECKS_PER_S, 2 * CHECKS_PER_S)
        self._password = random_string(32)
        self.described = CheckPort(hosts, port.port, random_string(8), self._password)
        """What pages need to reach it."""

    @classmethod
    def open(cls, ice: IceSpec, slots: int) -> CheckResponder | None:
        """Return a responder on a port beside the media ports, or None if there is none to spare, or a NAT before it.

        Args:
            ice: Where workers listen. Of a range, the highest free port is taken, and only if one is left over.
            slots: Workers that need a port of the range at once.
        """
        if ice.mode is IceMode.FULL:
            # A page would try its way here by itself, which nobody beyond the NAT has.
            return None
        spare = ice.port_max == 0 or ice.port_max - ice.port_min + 1 > slots
        if not spare or not ice.advertised_hosts:
            return None
        for number in range(ice.port_max, ice.port_min - 1, -1):
            try:
                return cls(UdpPort.open(ice.bind_host, number, number), ice.advertised_hosts)
            except WireError as error:
                log.info("check_port_taken", port=number, detail=error.detail)
        return None

    def close(self) -> None:
        """Stop answering."""
        self._udp.close()

    def _received(self, data: bytes, address: Address) -> None:
        if len(data) > DATAGRAM_MAX_BYTES or local_ufrag(data) != self.described.ufrag:
            return
        if not self._checks.take(time.monotonic_ns() // 1000):
            return
        answer = answer_check(data, self._password, address)
        if answer is not None:
            self._udp.send(answer[1], address)
