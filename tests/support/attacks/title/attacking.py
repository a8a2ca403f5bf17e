"""What the attacks share: their list, what they aim at, and system calls by number."""

import ctypes
import json
import os
import sys
from collections.abc import Callable

AIM = json.loads(sys.argv[1])
"""What the host side has laid out: paths, ports, process ids."""

SAVE = os.environ["FARPLAY_SAVE_DIR"]
PROCESSES = 120
"""More than a session may have."""

MIB = 1 << 20
libc = ctypes.CDLL(None, use_errno=True)
attacks: dict[str, Callable[[], str | None]] = {}


def attack(function: Callable[[], str | None]) -> Callable[[], str | None]:
    attacks[function.__name__] = function
    return function


def call(number_x86_64: int, number_arm64: int, *arguments: int | bytes | None) -> int:
    """Make a system call; raise what it says."""
    number = number_x86_64 if os.uname().machine == "x86_64" else number_arm64
    result = libc.syscall(ctypes.c_long(number), *(_long(argument) for argument in arguments))
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return int(result)


def _long(argument: int | bytes | None) -> object:
    return ctypes.c_long(argument) if isinstance(argument, int) else argument


def read(path: str) -> str:
    with open(path, "rb") as file:
        return f"read {len(file.read(4096))} bytes of {path}"


def saved(name: str, content: bytes = b"mine") -> str:
    path = os.path.join(SAVE, name)
    with open(path, "wb") as file:
        file.write(content)
    return path
