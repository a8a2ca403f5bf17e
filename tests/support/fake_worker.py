"""A stand-in for a session worker, for tests of the agent: speaks the control protocol, runs nothing.

What it does is chosen by the first argument of the title it is started with.
"""

from __future__ import annotations

import os
import signal
import socket
import time
from collections.abc import Iterator
from typing import NoReturn

from wire.errors import Reason
from wire.framing import Deframer, frame
from wire.schema import Message, decode, encode
from wire.session_control import PeerState
from wire.worker_control import (
    TO_WORKER,
    ClosePeer,
    OpenWorkerPeer,
    PeerOffer,
    PlacementState,
    StartWorker,
    StopWorker,
    WorkerPeerState,
    WorkerReady,
    WorkerState,
    WorkerStats,
)


def _messages(control: socket.socket) -> Iterator[Message]:
    deframer = Deframer()
    while data := control.recv(65536):
        for raw in deframer.feed(data):
            yield decode(raw, TO_WORKER)


def _send(control: socket.socket, message: Message) -> None:
    control.sendall(frame(encode(message)))


def _misbehave(control: socket.socket, how: str) -> None:
    match how:
        case "garbage":
            control.sendall(frame("not a message"))
        case "oversized":
            control.sendall(b"\xff\xff\xff\xff" + b"x" * 1000)
        case "wrong_peer":
            _send(control, PeerOffer("peer_of_somebody_else", "v=0"))
        case "illegal_state":
            _send(control, WorkerState(PlacementState.PREPARING))
        case "flood":
            while True:
                _send(control, WorkerStats())
        case "die":
            os.kill(os.getpid(), signal.SIGSEGV)
        case "deaf":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
        case "linger":
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            _send(control, WorkerState(PlacementState.RELEASED, Reason.TITLE_QUIT, "bye"))


def _act(control: socket.socket, message: Message, how: str) -> str:
    match message:
        case StartWorker(title=title, save_dir=save_dir):
            how = title.arguments[0] if title.arguments else "good"
            assert os.path.isdir(save_dir)
            if how != "no_picture":
                _send(control, WorkerState(PlacementState.SERVING))
            _misbehave(control, how)
        case OpenWorkerPeer(peer_id=peer_id):
            _send(control, PeerOffer(peer_id, f"offer of {os.getpid()}"))
        case ClosePeer(peer_id, reason):
            _send(control, WorkerPeerState(peer_id, PeerState.LEFT, reason))
        case StopWorker(reason):
            if how in ("deaf", "linger"):
                while True:
                    time.sleep(60)
            _send(control, WorkerState(PlacementState.RELEASED, reason))
            os._exit(0)
    return how


def run_worker(control: socket.socket) -> NoReturn:
    """Serve until told to stop or the agent is gone."""
    _send(control, WorkerReady(os.getpid()))
    how = "good"
    for message in _messages(control):
        how = _act(control, message, how)
    os._exit(0)


def run_stillborn(control: socket.socket) -> NoReturn:
    """Die before being ready, as a worker with a broken library would."""
    os._exit(1)
