"""Four network namespaces: a node behind a NAT, the outside with a server, and a page in another network.

    node 192.168.7.2 -- NAT 192.168.7.1 | 203.0.113.2 -- outside 203.0.113.1 | 198.51.100.1 -- page 198.51.100.2

The NAT lets nobody in whom the node has not sent to before. At first the outside passes nothing on between the two
networks: both reach its own servers only, as behind firewalls. Needs root.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from scripts.find_nat_tools import find_nft
from tests.support.network_namespace import inside_network, ip, this_network, unshare_network

OUTSIDE, PAGE, NAT = "203.0.113.1", "198.51.100.2", "203.0.113.2"
RULES = """
add table ip nat
add chain ip nat out { type nat hook postrouting priority srcnat; }
add rule ip nat out oifname uplink masquerade
add chain ip nat in { type filter hook forward priority filter; policy drop; }
add rule ip nat in iifname inside accept
add rule ip nat in ct state established,related accept
"""


@dataclass(frozen=True)
class NatNetworks:
    """Descriptors of the namespaces, for ``inside_network``."""

    node: int
    nat: int
    outside: int
    page: int

    def let_through(self) -> None:
        """Pass packets on between the NAT and the page's network from now on."""
        with inside_network(self.outside):
            _forward()


@contextmanager
def nat_networks() -> Iterator[NatNetworks]:
    """Make them for as long as the block lasts."""
    made: list[int] = []
    try:
        for _ in range(4):
            with _back_home():
                unshare_network()
                made.append(this_network())
        networks = NatNetworks(*made)
        _connect(networks)
        with inside_network(networks.nat):
            _forward()
            subprocess.run([find_nft(), "-f", "-"], input=RULES.encode(), check=True, timeout=10)
        yield networks
    finally:
        for each in made:
            os.close(each)


@contextmanager
def _back_home() -> Iterator[None]:
    home = this_network()
    try:
        with inside_network(home):
            yield
    finally:
        os.close(home)


def _connect(networks: NatNetworks) -> None:
    _cable(networks.nat, ("inside", "192.168.7.1/24"), networks.node, ("uplink", "192.168.7.2/24"))
    _cable(networks.outside, ("nat", f"{OUTSIDE}/24"), networks.nat, ("uplink", f"{NAT}/24"))
    _cable(networks.outside, ("page", "198.51.100.1/24"), networks.page, ("uplink", f"{PAGE}/24"))
    for network, gateway in (
        (networks.node, "192.168.7.1"),
        (networks.nat, OUTSIDE),
        (networks.page, "198.51.100.1"),
    ):
        with inside_network(network):
            ip("route", "add", "default", "via", gateway)


def _cable(upper: int, upper_end: tuple[str, str], lower: int, lower_end: tuple[str, str]) -> None:
    with inside_network(upper):
        ip("link", "add", "name", upper_end[0], "type", "veth", "peer", "name", "far")
        ip("link", "set", "far", "netns", f"/proc/{os.getpid()}/fd/{lower}", "name", lower_end[0])
    for network, (name, address) in ((upper, upper_end), (lower, lower_end)):
        with inside_network(network):
            ip("address", "add", address, "dev", name)
            ip("link", "set", name, "up")


def _forward() -> None:
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1")
