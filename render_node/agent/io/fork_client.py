"""The agent's side of the fork server: starts it, asks for workers, tells when it died.

Owns the server process, its socket and, until a ``WorkerHandle`` takes them over, the descriptors of each fork.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import socket
import subprocess
import sys

import structlog

from render_node.agent.core.fork_protocol import DATAGRAM_MAX_BYTES, FROM_SERVER, Exited, Fork, Forked, ForkFailed
from render_node.agent.core.fork_protocol import ServerReady as ServerReadyMessage
from render_node.agent.io.worker_handle import WorkerHandle
from render_node.config import StopDeadlines
from wire.errors import Reason, WireError
from wire.schema import decode, encode

SINGLE_THREADED = {
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
}
"""A BLAS thread pool alive at fork would leave its locks held in the child."""

FORK_TIMEOUT_S = 10.0
"""A fork takes 30 ms; a server that needs this long is stuck."""

START_TIMEOUT_S = 30.0
"""Imports take 0.3 s warm; a cold disk takes longer."""

EXIT_GRACE_S = 0.5
"""From a lost connection to SIGKILL; blocks the agent, which has nothing left to serve by then."""

log = structlog.get_logger()


def _start_process(entry: str) -> tuple[subprocess.Popen[bytes], socket.socket]:
    """Start a server; return it and our end of the socket to it."""
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    ours.setblocking(False)
    command = [sys.executable, "-P", "-m", "render_node.agent.io.fork_server", str(theirs.fileno()), entry]
    try:
        process = subprocess.Popen(
            [*command, str(os.getpid())],
            env={**os.environ, **SINGLE_THREADED, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=2,
            start_new_session=True,
        )
    except OSError:
        ours.close()
        raise
    finally:
        theirs.close()
    return process, ours


class ForkServer:
    """One running fork server; when it is lost, make another.

    Attributes:
        lost: Set when the server is gone; its workers die with it and say so by their own pidfds.
    """

    def __init__(self, process: subprocess.Popen[bytes], control: socket.socket, deadlines: StopDeadlines) -> None:
        self.process = process
        self.lost = asyncio.Event()
        self._control = control
        self._deadlines = deadlines
        self._closing = False
        self._loop = asyncio.get_running_loop()
        self._ready: asyncio.Future[None] = self._loop.create_future()
        self._requests = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[tuple[int, int]]] = {}
        self._loop.add_reader(control, self._readable)

    @classmethod
    def start(cls, entry: str, deadlines: StopDeadlines) -> ForkServer:
        """Start the server process; await ``ready`` before the first fork.

        Args:
            entry: ``module:function`` that each worker runs.
            deadlines: How its workers are stopped.

        Raises:
            WireError: ``internal`` if this machine has no process or descriptor to spare.
        """
        try:
            process, ours = _start_process(entry)
        except OSError as error:
            raise WireError(Reason.INTERNAL, f"the fork server cannot be started: {error}") from error
        return cls(process, ours, deadlines)

    async def ready(self) -> None:
        """Wait until the server has imported everything.

        Raises:
            WireError: ``internal`` if it died or took too long.
        """
        try:
            async with asyncio.timeout(START_TIMEOUT_S):
                await asyncio.shield(self._ready)
        except TimeoutError as error:
            self.process.kill()
            raise WireError(Reason.INTERNAL, "the fork server did not come up") from error

    async def fork(self) -> WorkerHandle:
        """Fork one worker.

        Raises:
            WireError: ``internal`` if the server is gone, stuck or out of processes.
        """
        try:
            ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        except OSError as error:
            raise WireError(Reason.INTERNAL, f"no socket for another worker: {error}") from error
        request = next(self._requests)
        answer: asyncio.Future[tuple[int, int]] = self._loop.create_future()
        self._waiting[request] = answer
        try:
            with theirs:
                socket.send_fds(self._control, [encode(Fork(request)).encode()], [theirs.fileno()])
            async with asyncio.timeout(FORK_TIMEOUT_S):
                pid, pidfd = await answer
            return await WorkerHandle.open(ours, pid, pidfd, self._deadlines)
        except BaseException as error:
            ours.close()
            if answer.done() and not answer.cancelled() and answer.exception() is None:
                os.close(answer.result()[1])
            if isinstance(error, (OSError, TimeoutError)):
                raise WireError(Reason.INTERNAL, f"the fork server did not fork: {error}") from error
            raise
        finally:
            self._waiting.pop(request, None)

    def _readable(self) -> None:
        try:
            data, descriptors, _, _ = socket.recv_fds(self._control, DATAGRAM_MAX_BYTES, 1)
        except BlockingIOError:
            return
        except OSError as error:
            log.error("fork_server_unreadable", detail=str(error))
            data, descriptors = b"", []
        if not data:
            self._on_lost()
            return
        unclaimed = self._take(data, descriptors)
        for descriptor in unclaimed:
            os.close(descriptor)

    def _take(self, data: bytes, descriptors: list[int]) -> list[int]:
        """Act on one datagram; return the descriptors that nobody took."""
        match decode(data, FROM_SERVER):
            case ServerReadyMessage(threads):
                if threads != 1:
                    log.error("fork_server_threaded", threads=threads)
                if not self._ready.done():
                    self._ready.set_result(None)
            case Forked(request, pid):
                answer = self._waiting.pop(request, None)
                if answer is not None and not answer.done() and descriptors:
                    answer.set_result((pid, descriptors[0]))
                    return descriptors[1:]
            case ForkFailed(request, detail):
                self._fail(request, detail)
            case Exited(pid, status):
                log.info("worker_exited", pid=pid, status=status)
        return descriptors

    def _fail(self, request: int, detail: str) -> None:
        answer = self._waiting.pop(request, None)
        if answer is not None and not answer.done():
            answer.set_exception(WireError(Reason.INTERNAL, detail))

    def _on_lost(self) -> None:
        if self.lost.is_set():
            return
        self._loop.remove_reader(self._control)
        self._control.close()
        status = self._reap()
        if not self._closing:
            log.warning("fork_server_lost", status=status)
        if not self._ready.done():
            self._ready.set_exception(WireError(Reason.INTERNAL, f"the fork server ended with status {status}"))
            self._ready.exception()
        for request in list(self._waiting):
            self._fail(request, "the fork server is gone")
        self.lost.set()

    def _reap(self) -> int:
        """Return the exit status; a server whose connection is gone ends its workers and exits by itself."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self.process.wait(EXIT_GRACE_S)
        self.process.kill()
        return self.process.wait()

    def close(self) -> None:
        """End the server, and with it every worker that still runs; returns when it is reaped."""
        self._closing = True
        self._on_lost()
