"""What this machine is called on its network: addresses and names, and the address that others most likely reach."""

from __future__ import annotations

import contextlib
import socket
from ipaddress import IPv4Address, IPv6Address, ip_address

from aioice.ice import get_host_addresses

from farplay.certificates import Address, HostNames, is_dns_name

LOOPBACK: tuple[Address, ...] = (IPv4Address("127.0.0.1"), IPv6Address("::1"))

_ELSEWHERE = (IPv4Address("198.51.100.1"), 9)
"""An address of the documentation block: the route to it is looked up, nothing is sent."""


def machine_names(hostname: str | None = None) -> HostNames:
    """Return every name and address of this machine, loopback included.

    Args:
        hostname: None asks the system.
    """
    name = (socket.gethostname() if hostname is None else hostname).lower().rstrip(".")
    short = name.split(".")[0]
    dns = [each for each in ("localhost", f"{short}.local", name) if is_dns_name(each)]
    found = {ip_address(each) for each in get_host_addresses(use_ipv4=True, use_ipv6=True)}
    outside = sorted(found - set(LOOPBACK), key=lambda each: (each.version, int(each)))
    return HostNames(tuple(dict.fromkeys(dns)), (*LOOPBACK, *outside))


def main_address(names: HostNames) -> Address | None:
    """Return the address that other devices reach: the one of the default route, else the first that is not loopback.

    Returns:
        None if the machine is on no network.
    """
    with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect((str(_ELSEWHERE[0]), _ELSEWHERE[1]))
        routed = ip_address(probe.getsockname()[0])
        if routed in names.addresses and not routed.is_loopback:
            return routed
    outside = [each for each in names.addresses if not each.is_loopback]
    return outside[0] if outside else None


def current_address() -> Address | None:
    """Return the address that other devices reach now."""
    return main_address(machine_names())
