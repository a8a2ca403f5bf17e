"""Warm workers: already forked, connected and waiting for ``start``, so that a click costs no process start."""

from __future__ import annotations

import asyncio
import random
from functools import partial

import structlog

from render_node.agent.core.backoff import CHILD_RESTART
from render_node.agent.io.fork_client import ForkServer
from render_node.agent.io.worker_handle import WorkerHandle
from render_node.config import NodeConfig
from wire.errors import Reason, WireError
from wire.schema import Message
from wire.worker_control import WorkerReady

READY_TIMEOUT_S = 10.0
"""From fork to ``ready``; measured 30-60 ms."""

log = structlog.get_logger()


class WorkerPool:
    """Keeps ``warm_workers`` idle workers and the fork server that makes them.

    Owns the fork server, and every worker until ``take`` hands it out. Workers handed out end with the server too.
    """

    def __init__(self, config: NodeConfig) -> None:
        self._config = config
        self._warm: list[WorkerHandle] = []
        self._server = ForkServer.start(config.worker_entry, config.stop)
        self._wanted = asyncio.Event()
        self._wanted.set()
        self._failures = 0
        self._making = asyncio.Lock()

    async def take(self) -> WorkerHandle:
        """Return a worker that waits for ``start``; the pool makes another.

        Raises:
            WireError: ``internal`` if no worker can be made now.
        """
        worker = self._pop()
        if worker is None:
            async with self._making:
                worker = self._pop() or await self._make()
        self._wanted.set()
        return worker

    def _pop(self) -> WorkerHandle | None:
        while self._warm:
            worker = self._warm.pop(0)
            if not worker.gone:
                self._failures = 0
                return worker
        return None

    async def warm_up(self) -> None:
        """Fill the pool for the first time, so that a node that cannot run workers is never offered.

        Raises:
            WireError: ``internal`` if the fork server or a worker did not come up.
        """
        await self._fill()

    async def run(self) -> None:
        """Keep the pool full for ever; restart a fork server that died."""
        while True:
            if self._failures > 0:
                await asyncio.sleep(CHILD_RESTART.delay_s(self._failures - 1, random.random()))
            try:
                self._revive_server()
                await self._fill()
            except WireError as error:
                self._failures += 1
                log.error("warm_worker_failed", detail=error.detail, failures=self._failures)
            else:
                await self._wait_for_change()

    def _revive_server(self) -> None:
        if self._server.lost.is_set():
            self._server = ForkServer.start(self._config.worker_entry, self._config.stop)

    async def _wait_for_change(self) -> None:
        waits = [asyncio.ensure_future(event.wait()) for event in (self._wanted, self._server.lost)]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    async def _fill(self) -> None:
        self._wanted.clear()
        await self._server.ready()
        while len(self._warm) < self._config.warm_workers:
            async with self._making:
                worker = await self._make()
                if worker.gone:
                    raise WireError(Reason.INTERNAL, "a new worker ended as soon as it was ready")
                worker.on_gone = worker.on_violation = partial(self._lost_warm, worker)
                self._warm.append(worker)

    async def _make(self) -> WorkerHandle:
        self._revive_server()
        await self._server.ready()
        worker = await self._server.fork()
        ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()

        def on_message(message: Message) -> None:
            if isinstance(message, WorkerReady) and not ready.done():
                ready.set_result(None)

        def on_gone(detail: str) -> None:
            if not ready.done():
                ready.set_exception(WireError(Reason.INTERNAL, f"a new worker ended before it was ready: {detail}"))

        worker.on_message, worker.on_gone, worker.on_violation = on_message, on_gone, on_gone
        worker.listen()
        if worker.gone:
            on_gone("it died at once")
        try:
            async with asyncio.timeout(READY_TIMEOUT_S):
                await ready
        except asyncio.CancelledError:
            worker.kill()
            raise
        except TimeoutError as error:
            worker.kill()
            raise WireError(Reason.INTERNAL, "a new worker was not ready in time") from error
        return worker

    def _lost_warm(self, worker: WorkerHandle, detail: str) -> None:
        if worker in self._warm:
            log.warning("warm_worker_lost", pid=worker.pid, detail=detail)
            self._warm.remove(worker)
            self._failures += 1
            self._wanted.set()

    def close(self) -> None:
        """End the fork server and with it every worker."""
        self._warm.clear()
        self._server.close()
