"""A spectator whose network is too poor for the players' picture gets its own, and the player notices nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from itertools import pairwise
from typing import Any, cast

import numpy as np
import pytest

from render_node.session.core.input_receiver import InputReceiver
from render_node.session.core.rung_choice import RungKey, Tier
from render_node.session.io.input_path import InputPath
from render_node.session.io.media_fanout import MediaFanout
from render_node.session.io.monotonic import now_us
from render_node.session.io.participants import Participant, Peer, Table
from render_node.session.io.peer_session import PeerCallbacks, PeerSession
from render_node.session.io.title_process import CapturedFrame
from tests.media.aiortc_browser import AiortcBrowser, use_loopback
from tests.media.peer_media import pictures, read_number
from tests.media.peer_pair import ICE, LIMITS, poll
from wire.errors import Reason
from wire.frame_story import FrameStory
from wire.session_control import PeerState, Role, VideoCodec
from wire.version import PROTOCOL_MAX
from wire.worker_control import EncoderSpec

pytestmark = pytest.mark.media

SIZE = 640, 360
FULL, REDUCED = RungKey(VideoCodec.H264), RungKey(VideoCodec.H264, Tier.REDUCED)


class Pictures:
    """A title whose pictures tell their number."""

    def __init__(self) -> None:
        width, height = SIZE
        self._pixels = [np.repeat(each[:height].reshape(-1), 4).copy().data for each in pictures(width, height, 60)]
        self.number = 0

    def take_frame(self, seen: int) -> CapturedFrame | None:
        if self.number <= seen:
            return None
        at_us = now_us()
        return CapturedFrame(*SIZE, self.number, 0, at_us, at_us, self._pixels[self.number % 60])

    def release_frame(self) -> None:
        """Nothing is lent."""


class Stand:
    """A fan-out with two people before it."""

    def __init__(self) -> None:
        self.title = Pictures()
        self.table = Table()
        inputs = InputPath(lambda _: True)
        spec = EncoderSpec(target_bps=4_000_000)
        self.media = MediaFanout(
            cast(Any, self.title), self.table, inputs, spec, 60, on_failed=print, on_first_frame=lambda: None
        )
        self.browsers: list[AiortcBrowser] = []

    async def join(self, role: Role) -> PeerSession:
        index = len(self.browsers)

        def changed(state: PeerState, reason: Reason | None) -> None:
            peer.state = state

        callbacks = PeerCallbacks(
            lambda data, received_us: None,
            changed,
            lambda: self.media.keyframe_needed(peer.rung, role),
            on_rate=self.media.fit_bitrates,
            on_room=lambda: self.media.room_again(peer.rung),
        )
        session = PeerSession(f"peer_{index}", codec=VideoCodec.H264, ice=ICE, limits=LIMITS, callbacks=callbacks)
        person = Participant(f"part_{index}", index, role, InputReceiver(index, (), role))
        peer = self.table.peers[session.peer_id] = Peer(session, person, VideoCodec.H264, 0.0, PROTOCOL_MAX)
        self.media.open_rung(peer.rung)
        browser = AiortcBrowser()
        self.browsers.append(browser)
        await session.accept_answer(await browser.answer(await session.offer()))
        await poll(lambda: peer.state is PeerState.CONNECTED and browser.pc.connectionState == "connected", 5)
        return session

    async def play(self) -> None:
        """Draw 60 pictures a second, and look at the rungs now and then."""
        while True:
            self.title.number += 1
            self.media.frame_ready()
            if self.title.number % 15 == 0:
                await self.media.choose_rungs()
            await asyncio.sleep(1 / 60)

    async def close(self) -> None:
        for peer in self.table.peers.values():
            await peer.session.close(Reason.LEFT)
        await self.media.close()
        for browser in self.browsers:
            await browser.close()

    def stories(self, index: int) -> list[FrameStory]:
        return [story for story in self.browsers[index].stories if isinstance(story, FrameStory)]


@pytest.fixture
async def stand(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Stand]:
    use_loopback(monkeypatch)
    made = Stand()
    playing: asyncio.Task[None] | None = None
    try:
        await made.join(Role.PLAYER)
        await made.join(Role.SPECTATOR)
        playing = asyncio.create_task(made.play())
        yield made
    finally:
        if playing is not None:
            playing.cancel()
        await made.close()


@pytest.mark.timeout(60)
async def test_a_poor_spectator_moves_to_a_rung_of_its_own(stand: Stand) -> None:
    player, spectator = (peer.session for peer in stand.table.peers.values())
    await poll(lambda: all(len(browser.frames) > 20 for browser in stand.browsers), 10)
    spectator.path._max_bps = 400_000
    await poll(lambda: REDUCED in stand.table.rungs(), 10)
    moved_at = len(stand.browsers[1].frames)
    await poll(lambda: len(stand.browsers[1].frames) > moved_at + 40, 10)

    assert [story.keyframe for story in stand.stories(0)].count(True) <= 2, "one for each who came"
    reduced = stand.stories(1)[-20:]
    full = stand.stories(0)[-20:]
    assert sum(story.size_bytes for story in reduced) < sum(story.size_bytes for story in full)
    assert player.video.frames_dropped == 0
    numbers = [read_number(frame.to_ndarray(format="gray")) for frame in stand.browsers[1].frames[-30:]]
    steps = [(after - before) % 60 for before, after in pairwise(numbers)]
    # In order; a machine that pauses repeats a picture or leaves some out.
    assert all(step < 30 for step in steps), numbers

    spectator.path._max_bps = 8_000_000
    spectator_peer = stand.table.peers["peer_1"]
    spectator_peer.choice._up_after_us = 1_000_000
    await poll(lambda: stand.table.rungs() == {FULL}, 10)
    back_at = len(stand.browsers[1].frames)
    await poll(lambda: len(stand.browsers[1].frames) > back_at + 20, 10)
    assert [story.keyframe for story in stand.stories(0)].count(True) <= 3, "the spectator's return costs one"
