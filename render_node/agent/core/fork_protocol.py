"""Messages between an agent and its fork server, one per SOCK_SEQPACKET datagram.

The agent sends ``fork`` with the worker's end of a socketpair as ancillary descriptor; the server answers ``forked``
with a pidfd of the child (opened before it can be reaped, so it can never name another process).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from wire.schema import Message, family

DATAGRAM_MAX_BYTES = 4096
"""Longest message; all are far shorter."""


@dataclass(frozen=True, slots=True)
class Fork(Message):
    """Fork one worker for the descriptor that comes along."""

    TYPE: ClassVar[str] = "fork"
    request: int
    """The agent's count, echoed in the answer."""


@dataclass(frozen=True, slots=True)
class ServerReady(Message):
    """Everything is imported."""

    TYPE: ClassVar[str] = "server_ready"
    threads: int
    """Threads of the server; anything but 1 makes forking unsafe."""


@dataclass(frozen=True, slots=True)
class Forked(Message):
    """A worker runs; its pidfd comes along."""

    TYPE: ClassVar[str] = "forked"
    request: int
    pid: int


@dataclass(frozen=True, slots=True)
class ForkFailed(Message):
    """The system refused to fork."""

    TYPE: ClassVar[str] = "fork_failed"
    request: int
    detail: str


@dataclass(frozen=True, slots=True)
class Exited(Message):
    """A worker was reaped."""

    TYPE: ClassVar[str] = "exited"
    pid: int
    status: int
    """Exit status, or the negative number of the signal that ended it."""


TO_SERVER = family(Fork)
"""What an agent may send."""

FROM_SERVER = family(ServerReady, Forked, ForkFailed, Exited)
"""What a fork server may send."""
