"""A player's connection that takes everything and decodes nothing: aiortc's SDP, DTLS, SRTP and SCTP, our own ICE.

The answer is munged to what Chrome answers: it takes transport-wide feedback and playout delay, which aiortc has no
words for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pylibsrtp
from aiortc import RTCPeerConnection, RTCRtpSender, RTCSessionDescription
from aiortc.rtcdtlstransport import RTCDtlsTransport

from render_node.session.core.local_sdp import OFFERED_IDS
from render_node.session.core.rtp_packets import PLAYOUT_DELAY_URI, TRANSPORT_SEQ_URI
from render_node.session.core.sdp import RTPMAP, join_sections, split_sections
from render_node.session.io import aiortc_hooks, monotonic
from render_node.session.io.peer_connection import INPUT_CHANNEL_ID, STORY_CHANNEL_ID
from tests.bench.density.checking_ice import CheckingConnection
from tests.bench.density.reception import Reception
from tests.media.aiortc_browser import without_parity
from wire.frame_story import ClockRequest, FrameStory, decode_story, encode_story
from wire.session_control import VideoCodec

CLOCK_S = 0.5
"""Between questions for the worker's clock, as the page asks them; they also keep the connection alive."""

VIDEO_HZ, SOUND_HZ = 90_000, 48_000


class LightPeer:
    """Owns one connection from ``answer`` to ``close``; ``on_story`` takes each frame's story and must not raise."""

    def __init__(self, on_story: Callable[[FrameStory], None]) -> None:
        aiortc_hooks.install()
        self._on_story = on_story
        self._loop = asyncio.get_running_loop()
        self._connection = CheckingConnection()
        self._timers: dict[Callable[[], None], asyncio.TimerHandle] = {}
        parts = aiortc_hooks.Parts(make_sender=RTCRtpSender, make_connection=lambda user, password: self._connection)
        self._parts = parts
        self._pc: RTCPeerConnection | None = None
        self.reception = Reception({}, OFFERED_IDS.transport_seq or 0)

    async def answer(self, offer: str) -> str:
        """Take a worker's offer, start connecting, return the answer."""
        with aiortc_hooks.our_parts(self._parts):
            pc = self._pc = aiortc_hooks.new_connection()
            await pc.setRemoteDescription(RTCSessionDescription(without_parity(offer), "offer"))
            pc.createDataChannel("input", ordered=False, maxRetransmits=0, negotiated=True, id=INPUT_CHANNEL_ID)
            self._story = pc.createDataChannel(
                "story", ordered=False, maxRetransmits=0, negotiated=True, id=STORY_CHANNEL_ID
            )
            self._story.on("message", self._story_received)
            self._story.on("open", self._ask_clock)
            await pc.setLocalDescription(await pc.createAnswer())
        text = _as_chrome(pc.localDescription.sdp)
        self.reception = Reception(_clocks_hz(text), OFFERED_IDS.transport_seq or 0)
        self._dtls: RTCDtlsTransport = pc.getTransceivers()[0].receiver.transport
        self._connection.on_media = self._media_received
        return text

    async def close(self) -> None:
        """Hang up."""
        for timer in self._timers.values():
            timer.cancel()
        if self._pc is not None:
            await self._pc.close()
        await self._connection.close()

    def _media_received(self, datagram: bytes) -> None:
        now_us = monotonic.now_us()
        if 192 <= datagram[1] <= 223:
            self._rtcp_received(datagram, now_us)
            return
        is_first = self.reception.next_us() is None
        self.reception.take_rtp(datagram, now_us)
        if is_first:
            self._report_later()

    def _rtcp_received(self, datagram: bytes, now_us: int) -> None:
        try:
            self.reception.take_rtcp(self._dtls._rx_srtp.unprotect_rtcp(datagram), now_us)
        except (AttributeError, pylibsrtp.Error):
            return  # before the keys are there, or no packet of theirs

    def _report_later(self) -> None:
        due_us = self.reception.next_us()
        if due_us is not None:
            wait_s = max(0, due_us - monotonic.now_us()) / 1e6
            self._timers[self._report] = self._loop.call_later(wait_s, self._report)

    def _report(self) -> None:
        packet = self.reception.rtcp(monotonic.now_us())
        if packet is not None:
            self._connection.send_burst((aiortc_hooks.srtp_protect(self._dtls)[1](packet),))
        self._report_later()

    def _ask_clock(self) -> None:
        if self._story.readyState != "open":
            return
        self._story.send(encode_story(ClockRequest(monotonic.now_us())))
        self._timers[self._ask_clock] = self._loop.call_later(CLOCK_S, self._ask_clock)

    def _story_received(self, message: bytes) -> None:
        story = decode_story(message)
        if isinstance(story, FrameStory):
            self._on_story(story)


def _as_chrome(answer: str) -> str:
    """Return aiortc's answer with what Chrome takes of our offer beside it."""
    head, sections = split_sections(answer.splitlines())
    for section in sections:
        if section[0].startswith("m=video"):
            codecs = [match[1] for line in section if (match := RTPMAP.match(line)) and match[2] in list(VideoCodec)]
            section.append(f"a=extmap:{OFFERED_IDS.transport_seq} {TRANSPORT_SEQ_URI}")
            section.append(f"a=extmap:{OFFERED_IDS.playout_delay} {PLAYOUT_DELAY_URI}")
            section += [f"a=rtcp-fb:{number} transport-cc" for number in codecs]
    return join_sections([head, *sections])


def _clocks_hz(answer: str) -> dict[int, int]:
    """Return the clocks of the streams that are played, by payload type."""
    found = (RTPMAP.match(line) for line in answer.splitlines())
    return {int(match[1]): int(match[3]) for match in found if match and match[2] in (*VideoCodec, "opus")}
