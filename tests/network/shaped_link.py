"""Two network namespaces with a shaped link between them, for as long as a ``with`` block lasts."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TypeVar

from tests.network.link_model import LinkConfig
from tests.network.shaper_messages import Ready, Shape, Shaped
from tests.support.deadlines import patient
from tests.support.farplay_process import ROOT
from tests.support.network_namespace import inside_network

ANSWER_S = 10.0

Answer = TypeVar("Answer")


class ShapedLink:
    """A running link.

    Attributes:
        pid: Of the shaper.
    """

    def __init__(self, process: subprocess.Popen[bytes], owner: Connection) -> None:
        self.pid = process.pid
        self._process = process
        self._owner = owner
        ready = self._answer(Ready)
        self._networks = [
            os.open(f"/proc/{process.pid}/fd/{each}", os.O_RDONLY | os.O_CLOEXEC)
            for each in (ready.server_network, ready.client_network)
        ]

    def server(self) -> AbstractContextManager[None]:
        """Have this thread in the namespace of `SERVER_ADDRESS`."""
        return inside_network(self._networks[0])

    def client(self) -> AbstractContextManager[None]:
        """Have this thread in the namespace of `CLIENT_ADDRESS`."""
        return inside_network(self._networks[1])

    def shape(self, down: LinkConfig, up: LinkConfig) -> Shaped:
        """Make it another link; return since when it is, and how well the one before was kept."""
        self._owner.send(Shape(down, up))
        return self._answer(Shaped)

    def close(self) -> None:
        """Let go of the namespaces, which end with the shaper."""
        for each in self._networks:
            os.close(each)

    def _answer(self, kind: type[Answer]) -> Answer:
        if not self._owner.poll(patient(ANSWER_S)):
            raise AssertionError(f"the shaper sent no {kind.__name__} within {patient(ANSWER_S):g} s")
        try:
            answer = self._owner.recv()
        except EOFError as error:
            raise AssertionError(f"the shaper ended with {self._process.wait(patient(ANSWER_S))}") from error
        assert isinstance(answer, kind), answer
        return answer


@contextmanager
def shaped_link(log_path: Path, seed: int) -> Iterator[ShapedLink]:
    """Make a link, at first without delay, loss or limit; needs root and ``/dev/net/tun``.

    Args:
        log_path: Where every packet is recorded; see `packet_log`.
        seed: Of loss and jitter.
    """
    ours, theirs = socket.socketpair()
    with ours, theirs:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.network.shaper", str(theirs.fileno()), str(log_path), str(seed)],
            cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)}, pass_fds=(theirs.fileno(),),
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        owner = Connection(ours.detach())
    try:
        link = ShapedLink(process, owner)
        try:
            yield link
        finally:
            link.close()
    finally:
        owner.close()
        try:
            process.wait(ANSWER_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(ANSWER_S)
