"""The parent of a title where no process namespace holds it: reaps, and ends everything that the title started.

It stands where bubblewrap stands elsewhere and speaks like it: it writes the title's process id as JSON, ends with
the title's exit status, and leaves no process behind. It runs nothing of the title and stays outside its walls.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
from collections.abc import Iterator
from contextlib import suppress

from render_node.title.confinement import close_all_but

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
_SIGNALS = (signal.SIGTERM, signal.SIGCHLD)


def watch_over(info_fd: int, parent_pid: int, user_id: int | None) -> None:
    """Fork: return in the child, which becomes the title; the parent waits for it and exits.

    Args:
        info_fd: Where the child's process id is written to; closed.
        parent_pid: The worker: without it the title ends.
        user_id: The title's own user, if it gets one: all of this user's processes end with it.
    """
    prctl = ctypes.CDLL(None).prctl
    prctl(_PR_SET_CHILD_SUBREAPER, ctypes.c_ulong(1), 0, 0, 0)
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    prctl(_PR_SET_PDEATHSIG, ctypes.c_ulong(signal.SIGTERM), 0, 0, 0)
    if os.getppid() != parent_pid:
        os._exit(1)
    warden = os.getpid()
    child = os.fork()
    if child == 0:
        prctl(_PR_SET_PDEATHSIG, ctypes.c_ulong(signal.SIGKILL), 0, 0, 0)
        if os.getppid() != warden:
            os._exit(1)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)
        os.close(info_fd)
        return
    os.write(info_fd, json.dumps({"child-pid": child}).encode())
    _let_go()
    status = _wait(child)
    _end_everything(user_id)
    os._exit(os.WEXITSTATUS(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status))


def _let_go() -> None:
    """Hold nothing of the title's: the worker learns of its end by its pipes and sockets."""
    close_all_but(())
    for _ in range(3):
        os.open(os.devnull, os.O_RDWR)


def _wait(child: int) -> int:
    """Return the title's wait status; on the way, take away whoever else has ended."""
    while True:
        if signal.sigwait(_SIGNALS) == signal.SIGTERM:
            os.kill(child, signal.SIGKILL)
        pid, status = os.waitpid(-1, os.WNOHANG)
        while pid:
            if pid == child:
                return status
            pid, status = _next_ended()


def _next_ended() -> tuple[int, int]:
    try:
        return os.waitpid(-1, os.WNOHANG)
    except ChildProcessError:
        return 0, 0


def _end_everything(user_id: int | None) -> None:
    """Kill and reap until nobody is left; what a dying process leaves behind comes to this one."""
    while True:
        if user_id is not None:
            _kill_all_of(user_id)
        for pid in _descendants(os.getpid()):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return
        while _next_ended()[0]:
            continue


def _kill_all_of(user_id: int) -> None:
    """Kill a user's processes at a stroke, as only that user can: none can fork in between."""
    pid = os.fork()
    if pid == 0:
        try:
            os.setgroups([])
            os.setresgid(user_id, user_id, user_id)
            os.setresuid(user_id, user_id, user_id)
            os.kill(-1, signal.SIGKILL)
        finally:
            os._exit(0)
    os.waitpid(pid, 0)


def _descendants(root: int) -> Iterator[int]:
    """Yield the processes below this one."""
    waiting = [root]
    while waiting:
        pid = waiting.pop()
        for child in _children(pid):
            yield child
            waiting.append(child)


def _children(pid: int) -> list[int]:
    found: list[int] = []
    with suppress(OSError):
        for task in os.listdir(f"/proc/{pid}/task"):
            with suppress(OSError), open(f"/proc/{pid}/task/{task}/children") as file:
                found += map(int, file.read().split())
    return found
