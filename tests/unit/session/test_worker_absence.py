"""A worker that nobody plays: what it tells its agent of pausing and going on."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

from render_node.session.core.input_receiver import InputReceiver
from render_node.session.io.agent_link import AgentLink
from render_node.session.io.input_path import InputPath
from render_node.session.io.media_fanout import MediaFanout
from render_node.session.io.participants import Participant
from render_node.session.io.session_worker import SessionWorker
from wire.errors import Reason
from wire.input_events import InputBatch, InputEvent, Key, encode_batch
from wire.sandbox import Profile, SandboxSpec
from wire.schema import Message
from wire.session_control import PeerState, Role, VideoCodec
from wire.title_ipc import Input
from wire.worker_control import (
    EncoderSpec,
    IceSpec,
    PlacementState,
    StartWorker,
    TitleSpec,
    WorkerPause,
    WorkerState,
)

PAUSE_S, END_S = 600, 1800
TITLE = TitleSpec("duel", "1.0.0", "pygame", "/nowhere", "main.py", afk_pause_s=PAUSE_S, afk_end_s=END_S)
START = StartWorker("ses_a", 1, TITLE, "/nowhere", IceSpec(), EncoderSpec(), SandboxSpec(Profile.POD, ()))


class Bench:
    """A worker without a title; what it tells its agent lies in ``told``, what its title would hear in ``heard``."""

    def __init__(self) -> None:
        self.told: list[Message] = []
        self.heard: list[Input] = []
        self.worker = SessionWorker(START, cast(AgentLink, SimpleNamespace(send=self.told.append)))
        self.worker._inputs = InputPath(self._take)
        self.worker._media = MediaFanout(
            cast(Any, None),
            self.worker._table,
            self.worker._inputs,
            EncoderSpec(),
            60,
            on_failed=print,
            on_first_frame=lambda: None,
        )
        receiver = InputReceiver(0, (0,), Role.PLAYER)
        self.host = Participant("part_0", 0, Role.PLAYER, receiver)
        self.worker._table.participants["part_0"] = self.host
        session = SimpleNamespace(send_story=lambda _: None)
        self.peer = SimpleNamespace(
            session=session, participant=self.host, codec=VideoCodec.VP8, state=PeerState.CONNECTED
        )
        self.worker._table.peers["peer_0"] = cast(Any, self.peer)

    def _take(self, event: Input) -> bool:
        self.heard.append(event)
        return True

    def idle(self, seconds: float) -> None:
        """Let the worker look at its clock when nobody has played for so long."""
        now_s = time.monotonic()
        self.worker._absence.seen_s = now_s - seconds
        self.worker._watch_absence(now_s)

    def press(self, usage: int, seq: int) -> None:
        """Let the host's peer bring a key press."""
        batch = InputBatch(0, seq, 1_000_000, (InputEvent(Key(usage, True)),), snapshot=False)
        self.worker._on_input("peer_0", encode_batch(batch), 1_000_000)

    def pauses(self) -> list[bool]:
        """Return what the agent was told since the last look."""
        told, self.told[:] = [m.paused for m in self.told if isinstance(m, WorkerPause)], []
        return told


def on_a_loop(test: Callable[[Bench], None]) -> Callable[[], None]:
    """Run a test where a worker can be made."""

    async def body() -> None:
        test(Bench())

    def run() -> None:
        asyncio.run(body())

    run.__doc__ = test.__doc__
    return run


@on_a_loop
def test_a_pause_is_told_once_and_so_is_its_end(bench: Bench) -> None:
    bench.worker._on_frame()
    assert bench.told == [WorkerState(PlacementState.SERVING)]
    bench.press(4, 1)
    bench.idle(PAUSE_S - 1)
    assert bench.pauses() == []
    bench.idle(PAUSE_S)
    bench.idle(PAUSE_S + 1)
    assert bench.pauses() == [True]
    assert [event.event.payload for event in bench.heard] == [Key(4, True), Key(4, False)], "let go of"
    bench.press(5, 2)
    bench.press(6, 3)
    assert bench.pauses() == [False]
    bench.idle(PAUSE_S)
    assert bench.pauses() == [True]


@on_a_loop
def test_a_warning_is_no_pause(bench: Bench) -> None:
    bench.worker._on_frame()
    bench.idle(PAUSE_S - 1)
    bench.press(4, 1)
    assert bench.pauses() == []


@on_a_loop
def test_a_page_that_comes_to_a_paused_session_sees_it(bench: Bench) -> None:
    bench.worker._on_frame()
    bench.idle(PAUSE_S)
    assert bench.pauses() == [True]
    bench.peer.state = PeerState.CONNECTING
    bench.worker._on_peer_state("peer_0", PeerState.CONNECTED, None)
    assert bench.pauses() == [False]


@on_a_loop
def test_waiting_for_the_first_picture_is_not_being_away(bench: Bench) -> None:
    bench.idle(PAUSE_S + END_S)
    assert bench.pauses() == []
    assert not bench.worker._ended.done()
    bench.worker._on_frame()
    bench.idle(PAUSE_S + END_S)
    assert bench.pauses() == [True]
    assert bench.worker._ended.result()[0] is Reason.ABANDONED
