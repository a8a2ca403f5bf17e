"""The agent's end of one worker: its control stream, its pidfd, and how it is made to end.

Owns the socket and the pidfd until both have ended. Death is seen by the pidfd, silence by EOF on the stream; a
worker that closes its stream is given a moment to exit and is then killed.

A worker's last message is why its session ended. It may still be unread when the stream is lost, since writing to a
worker that has just closed fails first: a second descriptor of the socket reads the rest.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import time
from collections.abc import Callable
from contextlib import suppress

import structlog

from render_node.agent.core.escalation import Escalation, StopStep
from render_node.agent.core.message_rate import MessageRate
from render_node.config import StopDeadlines
from wire.errors import Reason, WireError
from wire.framing import Deframer, frame
from wire.schema import Message, decode, encode
from wire.worker_control import FROM_WORKER, StopWorker

UNSENT_MAX_BYTES = 1024 * 1024
"""Bytes that a worker may leave unread before it counts as stuck and is killed."""

EXIT_GRACE_S = 1.0
"""From EOF to SIGKILL: a worker says ``released``, closes the stream and exits."""

READ_BYTES = 64 * 1024

log = structlog.get_logger()


class WorkerHandle(asyncio.Protocol):
    """One forked worker.

    Attributes:
        on_message: Called with every well-formed message.
        on_violation: Called once with words when the worker speaks nonsense or floods.
        on_gone: Called once with words when nothing more will come from it.
        gone: Whether that is so already; look at it after setting the callbacks.
        dead: Set when the process has ended.
    """

    def __init__(self, stream: socket.socket, pid: int, pidfd: int, deadlines: StopDeadlines) -> None:
        """Use ``open``."""
        self.pid = pid
        self.on_message: Callable[[Message], None] = lambda message: None
        self.on_violation: Callable[[str], None] = lambda detail: None
        self.on_gone: Callable[[str], None] = lambda detail: None
        self.dead = asyncio.Event()
        self._stream = stream
        self._pidfd = pidfd
        self._deadlines = deadlines
        self._loop = asyncio.get_running_loop()
        self._deframer = Deframer()
        self._rate = MessageRate(time.monotonic())
        self._transport: asyncio.Transport | None = None
        self._escalation: Escalation | None = None
        self._timer: asyncio.TimerHandle | None = None
        self.gone = False

    @classmethod
    async def open(cls, control: socket.socket, pid: int, pidfd: int, deadlines: StopDeadlines) -> WorkerHandle:
        """Take over our end of the socketpair and the pidfd; reading begins with ``listen``."""
        control.setblocking(False)
        loop = asyncio.get_running_loop()
        stream = control.dup()
        try:
            _, handle = await loop.create_connection(lambda: cls(stream, pid, pidfd, deadlines), sock=control)
        except BaseException:
            stream.close()
            raise
        loop.add_reader(pidfd, handle._on_process_ended)
        return handle

    # --- what the worker says ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport for sending; nothing is read before the callbacks are set."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.pause_reading()

    def listen(self) -> None:
        """Start reading, once the callbacks are set."""
        if self._transport is not None:
            self._transport.resume_reading()

    def data_received(self, data: bytes) -> None:
        """Decode and hand on; nonsense ends the reading."""
        if self.gone:
            return
        try:
            for raw in self._deframer.feed(data):
                if not self._rate.take(time.monotonic()):
                    raise WireError(Reason.TOO_MANY, "control messages faster than any honest worker")
                self.on_message(decode(raw, FROM_WORKER))
                if self.gone:
                    return
        except WireError as error:
            self._refuse(f"the worker's messages cannot be taken ({error})")

    def connection_lost(self, exc: Exception | None) -> None:
        """Take what was said last, then give the process a moment to exit."""
        self._transport = None
        self._read_rest()
        self._stream.close()
        self._say_gone("the worker closed its control stream")
        if not self.dead.is_set() and self._escalation is None:
            self._arm(time.monotonic() + EXIT_GRACE_S, self.kill)

    def _read_rest(self) -> None:
        """Take what is in the stream; a worker that goes on writing has no more than its rate."""
        with suppress(OSError):  # It is empty, and the other end still open somewhere, or reset.
            while not self.gone and (data := self._stream.recv(READ_BYTES)):
                self.data_received(data)

    def _refuse(self, detail: str) -> None:
        log.error("worker_refused", pid=self.pid, detail=detail)
        self.gone = True
        self.on_violation(detail)
        self.kill()
        if self._transport is not None:
            self._transport.abort()

    def _say_gone(self, detail: str) -> None:
        if not self.gone:
            self.gone = True
            self.on_gone(detail)

    # --- what the worker is told ---

    def send(self, message: Message) -> None:
        """Send one message; a worker that does not read is killed."""
        transport = self._transport
        if transport is None:
            return
        if transport.get_write_buffer_size() > UNSENT_MAX_BYTES:
            self._refuse("the worker does not read its control stream")
            return
        transport.write(frame(encode(message)))

    def stop(self, message: StopWorker) -> None:
        """Ask the worker to stop and escalate by deadline."""
        if self._escalation is None and not self.dead.is_set():
            self._escalation = Escalation(self._deadlines, time.monotonic())
            self.send(message)
            self._arm(self._escalation.next_timeout(), self._escalate)

    def kill(self) -> None:
        """SIGKILL now."""
        if self.dead.is_set():
            return
        if self._timer is not None:
            self._timer.cancel()
        self._signal(signal.SIGKILL)

    def _escalate(self) -> None:
        assert self._escalation is not None
        step = self._escalation.handle_timeout(time.monotonic())
        if step is StopStep.TERMINATE:
            self._signal(signal.SIGTERM)
        elif step is StopStep.KILL:
            log.warning("worker_killed", pid=self.pid, detail="it did not stop in time")
            self._signal(signal.SIGKILL)
        self._arm(self._escalation.next_timeout(), self._escalate)

    def _arm(self, due: float | None, action: Callable[[], None]) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = None if due is None else self._loop.call_later(max(0.0, due - time.monotonic()), action)

    def _signal(self, number: signal.Signals) -> None:
        if self.dead.is_set():
            return
        try:
            signal.pidfd_send_signal(self._pidfd, number)
        except ProcessLookupError:
            log.debug("worker_already_gone", pid=self.pid)

    # --- its end ---

    def _on_process_ended(self) -> None:
        self._loop.remove_reader(self._pidfd)
        os.close(self._pidfd)
        self.dead.set()
        if self._timer is not None:
            self._timer.cancel()
        # What it wrote before it died is there. Whoever else holds the other end open does not speak for the worker.
        self._read_rest()
        self._say_gone("the worker process died")
        if self._transport is not None:
            self._transport.close()
