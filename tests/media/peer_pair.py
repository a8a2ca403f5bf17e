"""A peer session and stock aiortc as its browser, and what both must leave behind: nothing."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

import pytest

from render_node.session.core.send_side import RateLimits
from render_node.session.io import ice_port
from render_node.session.io.ice_lite import LiteConnection
from render_node.session.io.peer_session import PeerCallbacks, PeerSession
from tests.media.aiortc_browser import AiortcBrowser, ask_no_consent_once_closed, use_loopback
from tests.media.peer_media import Looper, clip, tone
from tests.support.deadlines import patient
from wire.errors import Reason
from wire.session_control import PeerState, VideoCodec
from wire.worker_control import IceSpec

ICE = IceSpec("127.0.0.1", 0, 0, ("127.0.0.1",))
LIMITS = RateLimits(300_000, 4_000_000, 8_000_000)
SMALL = (640, 360, 90, 2_000_000)


class Pair:
    """A peer session, its browser, and a looper that feeds it."""

    def __init__(self, codec: VideoCodec = VideoCodec.H264, ice: IceSpec = ICE) -> None:
        self.looper = Looper(clip(codec, *SMALL), tone(440))
        self.states: list[tuple[PeerState, Reason | None]] = []
        self.inputs: list[tuple[bytes, int]] = []
        self.keyframes_wanted = 0
        self.peer = PeerSession(
            "peer_test",
            codec=codec,
            ice=ice,
            limits=LIMITS,
            callbacks=PeerCallbacks(
                lambda data, received_us: self.inputs.append((data, received_us)),
                lambda state, reason: self.states.append((state, reason)),
                self._keyframe_wanted,
            ),
        )
        self.looper.peers = [self.peer]
        self.browser = AiortcBrowser()

    @property
    def ice(self) -> LiteConnection:
        """The session's side of ICE, once it is described."""
        ice = self.peer._parts().ice
        assert isinstance(ice, LiteConnection)
        return ice

    def _keyframe_wanted(self) -> None:
        self.keyframes_wanted += 1
        self.looper.restart()

    async def connect(self) -> None:
        await self.peer.accept_answer(await self.browser.answer(await self.peer.offer()))
        # Both: a browser that is closed while it still connects says no goodbye.
        await poll(
            lambda: self.peer.state is PeerState.CONNECTED and self.browser.pc.connectionState == "connected", 5
        )

    async def close(self) -> None:
        await self.peer.close(Reason.LEFT)
        await self.browser.close()


async def poll(check: Callable[[], bool], within_s: float) -> None:
    deadline = time.monotonic() + patient(within_s)
    while not check():
        assert time.monotonic() < deadline, "not in time"
        await asyncio.sleep(0.01)


@asynccontextmanager
async def child_browser(pair: Pair) -> AsyncIterator[asyncio.subprocess.Process]:
    """Connect a pair's session to a browser in a process of its own instead of the pair's."""
    pipe = asyncio.subprocess.PIPE
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.media.aiortc_child", stdin=pipe, stdout=pipe
    )
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        child.stdin.write((await pair.peer.offer()).encode() + b"\0")
        async with asyncio.timeout(patient(20.0)):
            answer = await child.stdout.readuntil(b"\0")
        await pair.peer.accept_answer(answer.rstrip(b"\0").decode())
        yield child
    finally:
        with suppress(ProcessLookupError):
            child.kill()
        child.stdin.close()
        await child.communicate()


@pytest.fixture
async def no_leaks(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[None]:
    use_loopback(monkeypatch)
    ask_no_consent_once_closed(monkeypatch)
    descriptors = len(os.listdir("/proc/self/fd"))
    yield
    await poll(lambda: asyncio.all_tasks() == {asyncio.current_task()}, 3)
    assert not ice_port._ports
    # Transports close their sockets a turn of the loop after their tasks have ended.
    await poll(lambda: len(os.listdir("/proc/self/fd")) <= descriptors, 3)
