"""Attacks on other processes: the worker, and one that stands for any other."""

import ctypes
import os
import signal
from contextlib import suppress

from attacking import AIM, attack, call, read


@attack
def read_worker_memory() -> str | None:
    return read(f"/proc/{AIM['worker']}/environ")


@attack
def read_victim_files() -> str | None:
    return ",".join(os.listdir(f"/proc/{AIM['victim']}/fd"))


@attack
def read_victim_command() -> str | None:
    return read(f"/proc/{AIM['victim']}/cmdline")


@attack
def signal_worker() -> str | None:
    os.kill(AIM["worker"], signal.SIGURG)
    return "sent a signal"


@attack
def signal_victim() -> str | None:
    os.kill(AIM["victim"], signal.SIGURG)
    return "sent a signal"


@attack
def trace_victim() -> str | None:
    call(101, 117, 0x4206, AIM["victim"], 0, 0)
    return "traced"


@attack
def write_victim_memory() -> str | None:
    mine = ctypes.create_string_buffer(b"overwritten")
    local = (ctypes.c_size_t * 2)(ctypes.addressof(mine), 11)
    remote = (ctypes.c_size_t * 2)(AIM["victim_address"], 11)
    local_at, remote_at = ctypes.addressof(local), ctypes.addressof(remote)
    call(311, 271, AIM["victim"], local_at, 1, remote_at, 1, 0)
    return "overwrote memory"


@attack
def steal_descriptor() -> str | None:
    call(438, 438, os.pidfd_open(AIM["victim"]), 0, 0)
    return "took a file of another process"


@attack
def slow_worker_down() -> str | None:
    os.setpriority(os.PRIO_PROCESS, AIM["victim"], os.getpriority(os.PRIO_PROCESS, AIM["victim"]))
    return "set another's priority"


@attack
def limit_worker() -> str | None:
    limits = (ctypes.c_uint64 * 2)(0, 0)
    call(302, 261, AIM["victim"], 6, ctypes.addressof(limits), 0)
    return "bounded another process"


@attack
def leave_group() -> str | None:
    worked = []
    for path in AIM["groups"]:
        with suppress(FileNotFoundError), open(path, "w") as file:
            file.write(str(os.getpid()))
            worked.append(path)
    return f"left {worked}" if worked else None
