"""What the STUN and TURN servers of a node behind a NAT are good for, asked as the node asks them."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from ipaddress import ip_address
from typing import TYPE_CHECKING

from farplay.doctor.findings import Finding, Group, Level, ok
from wire.worker_control import IceMode, IceSpec, StunServer, TurnServer

if TYPE_CHECKING:
    from render_node.agent.io.ice_probe import IceReach

NO_HELP = "Until then only players on networks that reach this machine by itself can play."


def judge_stun(server: StunServer, reach: IceReach) -> Finding:
    """Whether it says how the outside sees this machine."""
    if reach.mapped is not None:
        return ok(Group.NETWORK, "STUN server", f"{server.uri} sees this machine as {reach.mapped}")
    advice = f"Check --stun, and that outgoing UDP to port {server.port} is allowed. {NO_HELP}"
    return Finding(Group.NETWORK, "STUN server", Level.LACKS, reach.stun_failure, advice)


def judge_turn(server: TurnServer, reach: IceReach) -> Finding:
    """Whether it relays for this machine, at an address that players reach."""
    name = "TURN server"
    if reach.relay is None:
        carrier = "UDP" if server.transport == "udp" else "TCP"
        advice = (
            f"Check --turn, the user name, and the password or secret; outgoing {carrier} to port {server.port} "
            f"must be allowed. {NO_HELP}"
        )
        return Finding(Group.NETWORK, name, Level.LACKS, reach.turn_failure, advice)
    words = f"{server.uri} relays at {reach.relay}"
    if ip_address(reach.relay).is_global:
        return ok(Group.NETWORK, name, words)
    advice = "Players elsewhere do not reach this address: tell the server its public one (coturn: external-ip)."
    return Finding(Group.NETWORK, name, Level.LACKS, words, advice)


def check_ice(spec: IceSpec) -> Iterator[Finding]:
    """Ask the servers; nothing is asked where a node is reached by itself."""
    from render_node.agent.io.ice_probe import probe_ice
    from wire.errors import WireError

    if spec.mode is IceMode.LITE:
        return
    try:
        reach = asyncio.run(probe_ice(spec))
    except WireError as error:
        yield Finding(Group.NETWORK, "STUN and TURN", Level.LACKS, error.detail, "Check --media-host.")
        return
    if spec.stun is not None:
        yield judge_stun(spec.stun, reach)
    if spec.turn is not None:
        yield judge_turn(spec.turn, reach)
