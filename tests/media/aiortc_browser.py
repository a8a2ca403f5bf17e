"""Stock aiortc as the browser: decodes what a peer session sends, and can be made to lose, stall or lie."""

from __future__ import annotations

import asyncio
import contextlib
import re
from typing import Any

import aioice.ice
import av
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamError
from aiortc.rtcconfiguration import RTCBundlePolicy

from wire.frame_story import Story, decode_story


def use_loopback(monkeypatch: Any) -> None:
    """Let aioice offer 127.0.0.1, which it leaves out otherwise."""
    monkeypatch.setattr(aioice.ice, "get_host_addresses", lambda use_ipv4, use_ipv6: ["127.0.0.1"])


def ask_no_consent_once_closed(monkeypatch: Any) -> None:
    """Keep aioice from asking for consent for ever on a connection that was closed just as it connected."""
    query_consent = aioice.ice.Connection.query_consent

    async def query_unless_closed(connection: aioice.ice.Connection) -> None:
        if not connection._closing:
            await query_consent(connection)

    monkeypatch.setattr(aioice.ice.Connection, "query_consent", query_unless_closed)


def without_parity(offer: str) -> str:
    """Leave out the parity stream: beside a third stream, aiortc does not see that the second one is the repeats'."""
    group = re.search(r"a=ssrc-group:FEC-FR \d+ (\d+)\r\n", offer)
    if group is None:
        return offer
    return re.sub(rf"a=ssrc:{group[1]} .*\r\n", "", offer.replace(group[0], ""))


class AiortcBrowser:
    """Answers an offer and keeps what arrives."""

    def __init__(self) -> None:
        self.pc = RTCPeerConnection(RTCConfiguration(iceServers=[], bundlePolicy=RTCBundlePolicy.MAX_BUNDLE))
        self.frames: list[av.VideoFrame] = []
        self.sound: list[Any] = []
        self.stories: list[Story] = []
        self._tasks: list[asyncio.Task[None]] = []
        self.pc.on("track", lambda track: self._tasks.append(asyncio.ensure_future(self._read(track))))
        self.input: Any = None
        self.story: Any = None

    async def answer(self, offer: str) -> str:
        """Take the offer and return the answer."""
        await self.pc.setRemoteDescription(RTCSessionDescription(without_parity(offer), "offer"))
        self.input = self.pc.createDataChannel("input", ordered=False, maxRetransmits=0, negotiated=True, id=0)
        self.story = self.pc.createDataChannel("story", ordered=False, maxRetransmits=0, negotiated=True, id=1)
        self.story.on("message", lambda data: self.stories.append(decode_story(data)))
        await self.pc.setLocalDescription(await self.pc.createAnswer())
        return str(self.pc.localDescription.sdp)

    async def close(self) -> None:
        """Close and leave no task."""
        await self.pc.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def video_receiver(self) -> Any:
        return next(part.receiver for part in self.pc.getTransceivers() if part.kind == "video")

    @property
    def dtls(self) -> Any:
        return self.video_receiver.transport

    async def _read(self, track: Any) -> None:
        with contextlib.suppress(MediaStreamError):
            while True:
                (self.frames if track.kind == "video" else self.sound).append(await track.recv())
