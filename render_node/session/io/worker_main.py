"""The life of a session worker process: forked warm, waits for ``start``, runs one session, exits.

The worker holds keys and tickets; the title process that it starts holds none. It dies with the fork server
(parent-death signal), ignores SIGINT, and treats SIGTERM as the agent's wish to stop.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from typing import Any, NoReturn

import structlog
import uvloop

from render_node.session.io import aiortc_hooks
from render_node.session.io.agent_link import AgentLink
from render_node.session.io.session_worker import SessionWorker
from wire.errors import Reason
from wire.schema import Message
from wire.worker_control import StartWorker, StopWorker, WorkerReady

log = structlog.get_logger()


class _WorkerProcess:
    """Holds the link and, once started, the session."""

    def __init__(self) -> None:
        self._gone = asyncio.Event()
        self._started: asyncio.Future[StartWorker] = asyncio.get_running_loop().create_future()
        self._session: SessionWorker | None = None
        self._stopped: Reason | None = None

    async def run(self, control: socket.socket) -> None:
        link = await AgentLink.open(control, self._on_message, self._on_agent_gone)
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self._stop, Reason.NODE_SHUTDOWN)
        link.send(WorkerReady(os.getpid()))
        gone = asyncio.create_task(self._gone.wait())
        waits: list[asyncio.Future[Any]] = [gone, self._started]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        if self._started.done() and not self._started.cancelled():
            await self._serve(self._started.result(), link)
        gone.cancel()
        link.close()
        await asyncio.sleep(0)

    async def _serve(self, start: StartWorker, link: AgentLink) -> None:
        structlog.contextvars.bind_contextvars(session_id=start.session_id, epoch=start.epoch)
        self._session = SessionWorker(start, link)
        if self._stopped is not None:
            self._session.end(self._stopped)
        await self._session.run()

    def _on_message(self, message: Message) -> None:
        if isinstance(message, StartWorker) and not self._started.done():
            self._started.set_result(message)
        elif isinstance(message, StopWorker):
            self._stop(message.reason)
        elif self._session is not None:
            self._session.take(message)
        else:
            log.error("message_before_start", type=message.TYPE)

    def _stop(self, reason: Reason) -> None:
        self._stopped = reason
        if self._session is not None:
            self._session.end(reason)
        elif not self._started.done():
            self._gone.set()

    def _on_agent_gone(self) -> None:
        self._stop(Reason.NODE_LOST)
        self._gone.set()


def run_worker(control: socket.socket) -> NoReturn:
    """Run a worker on its control socket in this (forked) process and exit it.

    Args:
        control: Connected stream socket to the agent; owned from now on.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    status = 0
    try:
        aiortc_hooks.install()
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_run(control))
    except BaseException:
        log.exception("worker_failed")
        status = 1
    os._exit(status)


async def _run(control: socket.socket) -> None:
    await _WorkerProcess().run(control)
