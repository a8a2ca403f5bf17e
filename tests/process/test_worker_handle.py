"""What a worker said before it ended is heard, whichever ends first: its stream, its process, or writing to it."""

from __future__ import annotations

import os
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from render_node.agent.io.worker_handle import WorkerHandle
from render_node.config import StopDeadlines
from tests.support.deadlines import until
from wire.errors import Reason
from wire.framing import frame
from wire.schema import Message, encode
from wire.session_control import PeerState
from wire.worker_control import ClosePeer, PlacementState, WorkerPeerState, WorkerState

pytestmark = pytest.mark.process

CRASHED = WorkerState(PlacementState.RELEASED, Reason.TITLE_CRASHED, "signal 9")


class Heard:
    """A handle of a process that does nothing, and what came from it in order."""

    def __init__(self, process: subprocess.Popen[bytes], theirs: socket.socket) -> None:
        self.process = process
        self.theirs = theirs
        self.said: list[Message | str] = []
        self.handle: WorkerHandle

    async def listen(self, ours: socket.socket) -> None:
        pidfd = os.pidfd_open(self.process.pid)
        self.handle = await WorkerHandle.open(ours, self.process.pid, pidfd, StopDeadlines())
        self.handle.on_message = self.said.append
        self.handle.on_gone = self.said.append
        self.handle.listen()

    def says(self, message: Message) -> None:
        self.theirs.sendall(frame(encode(message)))

    async def dies(self) -> None:
        self.process.kill()

        async def gone() -> bool:
            return self.handle.dead.is_set() and self.handle.gone

        await until(gone, 5, "the worker's end")


@contextmanager
def idle_worker() -> Iterator[tuple[Heard, socket.socket]]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    with ours, theirs, subprocess.Popen(["sleep", "60"]) as process:
        try:
            yield Heard(process, theirs), ours
        finally:
            process.kill()


async def test_why_it_ended_is_heard_though_writing_to_it_fails_first() -> None:
    with idle_worker() as (worker, ours):
        await worker.listen(ours)
        worker.says(CRASHED)
        worker.theirs.close()
        # A page asks for another peer in the same moment.
        worker.handle.send(ClosePeer("peer_a", Reason.LEFT))
        await worker.dies()
        assert worker.said == [CRASHED, "the worker closed its control stream"]


async def test_all_that_a_killed_worker_said_is_heard_before_its_death() -> None:
    with idle_worker() as (worker, ours):
        await worker.listen(ours)
        news = [WorkerPeerState(f"peer_{number}", PeerState.LEFT, Reason.LEFT) for number in range(50)]
        for each in news:
            worker.says(each)
        worker.process.kill()
        worker.process.wait()
        # Somebody else still holds its end of the stream open.
        await worker.dies()
        assert worker.said == [*news, "the worker process died"]
