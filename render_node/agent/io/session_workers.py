"""The workers of sessions: each is taken from the pool, spoken to by its session's id, and watched until it is dead.

Owns the handles from the launch on. A worker is a session's from its start until it is gone or has broken the rules;
after that nothing it says counts, and what it has left is cleared away once it is dead.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import structlog

from render_node.agent.core.start_traces import NodeStep, StartTraces
from render_node.agent.io.session_leftovers import SessionLeftovers, prepare_save_folder
from render_node.agent.io.worker_handle import WorkerHandle
from render_node.agent.io.worker_pool import WorkerPool
from render_node.config import NodeConfig
from wire.errors import WireError
from wire.schema import Message
from wire.worker_control import StartWorker, StopWorker

KILLED_GRACE_S = 1.0
"""How long the kernel may take to end a worker after SIGKILL."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class WorkerNews:
    """What their owner hears, each with the session's id; all run on the event loop."""

    on_message: Callable[[str, Message], None]
    on_violation: Callable[[str, str], None]
    """The worker spoke nonsense, in words; it is being killed."""
    on_gone: Callable[[str, str], None]
    """The worker has ended or could not be started, in words."""


class SessionWorkers:
    """At most one worker for each session, and those that are still to die."""

    def __init__(
        self, config: NodeConfig, pool: WorkerPool, leftovers: SessionLeftovers, traces: StartTraces, news: WorkerNews
    ) -> None:
        self._config = config
        self._pool = pool
        self._leftovers = leftovers
        self._traces = traces
        self._news = news
        self._workers: dict[str, WorkerHandle] = {}
        self._ending: dict[WorkerHandle, asyncio.Task[None]] = {}
        self._launches: dict[str, asyncio.Task[None]] = {}

    def launch(self, start: StartWorker) -> None:
        """Start a session's worker; ``on_gone`` follows if that cannot be done."""
        task = asyncio.create_task(self._launch(start))
        self._launches[start.session_id] = task
        task.add_done_callback(partial(self._launched, start.session_id))

    def send(self, session_id: str, message: Message) -> None:
        """Tell a session's worker something; one that is not there any more needs to know nothing."""
        worker = self._workers.get(session_id)
        if worker is not None:
            worker.send(message)

    def stop(self, session_id: str, message: StopWorker) -> None:
        """Ask a session's worker to end, with deadlines; a launch is called off."""
        worker = self._workers.get(session_id)
        if worker is not None:
            worker.stop(message)
        elif session_id in self._launches:
            self._launches[session_id].cancel()

    def kill(self, session_id: str) -> None:
        """End a session's worker, or its launch, at once."""
        worker = self._workers.get(session_id)
        if worker is not None:
            worker.kill()
        launch = self._launches.pop(session_id, None)
        if launch is not None:
            launch.cancel()

    async def close(self) -> None:
        """Wait until all are dead, which have been told to stop, as long as that may take; call off launches."""
        stop = self._config.stop
        deaths = [asyncio.create_task(worker.dead.wait()) for worker in (*self._workers.values(), *self._ending)]
        if deaths:
            await asyncio.wait(deaths, timeout=stop.ask_s + stop.terminate_s + KILLED_GRACE_S)
        for task in (*deaths, *self._launches.values()):
            task.cancel()

    async def _launch(self, start: StartWorker) -> None:
        session_id = start.session_id
        prepare_save_folder(self._config.data_dir, start)
        worker = await self._pool.take()
        worker.on_message = partial(self._on_message, session_id, worker)
        worker.on_violation = partial(self._on_violation, session_id, worker)
        worker.on_gone = partial(self._on_gone, session_id, worker)
        if session_id in self._workers:
            self._keep_until_dead(session_id, self._workers[session_id])
        self._workers[session_id] = worker
        worker.send(replace(start, traced=self._traces.follows(session_id)))
        self._traces.end_step(session_id, NodeStep.TAKE_WORKER, time.monotonic())
        log.info("worker_started", session_id=session_id, pid=worker.pid)
        if worker.gone:
            self._on_gone(session_id, worker, "the worker ended as it was started")

    def _launched(self, session_id: str, task: asyncio.Task[None]) -> None:
        if self._launches.get(session_id) is not task:
            # Its session was killed, and is over already.
            return
        del self._launches[session_id]
        if task.cancelled():
            self._news.on_gone(session_id, "")
            return
        error = task.exception()
        if error is not None:
            detail = error.detail if isinstance(error, WireError) else f"{type(error).__name__}: {error}"
            log.error("worker_not_started", session_id=session_id, detail=detail)
            self._news.on_gone(session_id, detail)

    def _on_message(self, session_id: str, worker: WorkerHandle, message: Message) -> None:
        if self._workers.get(session_id) is worker:
            self._news.on_message(session_id, message)

    def _on_violation(self, session_id: str, worker: WorkerHandle, detail: str) -> None:
        if self._let_go(session_id, worker):
            self._news.on_violation(session_id, detail)

    def _on_gone(self, session_id: str, worker: WorkerHandle, detail: str) -> None:
        log.info("worker_gone", session_id=session_id, pid=worker.pid, detail=detail)
        if self._let_go(session_id, worker):
            self._news.on_gone(session_id, detail)

    def _let_go(self, session_id: str, worker: WorkerHandle) -> bool:
        """Take a session's worker from it; tell whether it was that."""
        if self._workers.get(session_id) is not worker:
            return False
        del self._workers[session_id]
        self._keep_until_dead(session_id, worker)
        return True

    def _keep_until_dead(self, session_id: str, worker: WorkerHandle) -> None:
        waiting = asyncio.create_task(self._clear_up_after(session_id, worker))
        self._ending[worker] = waiting
        waiting.add_done_callback(lambda task: self._ending.pop(worker, None))

    async def _clear_up_after(self, session_id: str, worker: WorkerHandle) -> None:
        """Remove what a worker that was killed has left."""
        await worker.dead.wait()
        await asyncio.to_thread(self._leftovers.remove, session_id)
