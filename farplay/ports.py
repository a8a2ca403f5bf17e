"""Finds a TCP port that is free, before anything is started that needs it."""

from __future__ import annotations

import socket

from farplay.config import PORTS_TRIED
from farplay.failures import CommandFailure, ExitStatus


def pick_port(host: str, port: int | None, default: int) -> int:
    """Return the port to listen on: the named one, or the default or the next after it that is free.

    Raises:
        CommandFailure: ``PORT_IN_USE``.
    """
    if port == 0:
        return 0
    candidates = range(default, default + PORTS_TRIED) if port is None else (port,)
    for candidate in candidates:
        if _is_free(host, candidate):
            return candidate
    which = f"{candidates[0]}" if port is not None else f"{candidates[0]} to {candidates[-1]}"
    raise CommandFailure(
        ExitStatus.PORT_IN_USE,
        f"Another program listens on port {which} of {host}.",
        "Choose another one with --port or --lan-port, or 0 for any.",
    )


def _is_free(host: str, port: int) -> bool:
    try:
        places = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise CommandFailure(
            ExitStatus.FAILED, f"The host {host!r} is unknown here: {error}.", "Use --host localhost."
        ) from error
    for family, kind, protocol, _, address in places:
        try:
            with socket.socket(family, kind, protocol) as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind(address)
        except OSError:
            return False
    return True
