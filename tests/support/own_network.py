"""A network of the test's own: a namespace with one address, for browsers that refuse to stream over loopback."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.network_namespace import inside_network, ip, this_network, unshare_network

ADDRESS = "10.97.0.1/24"


@contextmanager
def own_network() -> Iterator[None]:
    """Move this thread, and what it starts meanwhile, into a new network namespace.

    It has loopback and one more interface with `ADDRESS`, and reaches nothing outside. Only root may make one;
    anybody else stays on the machine's own network.
    """
    if os.geteuid() != 0:
        yield
        return
    home = this_network()
    try:
        with inside_network(home):
            unshare_network()
            ip("link", "add", "inside", "type", "veth", "peer", "name", "outside")
            ip("address", "add", ADDRESS, "dev", "inside")
            for each in ("inside", "outside"):
                ip("link", "set", each, "up")
            ip("route", "add", "default", "dev", "inside")
            yield
    finally:
        os.close(home)
