"""A real Chromium as the other side of a peer session: no flags but those that root and a missing screen need."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from pathlib import Path

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from render_node.session.core.send_side import RateLimits
from render_node.session.io.peer_session import PeerCallbacks, PeerSession
from tests.media.peer_media import Looper, clip, tone
from tests.support.chromium import chromium
from wire.errors import Reason
from wire.session_control import PeerState, VideoCodec
from wire.worker_control import IceSpec

PAGE = Path(__file__).with_name("peer_page.html")
ICE = IceSpec("127.0.0.1", 0, 0, ("127.0.0.1",))
LIMITS = RateLimits(300_000, 4_000_000, 8_000_000)
NOTICED_S = 5.0
"""Silence is noticed after two seconds, and on a busy machine a little later; ICE alone would take half a minute."""

pytestmark = [pytest.mark.media, pytest.mark.browser]


class Stand:
    """Serves the page, signals, streams a clip and takes the page's measurements."""

    def __init__(self, codec: VideoCodec, bps: int, seconds: float) -> None:
        self.looper = Looper(clip(codec, 1280, 720, 180, bps), tone(440))
        self.seconds = seconds
        self.codec = codec
        self.states: list[tuple[PeerState, Reason | None]] = []
        self.inputs: list[bytes] = []
        self.result: dict[str, dict[str, float]] | None = None
        self.peer: PeerSession

    async def signal(self, socket: ServerConnection) -> None:
        callbacks = PeerCallbacks(
            lambda data, received_us: self.inputs.append(data),
            lambda state, reason: self.states.append((state, reason)),
            self.looper.restart,
        )
        self.peer = PeerSession("peer_chromium", codec=self.codec, ice=ICE, limits=LIMITS, callbacks=callbacks)
        self.looper.peers = [self.peer]
        await socket.send(json.dumps({"offer": await self.peer.offer(), "seconds": self.seconds}))
        await self.peer.accept_answer(json.loads(await socket.recv())["answer"])
        self.result = json.loads(await socket.recv())["result"]

    def page(self, connection: ServerConnection, request: Request) -> Response | None:
        if request.path != "/":
            return None
        return Response(200, "OK", Headers({"Content-Type": "text/html"}), PAGE.read_bytes())

    async def run(self) -> dict[str, dict[str, float]]:
        async with serve(self.signal, "127.0.0.1", 0, process_request=self.page) as server:
            port = next(iter(server.sockets)).getsockname()[1]
            async with chromium() as browser:
                page = await browser.new_page()
                await page.goto(f"http://127.0.0.1:{port}/")
                await page.click("#start")
                cpu, wall = time.process_time(), time.monotonic()
                await self.looper.run(lambda: self.result is not None, self.seconds + 30)
                self.process_share = (time.process_time() - cpu) / (time.monotonic() - wall)
            # The browser is gone without a word; the session must notice by itself.
            gone = time.monotonic()
            with suppress(TimeoutError):
                await self.looper.run(lambda: self.peer.state is not PeerState.CONNECTED, NOTICED_S)
            self.noticed_s = time.monotonic() - gone
            await self.peer.close(Reason.LEFT)
        assert self.result is not None
        return self.result


@pytest.mark.timeout(120)
@pytest.mark.parametrize("codec", [VideoCodec.H264, VideoCodec.VP8])
async def test_chromium_plays_720p60(codec: VideoCodec) -> None:
    seconds = 3.0
    stand = Stand(codec, 8_000_000, seconds)
    result = await stand.run()
    send_us = sorted(stand.looper.send_us)
    print(
        json.dumps(result),
        f"a frame sent p50 {send_us[len(send_us) // 2]} us p99 {send_us[len(send_us) * 99 // 100]} us, "
        f"cpu {stand.looper.cpu_s / stand.looper.count * 1e6:.0f} us/frame, process {stand.process_share:.3f} core, "
        f"{stand.peer.sent_bytes * 8 / 1e6 / (stand.looper.count / 60):.2f} Mbit/s, "
        f"noticed the browser's death after {stand.noticed_s:.2f} s",
    )
    video, audio = result["video"], result["audio"]
    assert video["decoded"] / video["seconds"] >= 45
    assert video["jitter_buffer_ms"] <= 3
    assert video["width"] == 1280
    assert video["round_trips"] > 0
    assert video["round_trip_ms"] < 50
    assert audio["samples"] >= 0.8 * 48_000 * video["seconds"]
    assert audio["concealed_share"] < 0.1
    assert audio["left_rms"] > 0.2
    assert audio["streams"] == 2
    assert result["clock"]["count"] >= 20
    assert stand.inputs
    assert [state for state, _ in stand.states[:2]] == [PeerState.CONNECTING, PeerState.CONNECTED]
    assert stand.noticed_s < NOTICED_S
