"""Ports, UDP, and the addresses under which browsers reach this machine."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator, Sequence
from ipaddress import ip_address

from farplay.doctor.findings import Finding, Group, Level, ok

UDP_TIMEOUT_S = 1.0
UDP_PORTS_TRIED = 200
"""Ports of a range that are bound one after the other; of a longer one, the first."""


def judge_tcp(port: int, is_free: bool, next_free: int | None) -> Finding:
    """The port that browsers open."""
    if is_free:
        return ok(Group.NETWORK, "TCP port", f"{port} is free")
    words = f"{port} is taken, perhaps by a Farplay that runs already"
    if next_free is None:
        return Finding(Group.NETWORK, "TCP port", Level.FAILS, words, "End the other program, or choose --port.")
    advice = f"Nothing to do: farplay up takes the next free one ({next_free}), unless you name one with --port."
    return Finding(Group.NETWORK, "TCP port", Level.LACKS, words, advice)


def judge_udp_range(port_min: int, port_max: int, taken: Sequence[int], slots_wanted: int) -> Finding:
    """The ports for media: one per session, and one for the connection check."""
    if port_max == 0:
        return ok(Group.NETWORK, "UDP ports", "any; the system chooses")
    size = port_max - port_min + 1
    free = min(size, UDP_PORTS_TRIED) - len(taken)
    words = f"{port_min}-{port_max}: {free} of {min(size, UDP_PORTS_TRIED)} tried can be bound"
    if free <= 0:
        return Finding(Group.NETWORK, "UDP ports", Level.FAILS, words, "Choose another range with --media-ports.")
    if free < slots_wanted + 1:
        advice = f"Give {slots_wanted + 1}: one per session and one for the connection check."
        return Finding(Group.NETWORK, "UDP ports", Level.LACKS, words, advice)
    return ok(Group.NETWORK, "UDP ports", words)


def judge_localhost(addresses: Sequence[str]) -> Finding:
    """``localhost`` must be this machine: browsers trust it, and the broker listens on it."""
    strange = [address for address in addresses if not ip_address(address).is_loopback]
    if addresses and not strange:
        return ok(Group.NETWORK, "localhost", ", ".join(addresses))
    words = f"is {', '.join(strange)}" if strange else "is not known here"
    advice = "Add to /etc/hosts: 127.0.0.1 localhost"
    return Finding(Group.NETWORK, "localhost", Level.FAILS, words, advice)


def judge_reach(port: int, addresses: Sequence[str]) -> Iterator[Finding]:
    """Where a browser opens it, and whether it trusts the page there."""
    words = f"http://localhost:{port} (a secure context: every feature works)"
    yield ok(Group.NETWORK, "This machine", words)
    if not addresses:
        words = "this machine has no address that others reach"
        yield Finding(Group.NETWORK, "Other devices", Level.LACKS, words, "Connect it to a network.")
        return
    words = f"by {', '.join(addresses[:4])}, over https only: farplay up --lan"
    yield ok(Group.NETWORK, "Other devices", words)


def check_network(port: int, media_ports: tuple[int, int]) -> Iterator[Finding]:
    """Bind, send and look up."""
    from aioice.ice import get_host_addresses

    from farplay.config import PORTS_TRIED

    tries = range(port, min(port + PORTS_TRIED, 65536))
    free = next((number for number in tries if _can_bind(socket.SOCK_STREAM, number)), None)
    yield judge_tcp(port, free == port, free)
    low, high = media_ports
    tried = range(low, min(high, low + UDP_PORTS_TRIED - 1) + 1) if high else range(0)
    taken = [number for number in tried if not _can_bind(socket.SOCK_DGRAM, number)]
    yield judge_udp_range(low, high, taken, slots_wanted=1)
    yield _udp_round_trip()
    yield judge_localhost(_addresses_of("localhost"))
    yield from judge_reach(free or port, get_host_addresses(use_ipv4=True, use_ipv6=False))


def _can_bind(kind: socket.SocketKind, port: int) -> bool:
    host = "127.0.0.1" if kind is socket.SOCK_STREAM else "0.0.0.0"
    try:
        with socket.socket(socket.AF_INET, kind) as probe:
            if kind is socket.SOCK_STREAM:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError:
        return False
    return True


def _udp_round_trip() -> Finding:
    """Send a datagram to ourselves, and one back."""
    advice = "Allow UDP on the loopback interface in this machine's firewall."
    try:
        with (
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server,
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client,
        ):
            for end in (server, client):
                end.bind(("127.0.0.1", 0))
                end.settimeout(UDP_TIMEOUT_S)
            token = os.urandom(16)
            client.sendto(token, server.getsockname())
            heard, address = server.recvfrom(64)
            server.sendto(heard, address)
            works = client.recv(64) == token
    except OSError as error:
        return Finding(Group.NETWORK, "UDP", Level.FAILS, f"no round trip on loopback: {error}", advice)
    if works:
        return ok(Group.NETWORK, "UDP", "there and back on loopback")
    return Finding(Group.NETWORK, "UDP", Level.FAILS, "another program answered", advice)


def _addresses_of(host: str) -> list[str]:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError:
        return []
    return sorted({str(address[0]) for *_, address in found})
