"""A port for a server that takes none of the system's choice, or must come back to the one it had."""

from __future__ import annotations

import random
import socket

_BELOW_EPHEMERAL = range(20000, 32000)
"""Linux gives out 32768 and above by itself: what a test lets go of here, no other connection takes meanwhile."""


def free_port(host: str = "127.0.0.1") -> int:
    """Return a port of an address that is free now for UDP and TCP."""
    while True:
        port = random.SystemRandom().choice(_BELOW_EPHEMERAL)
        try:
            for kind in (socket.SOCK_DGRAM, socket.SOCK_STREAM):
                with socket.socket(socket.AF_INET, kind) as probe:
                    probe.bind((host, port))
        except OSError:
            continue
        return port
