"""Attacks on the frame ring, which the title shares with its worker."""

import fcntl
import os
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
    fcntl.fcntl(ring(), fcntl.F_ADD_SEALS, fcntl.F_SEAL_WRITE | fcntl.F_SEAL_SEAL)
    return "took the ring's seals over"


@attack
def ring_written_beyond() -> str | None:
    size = os.fstat(ring()).st_size
    return f"wrote {os.pwrite(ring(), b'x', size + 4096)} byte beyond"
