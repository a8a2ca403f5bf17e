"""Attacks on what a machine has for all: memory, files, processes."""

import ctypes
import mmap
import os
import select
import signal
from contextlib import suppress

from attacking import AIM, MIB, PROCESSES, attack, libc


@attack
def address_space() -> str | None:
    mmap.mmap(-1, 6 << 30).close()
    return "mapped 6 GiB"


@attack
def open_files() -> str | None:
    held = [os.open("/dev/null", os.O_RDONLY) for _ in range(2000)]
    return f"opened {len(held)} files"


@attack
def lock_memory() -> str | None:
    memory = mmap.mmap(-1, 4 * MIB)
    at = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    if libc.mlock(ctypes.c_void_p(at), ctypes.c_size_t(4 * MIB)) != 0:
        raise OSError(ctypes.get_errno(), "mlock")
    return "locked 4 MiB"


@attack
def shared_memory_fill() -> str | None:
    try:
        with open("/dev/shm/farplay-test-fill", "wb") as file:
            for _ in range(100):
                file.write(bytes(MIB))
    finally:
        os.unlink("/dev/shm/farplay-test-fill")
    return "wrote 100 MiB"


@attack
def memory_of_many() -> str | None:
    """Hold more memory in many processes than one session may have, each within its own bound."""
    read_fd, write_fd = os.pipe()
    children = []
    for _ in range(8):
        pid = os.fork()
        if pid == 0:
            held = bytearray(40 * MIB)
            held[::4096] = b"x" * len(held[::4096])
            os.write(write_fd, b"x")
            signal.pause()
        children.append(pid)
    holding, dead = 0, False
    while holding < len(children) and not dead:
        if select.select([read_fd], [], [], 0.05)[0]:
            holding += len(os.read(read_fd, 16))
        dead = any(os.waitpid(pid, os.WNOHANG)[0] for pid in children)
    for pid in children:
        with suppress(OSError):
            os.kill(pid, signal.SIGKILL)
    return None if dead else "holds 320 MiB"


@attack
def daemons() -> str | None:
    for _ in range(3):
        if os.fork() == 0:
            os.setsid()
            if os.fork():
                os._exit(0)
            for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
                signal.signal(number, signal.SIG_IGN)
            os.execv("/usr/bin/sleep", ["sleep", AIM["mark"]])
    return None


@attack
def fork_bomb() -> str | None:
    started = 0
    with suppress(OSError):
        while started < PROCESSES:
            if os.fork() == 0:
                signal.pause()
            started += 1
    return f"started {started} processes" if started >= PROCESSES else None
