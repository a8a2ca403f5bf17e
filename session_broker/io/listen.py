"""Listening sockets, bound before anything else starts, so that a port that is taken is known at once."""

from __future__ import annotations

import contextlib
import errno
import socket
from dataclasses import dataclass

from session_broker.config import BrokerConfig, bracketed

_BOTH = {"localhost": ("127.0.0.1", "::1"), "*": ("0.0.0.0", "::")}
"""Hosts that stand for an IPv4 and an IPv6 address."""


def bind(host: str, port: int) -> list[socket.socket]:
    """Return listening TCP sockets, all on the same port.

    ``localhost`` is bound on IPv4 and, where the machine has it, IPv6 loopback: a browser may try either, and
    another program must not answer there. ``*`` is every address of the machine. The caller closes the sockets.

    Raises:
        OSError: the address or port cannot be had.
    """
    if host not in _BOTH:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return [_listen(family, host, port)]
    v4, v6 = _BOTH[host]
    first = _listen(socket.AF_INET, v4, port)
    try:
        return [first, _listen(socket.AF_INET6, v6, first.getsockname()[1])]
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


def url_of(host: str, port: int, *, scheme: str = "http") -> str:
    """Return the URL under which a person opens the broker."""
    name = "localhost" if host in ("0.0.0.0", "::", "") else host
    return f"{scheme}://{bracketed(name)}:{port}"


@dataclass(frozen=True, slots=True)
class Listeners:
    """The broker's listening sockets; ``close`` closes them all."""

    plain: list[socket.socket]
    tls: list[socket.socket]
    """Empty without TLS."""
    trust: list[socket.socket]
    """Empty where no device has to be told to trust anything."""

    @classmethod
    def open(cls, config: BrokerConfig) -> Listeners:
        """Bind everything that a configuration asks for, or nothing.

        Raises:
            OSError: an address or port cannot be had.
        """
        listeners = cls([], [], [])
        with contextlib.ExitStack() as undo:
            undo.callback(listeners.close)
            listeners.plain.extend(bind(config.host, config.port))
            tls = config.tls
            if tls is not None:
                listeners.tls.extend(bind(tls.host, tls.port))
                if tls.ca_file is not None:
                    listeners.trust.extend(bind(tls.host, tls.trust_port))
            undo.pop_all()
        return listeners

    def close(self) -> None:
        """Stop listening."""
        for listener in (*self.plain, *self.tls, *self.trust):
            listener.close()


def port_of(sockets: list[socket.socket]) -> int:
    """Return the TCP port that sockets of one ``bind`` share."""
    port: int = sockets[0].getsockname()[1]
    return port
