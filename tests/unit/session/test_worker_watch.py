"""What a worker does each second, and that nothing that goes wrong in it is the last time."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest

from render_node.session.core.rung_choice import RungKey, Tier
from render_node.session.io import session_worker
from render_node.session.io.agent_link import AgentLink
from render_node.session.io.input_path import InputPath
from render_node.session.io.media_fanout import MediaFanout
from render_node.session.io.participants import Table
from render_node.session.io.session_worker import SessionWorker
from tests.support.deadlines import patient
from wire.sandbox import Profile, SandboxSpec
from wire.session_control import VideoCodec
from wire.worker_control import EncoderSpec, IceSpec, StartWorker, TitleSpec

TITLE = TitleSpec("duel", "1.0.0", "pygame", "/nowhere", "main.py")
START = StartWorker("ses_a", 1, TITLE, "/nowhere", IceSpec(), EncoderSpec(), SandboxSpec(Profile.POD, ()))


async def test_a_turn_that_fails_is_not_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session_worker, "WATCH_INTERVAL_S", 0.0)
    worker = SessionWorker(START, cast(AgentLink, SimpleNamespace(send=print)))
    turns, again = 0, asyncio.Event()

    async def choose_rungs() -> None:
        nonlocal turns
        turns += 1
        if turns == 1:
            raise RuntimeError("no rung")
        again.set()

    worker._media = cast(MediaFanout, SimpleNamespace(choose_rungs=choose_rungs))
    watch = asyncio.create_task(worker._watch_once_a_second())
    async with asyncio.timeout(patient(5.0)):
        await again.wait()
    watch.cancel()
    with pytest.raises(asyncio.CancelledError):
        await watch


class SlowRung:
    """Closes when it may."""

    def __init__(self, may_close: asyncio.Event) -> None:
        self.closes = 0
        self._may_close = may_close

    async def close(self) -> None:
        self.closes += 1
        await self._may_close.wait()


async def test_rungs_that_wait_to_be_closed_stay_owned() -> None:
    media = MediaFanout(
        cast(Any, None),
        Table(),
        cast(InputPath, None),
        EncoderSpec(),
        60,
        on_failed=print,
        on_first_frame=lambda: None,
    )
    may_close = asyncio.Event()
    rungs = [SlowRung(may_close), SlowRung(may_close)]
    media._rungs = cast(Any, dict(zip([RungKey(VideoCodec.VP8, tier) for tier in Tier], rungs, strict=True)))
    closing = asyncio.create_task(media.close_unused_rungs())
    await asyncio.sleep(0)
    closing.cancel()
    await asyncio.wait([closing])
    may_close.set()
    await media.close()
    assert [rung.closes for rung in rungs] == [1, 1]
