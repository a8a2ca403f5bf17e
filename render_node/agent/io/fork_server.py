"""The fork server: imports what workers need once, then forks them on request in about 30 ms.

Single-threaded by construction (numpy's BLAS is told so by the environment), no event loop and no open connection,
so that a fork carries no lock held by another thread. It reaps its children, also titles whose worker was killed,
and reports every exit. It dies with the agent, and every worker dies with it.

Run by ``ForkServer``: ``python -m render_node.agent.io.fork_server FD ENTRY PARENT_PID``.
"""

from __future__ import annotations

import gc
import importlib
import os
import selectors
import signal
import socket
import sys
import traceback
from collections.abc import Callable
from typing import NoReturn

import structlog

from render_node.agent.core.fork_protocol import (
    DATAGRAM_MAX_BYTES,
    TO_SERVER,
    Exited,
    Fork,
    Forked,
    ForkFailed,
    ServerReady,
)
from render_node.agent.io.parent_death import adopt_orphans, die_with_parent
from render_node.log_setup import configure_logs
from wire.errors import WireError
from wire.schema import Message, decode, encode

PRELOADED = ("numpy", "av", "aiortc", "uvloop")
"""Heavy modules that every worker uses; the entry's own module comes on top."""

WorkerEntry = Callable[[socket.socket], NoReturn]

log = structlog.get_logger()


def resolve_entry(dotted: str) -> WorkerEntry:
    """Import ``module:function``."""
    module, _, name = dotted.partition(":")
    entry: WorkerEntry = getattr(importlib.import_module(module), name)
    return entry


def _ignore_signal(number: int, frame: object) -> None:
    """A handler must exist for the wake-up descriptor to be written."""


class _Server:
    """Serves one agent until it closes the connection."""

    def __init__(self, agent: socket.socket, entry: WorkerEntry) -> None:
        self._agent = agent
        self._entry = entry
        self._workers: set[int] = set()
        self._wake_read, self._wake_write = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)

    def run(self) -> None:
        signal.set_wakeup_fd(self._wake_write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, _ignore_signal)
        self._send(ServerReady(threads=len(os.listdir("/proc/self/task"))))
        with selectors.DefaultSelector() as selector:
            selector.register(self._agent, selectors.EVENT_READ)
            selector.register(self._wake_read, selectors.EVENT_READ)
            while True:
                ready = {key.fileobj for key, _ in selector.select()}
                if self._wake_read in ready:
                    os.read(self._wake_read, 4096)
                    self._reap()
                if self._agent in ready and not self._receive():
                    break
        self._end_workers()
        signal.set_wakeup_fd(-1)
        os.close(self._wake_read)
        os.close(self._wake_write)

    def _end_workers(self) -> None:
        """Leave nothing that somebody else would have to reap."""
        for pid in self._workers:
            os.kill(pid, signal.SIGKILL)
        for pid in self._workers:
            os.waitpid(pid, 0)

    def _receive(self) -> bool:
        """Take one request; return False when the agent is gone."""
        data, descriptors, _, _ = socket.recv_fds(self._agent, DATAGRAM_MAX_BYTES, 1)
        if not data:
            return False
        try:
            request = decode(data, TO_SERVER)
            if len(descriptors) == 1:
                self._fork(request, socket.socket(fileno=descriptors.pop()))
        except WireError as error:
            log.error("fork_request_refused", reason=error.reason, detail=error.detail)
        finally:
            for descriptor in descriptors:
                os.close(descriptor)
        return True

    def _fork(self, request: Fork, control: socket.socket) -> None:
        server_pid = os.getpid()
        try:
            pid = os.fork()
        except OSError as error:
            control.close()
            self._send(ForkFailed(request.request, str(error)))
            return
        if pid == 0:
            self._become_worker(server_pid, control)
        control.close()
        self._workers.add(pid)
        pidfd = os.pidfd_open(pid)
        self._send(Forked(request.request, pid), [pidfd])
        os.close(pidfd)

    def _become_worker(self, server_pid: int, control: socket.socket) -> NoReturn:
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            os.setsid()
            die_with_parent(server_pid)
            self._agent.close()
            os.close(self._wake_read)
            os.close(self._wake_write)
            self._entry(control)
        except BaseException:
            traceback.print_exc()
        os._exit(70)

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            if pid in self._workers:
                self._workers.discard(pid)
                self._send(Exited(pid, os.waitstatus_to_exitcode(status)))

    def _send(self, message: Message, descriptors: list[int] | None = None) -> None:
        try:
            socket.send_fds(self._agent, [encode(message).encode()], descriptors or [])
        except OSError as error:
            log.info("agent_gone", detail=str(error))


def main(arguments: list[str]) -> None:
    """Serve the agent on an inherited descriptor until it closes it."""
    descriptor, entry, parent_pid = int(arguments[0]), arguments[1], int(arguments[2])
    die_with_parent(parent_pid)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    adopt_orphans()
    configure_logs()
    agent = socket.socket(fileno=descriptor)
    agent.set_inheritable(False)
    for name in PRELOADED:
        importlib.import_module(name)
    resolved = resolve_entry(entry)
    # Everything alive now is shared with the children; a collection in a child would touch and so copy it.
    gc.collect()
    gc.freeze()
    with agent:
        _Server(agent, resolved).run()


if __name__ == "__main__":
    main(sys.argv[1:])
