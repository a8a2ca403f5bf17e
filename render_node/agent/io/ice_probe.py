"""Asks a node's STUN and TURN servers once, so that its log and the doctor can say what they are good for."""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from render_node.session.io.ice_servers import IceServers
from render_node.session.io.udp_port import UdpPort
from wire.errors import WireError
from wire.worker_control import IceMode, IceSpec

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class IceReach:
    """What they gave; an address or the words why there is none. Of a server that is not named, neither."""

    mapped: str | None
    """How the outside sees this machine."""
    stun_failure: str
    relay: str | None
    """Where the TURN server relays for it."""
    turn_failure: str


async def probe_ice(spec: IceSpec) -> IceReach:
    """Ask from a socket of its own; takes no longer than an offer may wait, and leaves nothing.

    Raises:
        WireError: ``no_room`` if no socket can be opened.
    """
    udp = UdpPort.open(spec.bind_host, 0, 0)
    servers = IceServers(spec, udp, lambda relay, data, address: None)
    udp.on_datagram = servers.take
    try:
        await servers.gather()
        return IceReach(
            mapped=servers.mapped[0] if servers.mapped else None,
            stun_failure=servers.stun_failure,
            relay=servers.relay.address[0] if servers.relay else None,
            turn_failure=servers.turn_failure,
        )
    finally:
        servers.close()
        udp.close()


async def tell_ice_reach(spec: IceSpec) -> None:
    """Log what the servers are good for, where a node asks any; it starts whatever they are."""
    if spec.mode is not IceMode.FULL:
        return
    try:
        reach = await probe_ice(spec)
    except WireError as error:
        log.warning("ice_not_probed", detail=error.detail)
        return
    log.info("node_behind_nat", has_address=reach.mapped is not None, has_relay=reach.relay is not None)
    for words in filter(None, (reach.stun_failure, reach.turn_failure)):
        log.warning("ice_server_failed", detail=words)
