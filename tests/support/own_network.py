"""A network of the test's own: a namespace with one address, for browsers that refuse to stream over loopback."""

from __future__ import annotations

import ctypes
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

ADDRESS = "10.97.0.1/24"
_CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


@contextmanager
def own_network() -> Iterator[None]:
    """Move this thread, and what it starts meanwhile, into a new network namespace.

    It has loopback and one more interface with `ADDRESS`, and reaches nothing outside. Only root may make one;
    anybody else stays on the machine's own network.
    """
    if os.geteuid() != 0:
        yield
        return
    home = os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    try:
        _check(_libc.unshare(_CLONE_NEWNET))
        try:
            _ip("link", "set", "lo", "up")
            _ip("link", "add", "inside", "type", "veth", "peer", "name", "outside")
            _ip("address", "add", ADDRESS, "dev", "inside")
            for each in ("inside", "outside"):
                _ip("link", "set", each, "up")
            _ip("route", "add", "default", "dev", "inside")
            yield
        finally:
            _check(_libc.setns(home, _CLONE_NEWNET))
    finally:
        os.close(home)


def _ip(*arguments: str) -> None:
    subprocess.run(["ip", *arguments], check=True, timeout=10)


def _check(status: int) -> None:
    if status != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
