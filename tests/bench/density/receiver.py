"""``python -m tests.bench.density.receiver URL OWNER_TOKEN``: the players of a density run, in their own process.

Reads a JSON object a line from standard input and answers each with one: ``{"open": TITLE}`` plays a title and
returns once its frames come; ``{"measure": SECONDS}`` returns what came in that time, an object for each player. The
end of its input ends it, its sessions with it.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import sys
import time
from contextlib import AsyncExitStack
from typing import Any

import httpx
import uvloop

from tests.bench.density.light_peer import SOUND_HZ, VIDEO_HZ, LightPeer
from tests.support.live_broker import FakeTab, sign_in
from wire.frame_story import FrameStory
from wire.session_control import Answer, MediaReport, Offer, OpenPeer, SessionState, StateNews, VideoCodec

FIRST_FRAME_S = 30.0
REPORT_S = 1.0
RENDERED_EVERY_S = 2.0


class Player:
    """One session's tab and connection."""

    def __init__(self, tab: FakeTab, session_id: str) -> None:
        self._tab = tab
        self.session_id = session_id
        self.stories: list[FrameStory] = []
        self._playing = asyncio.Event()
        self._peer = LightPeer(self._take_story)
        self._tasks: list[asyncio.Task[None]] = []
        self._frames = 0
        self._newest_s = 0.0

    async def connect(self) -> None:
        """Ask for the picture as a tab does; return with the first frame."""
        async with asyncio.timeout(FIRST_FRAME_S):
            while (await self._tab.next(StateNews, timeout_s=FIRST_FRAME_S)).state is not SessionState.RUNNING:
                pass
            await self._tab.send(OpenPeer((VideoCodec.H264, VideoCodec.VP8)))
            offer = await self._tab.next(Offer, timeout_s=FIRST_FRAME_S)
            await self._tab.send(Answer(offer.peer_id, offer.ticket, await self._peer.answer(offer.sdp)))
            await self._playing.wait()
        self._tasks = [asyncio.create_task(self._report(offer.peer_id)), asyncio.create_task(self._read_news())]

    async def close(self) -> None:
        """Hang up."""
        for task in self._tasks:
            task.cancel()
        await self._peer.close()

    def counts(self) -> dict[str, int]:
        """Return what came so far."""
        video, sound = (self._peer.reception.of_clock(hz) for hz in (VIDEO_HZ, SOUND_HZ))
        return {
            "video_packets": video.packets if video else 0,
            "video_bytes": video.size_bytes if video else 0,
            "video_frames": video.frames if video else 0,
            "video_lost": video.lost if video else 0,
            "sound_packets": sound.packets if sound else 0,
            "sound_lost": sound.lost if sound else 0,
        }

    def _take_story(self, story: FrameStory) -> None:
        self.stories.append(story)
        self._frames += 1
        self._newest_s = time.monotonic()
        self._playing.set()

    async def _read_news(self) -> None:
        async for _ in self._tab.socket:
            pass

    async def _report(self, peer_id: str) -> None:
        while True:
            await asyncio.sleep(REPORT_S)
            silent_ms = int((time.monotonic() - self._newest_s) * 1000)
            await self._tab.send(MediaReport(peer_id, self._frames, silent_ms))


async def open_player(client: httpx.AsyncClient, title_id: str, stack: AsyncExitStack) -> Player:
    """Start a title and play it until the stack closes, which also ends the session."""
    made = await client.post("/api/v1/sessions", json={"title_id": title_id})
    made.raise_for_status()
    session_id = made.json()["session_id"]
    stack.push_async_callback(client.delete, f"/api/v1/sessions/{session_id}")
    player = Player(await stack.enter_async_context(FakeTab.open(client, session_id)), session_id)
    stack.push_async_callback(player.close)
    await player.connect()
    return player


async def rendered_fps(client: httpx.AsyncClient, seconds: float) -> dict[str, float]:
    """Return the titles' frame rates by session, as the operator reads them, each the median over some seconds."""
    seen: dict[str, list[float]] = {}
    end_s = time.perf_counter() + seconds
    while time.perf_counter() < end_s:
        await asyncio.sleep(min(RENDERED_EVERY_S, seconds))
        overview = (await client.get("/api/v1/operator/overview")).raise_for_status().json()
        for session in overview["sessions"]:
            if session["figures"] is not None:
                seen.setdefault(session["session_id"], []).append(session["figures"]["fps"])
    return {session_id: statistics.median(values) for session_id, values in seen.items()}


async def measure(client: httpx.AsyncClient, players: list[Player], seconds: float) -> list[dict[str, Any]]:
    """Return what each player gets in so many seconds."""
    before = [player.counts() for player in players]
    for player in players:
        player.stories.clear()
    began_s = time.perf_counter()
    rendered = await rendered_fps(client, seconds)
    elapsed_s = time.perf_counter() - began_s
    return [
        {
            "session_id": player.session_id,
            "seconds": elapsed_s,
            "rendered_fps": rendered.get(player.session_id, 0.0),
            "sent_us": [story.sent_dus - story.capture_dus for story in player.stories],
            "encoded_us": [story.encoded_dus - story.capture_dus for story in player.stories],
            "frame_bytes": [story.size_bytes for story in player.stories],
            **{name: count - earlier[name] for name, count in player.counts().items()},
        }
        for player, earlier in zip(players, before, strict=True)
    ]


async def main() -> None:
    """Serve the commands."""
    url, token = sys.argv[1:]
    players: list[Player] = []
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(sign_in(url, token))
        while line := await asyncio.to_thread(sys.stdin.readline):
            command = json.loads(line)
            if "open" in command:
                players.append(await open_player(client, command["open"], stack))
                print("{}", flush=True)
            else:
                print(json.dumps(await measure(client, players, command["measure"])), flush=True)


if __name__ == "__main__":
    uvloop.run(main())
