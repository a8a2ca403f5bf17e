"""Listening sockets, bound before anything else starts, so that a port that is taken is known at once."""

from __future__ import annotations

import contextlib
import errno
import socket

_LOOPBACK_V4, _LOOPBACK_V6 = "127.0.0.1", "::1"


def bind(host: str, port: int) -> list[socket.socket]:
    """Return listening TCP sockets, all on the same port.

    ``localhost`` is bound on IPv4 and, where the machine has it, IPv6 loopback: a browser may try either, and
    another program must not answer there. The caller closes the sockets.

    Raises:
        OSError: the address or port cannot be had.
    """
    if host != "localhost":
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return [_listen(family, host, port)]
    first = _listen(socket.AF_INET, _LOOPBACK_V4, port)
    try:
        return [first, _listen(socket.AF_INET6, _LOOPBACK_V6, first.getsockname()[1])]
    except OSError as error:
        if error.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
            return [first]
        first.close()
        if port == 0 and error.errno == errno.EADDRINUSE:
            return bind(host, 0)
        raise


def _listen(family: socket.AddressFamily, host: str, port: int) -> socket.socket:
    with contextlib.ExitStack() as undo:
        listener = undo.enter_context(socket.socket(family, socket.SOCK_STREAM))
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind((host, port))
        listener.listen(1024)
        listener.setblocking(False)
        undo.pop_all()
        return listener


def url_of(host: str, port: int) -> str:
    """Return the URL under which a person opens the broker."""
    name = "localhost" if host in ("0.0.0.0", "::", "") else host
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"
