"""Attacks on what the title shares with its worker: the frame ring and the control socket."""

import fcntl
import os
import socket
import stat
from contextlib import suppress

from attacking import attack


def ring() -> int:
    for number in range(64):
        with suppress(OSError):
            fcntl.fcntl(number, fcntl.F_GET_SEALS)
            return number
    raise LookupError("no ring")


@attack
def ring_cut() -> str | None:
    size = os.fstat(ring()).st_size
    os.ftruncate(ring(), 4096)
    os.ftruncate(ring(), size)
    return "cut the ring"


@attack
def ring_grown() -> str | None:
    size = os.fstat(ring()).st_size
    os.ftruncate(ring(), size + 4096)
    os.ftruncate(ring(), size)
    return "grew the ring"


@attack
def ring_sealed() -> str | None:
    fcntl.fcntl(ring(), fcntl.F_ADD_SEALS, fcntl.F_SEAL_SEAL)
    return "took the ring's seals over"


@attack
def ring_written_beyond() -> str | None:
    size = os.fstat(ring()).st_size
    return f"wrote {os.pwrite(ring(), b'x', size + 4096)} byte beyond"


@attack
def send_descriptors() -> str | None:
    """Send open files with messages that are in order; whether the worker takes them is seen on its side."""
    worker = next(number for number in range(3, 64) if is_socket(number))
    sent = os.open("/dev/null", os.O_RDONLY)
    link = socket.socket(fileno=worker)
    for _ in range(20):
        socket.send_fds(link, [b"\x05\x07\x01"], [sent] * 8)
    return None


def is_socket(number: int) -> bool:
    with suppress(OSError):
        return stat.S_ISSOCK(os.fstat(number).st_mode)
    return False
