"""Network namespaces: made, entered and left by threads. All of it needs root.

What a thread starts meanwhile, processes and sockets alike, belongs to its namespace for good. A namespace is known
by a descriptor and ends with its last process and descriptor; none has a name that could be left behind.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

_CLONE_NEWNET = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


def this_network() -> int:
    """Return a descriptor of this thread's namespace; the caller closes it."""
    return os.open("/proc/thread-self/ns/net", os.O_RDONLY | os.O_CLOEXEC)


def unshare_network() -> None:
    """Move this thread into a namespace of its own, in which loopback is up and nothing else is.

    Raises:
        OSError: it may not.
    """
    _check(_libc.unshare(_CLONE_NEWNET))
    ip("link", "set", "lo", "up")


@contextmanager
def inside_network(network: int) -> Iterator[None]:
    """Have this thread in a namespace for a while."""
    home = this_network()
    try:
        _check(_libc.setns(network, _CLONE_NEWNET))
        try:
            yield
        finally:
            _check(_libc.setns(home, _CLONE_NEWNET))
    finally:
        os.close(home)


def ip(*arguments: str) -> None:
    """Run ``ip`` in this thread's namespace.

    Raises:
        subprocess.CalledProcessError: it refused.
    """
    subprocess.run(["ip", *arguments], check=True, timeout=10)


def _check(status: int) -> None:
    if status != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
