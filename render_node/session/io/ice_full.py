"""Full ICE for a node behind a NAT (RFC 8445): further addresses from outside, and checks from our side.

The same as the lite side, and beyond it: candidates as a STUN server sees us and at a TURN server, and connectivity
checks to the addresses that the other side names. These open our NAT and tell the relay whom to let in; they also
show the other side a way that our NAT makes only as we send. We are always the controlled side, whoever made the
offer: the browser decides which way is taken, and may change it at any time. It may choose one before it knows that
our packets arrive there, so once there is a way we change it only to one on which a check of ours was answered.
"""

from __future__ import annotations

import asyncio
from collections import deque
from ipaddress import IPv4Address, IPv6Address, ip_address

import structlog
from aioice import Candidate, stun
from aioice.candidate import candidate_foundation, candidate_priority

from render_node.session.core.check_schedule import CheckSchedule
from render_node.session.io import monotonic
from render_node.session.io.ice_leg import Leg, Route
from render_node.session.io.ice_lite import ROUTES_MAX, LiteConnection
from render_node.session.io.stun_check import connectivity_check, is_answered, role_conflict
from render_node.session.io.udp_port import Address
from wire.worker_control import IceSpec

PORT_MIN = 1024
"""Lower ports belong to services that nobody may make us talk to; no browser listens there."""

TARGETS_MAX = 16
"""Candidates of the other side that are kept."""

RELAYED_MAX = 8
"""Addresses that one peer may make us reach by the relay, whose channels all peers share."""


log = structlog.get_logger()


class FullConnection(LiteConnection):
    """One peer's full side; an ``IceConnection`` that also takes the place of aioice's ``Connection``."""

    def __init__(self, spec: IceSpec, local_username: str | None = None, local_password: str | None = None) -> None:
        super().__init__(spec, local_username, local_password)
        self._targets: list[Candidate] = []
        self._relayed: set[Address] = set()
        self._schedule: CheckSchedule[Route] = CheckSchedule()
        self._valid: deque[Route] = deque(maxlen=ROUTES_MAX)
        self._wanted: Route | None = None
        self._timer: asyncio.TimerHandle | None = None

    @property
    def local_candidates(self) -> list[Candidate]:
        """The hosts' candidates, and what the servers gave."""
        servers = self._port.servers if self._port is not None else None
        if self._port is None or servers is None:
            return []
        found = super().local_candidates
        if servers.mapped is not None and servers.mapped not in [(each.host, each.port) for each in found]:
            found.append(_candidate("srflx", servers.mapped, (self._port.udp.host, self._port.udp.port)))
        if servers.relay is not None:
            found.append(_candidate("relay", servers.relay.address, servers.relay.mapped))
        return found

    @property
    def remote_candidates(self) -> list[Candidate]:
        """What the other side named."""
        return list(self._targets)

    async def gather_candidates(self) -> None:
        """Open or join the worker's port and ask the servers, within a bound of time."""
        await super().gather_candidates()
        servers = self._port.servers if self._port is not None else None
        if servers is not None and await servers.gather():
            for words in servers.failures:
                log.warning("ice_server_failed", detail=words)

    async def add_remote_candidate(self, remote_candidate: Candidate | None) -> None:
        """Try a candidate once connecting."""
        if remote_candidate is not None and len(self._targets) < TARGETS_MAX:
            self._targets.append(remote_candidate)

    async def connect(self) -> None:
        """Check from our side until the other side has nominated a way."""
        for candidate in filter(self._is_target, self._targets):
            self._try(candidate)
        self._send_checks()
        await super().connect()

    async def close(self) -> None:
        """Leave the port and wake everyone who waits."""
        self._stop_checks()
        await super().close()

    def check_received(self, data: bytes, route: Route) -> None:
        """Answer a check as the lite side does, unless it comes by more relayed addresses than one peer may have."""
        if self._port is None or route.leg is self._port.udp or self._may_relay(route.address):
            super().check_received(data, route)

    def answer_received(self, data: bytes, route: Route) -> None:
        """Take the proof that our packets arrive by a route."""
        if self.remote_password is None or not is_answered(data, self.remote_password):
            return
        if route not in self._valid:
            self._valid.append(route)
        self._schedule.drop(route)
        if route == self._wanted:
            self._nominate(route)

    def _nominate(self, route: Route) -> None:
        if self._nominated is None or route in self._valid:
            super()._nominate(route)
            self._wanted = None
            self._schedule.clear()
            self._stop_checks()
        elif route != self._nominated and (route != self._wanted or self._schedule.next_wake_us is None):
            self._wanted = route
            self._schedule.clear()
            self._schedule.add(route, monotonic.now_us())
            self._send_checks()

    def _response_to(self, request: stun.Message, response: bytes) -> bytes:
        """Make a sender that takes the controlled role as well the controlling one."""
        return role_conflict(request, self.local_password) if "ICE-CONTROLLED" in request.attributes else response

    def _is_target(self, candidate: Candidate) -> bool:
        """Tell whether it is an address at which a browser may be, as far as that can be told."""
        try:
            address = ip_address(candidate.host)
        except ValueError:
            return False
        if candidate.transport.lower() != "udp" or not PORT_MIN <= candidate.port <= 0xFFFF:
            return False
        return self._is_reachable(address)

    def _is_reachable(self, address: IPv4Address | IPv6Address) -> bool:
        if address.is_loopback:
            return self._port is not None and ip_address(self._port.udp.host).is_loopback
        return not (address.is_multicast or address.is_unspecified or address.is_reserved or address.is_link_local)

    def _try(self, candidate: Candidate) -> None:
        if self._port is None or self._port.servers is None:
            return
        relay = self._port.servers.relay
        legs: list[Leg] = [self._port.udp] if relay is None else [self._port.udp, relay]
        for leg in legs:
            host = leg.address_of(candidate.host)
            if host is not None and (leg is self._port.udp or self._may_relay((host, candidate.port))):
                self._schedule.add(Route(leg, (host, candidate.port)), monotonic.now_us())

    def _may_relay(self, address: Address) -> bool:
        if address not in self._relayed and len(self._relayed) < RELAYED_MAX:
            self._relayed.add(address)
        return address in self._relayed

    def _send_checks(self) -> None:
        self._stop_checks()
        if self.remote_username is None or self.remote_password is None or self._port is None:
            return
        now_us = monotonic.now_us()
        route = self._schedule.take_due(now_us)
        if route is not None:
            key, check = connectivity_check(self.remote_username, self.remote_password, self.local_username)
            self._port.expect(key, self)
            route.leg.send(check, route.address)
        wake_us = self._schedule.next_wake_us
        if wake_us is not None:
            delay_s = max(0, wake_us - now_us) / 1e6
            self._timer = asyncio.get_running_loop().call_later(delay_s, self._send_checks)

    def _stop_checks(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def _candidate(kind: str, address: Address, related: Address) -> Candidate:
    return Candidate(
        foundation=candidate_foundation(kind, "udp", address[0]),
        component=1,
        transport="udp",
        priority=candidate_priority(1, kind),
        host=address[0],
        port=address[1],
        type=kind,
        related_address=related[0],
        related_port=related[1],
    )
