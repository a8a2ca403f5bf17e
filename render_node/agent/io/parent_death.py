"""The chain of life: a process that dies with its parent, whatever ended the parent."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36

_libc = ctypes.CDLL(None, use_errno=True)


def _prctl(option: int, value: int) -> None:
    if _libc.prctl(option, ctypes.c_ulong(value), 0, 0, 0) != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))


def die_with_parent(parent_pid: int) -> None:
    """Let the kernel SIGKILL this process when the parent's creating thread ends; exit if it is gone already.

    Args:
        parent_pid: Who started this process. Another parent means that it died before this call.
    """
    _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent_pid:
        sys.stderr.write("the parent process is gone\n")
        os._exit(1)


def adopt_orphans() -> None:
    """Become the parent of grandchildren whose parent died, so that they are reaped here."""
    _prctl(PR_SET_CHILD_SUBREAPER, 1)
