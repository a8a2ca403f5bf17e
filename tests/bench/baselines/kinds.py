"""The three baselines: what each sends, and with how much of aiortc unchanged."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import av
from aiortc import RTCRtpSender
from aiortc.rtcrtpparameters import RTCRtpCodecCapability

from render_node.session.io.encoders import EncoderSettings, OpenEncoder
from tests.bench.baselines.drawn_card import CardTrack, DrawnCard
from tests.support.card_source import FPS, HEIGHT, WIDTH
from tests.support.offline_encoder import TARGET_BPS


class Baseline(ABC):
    """One way to stream the card."""

    codec: str
    """SDP name of the codec to prefer."""

    def capabilities(self) -> list[RTCRtpCodecCapability]:
        """Return the codecs to negotiate."""
        wanted = (f"video/{self.codec}", "video/rtx")
        return [each for each in RTCRtpSender.getCapabilities("video").codecs if each.mimeType in wanted]

    @abstractmethod
    def track(self, card: DrawnCard) -> CardTrack:
        """Return the track to send."""

    @abstractmethod
    def attach(self, sender: RTCRtpSender, track: CardTrack) -> None:
        """Join the sender's feedback to the track, where the track encodes."""


class StockVp8(Baseline):
    """aiortc as it comes, with the codec that it chooses first."""

    codec = "VP8"

    def track(self, card: DrawnCard) -> CardTrack:
        """Return a track of raw frames."""
        return CardTrack(card)

    def attach(self, sender: RTCRtpSender, track: CardTrack) -> None:
        """Leave the sender alone: it encodes by itself."""


class StockH264(StockVp8):
    """aiortc as it comes with H.264, which it caps at 3 Mbit/s and 30 fps: context, not a rival."""

    codec = "H264"


class OurPackets(Baseline):
    """Our encoder's packets through aiortc's unmodified sender: the reference that latencies are scaled by."""

    codec = "H264"

    def track(self, card: DrawnCard) -> CardTrack:
        """Return a track that encodes by itself."""
        return EncodedTrack(card)

    def attach(self, sender: RTCRtpSender, track: CardTrack) -> None:
        """Answer picture loss with a keyframe; in packet mode aiortc only sets a flag that nobody reads."""
        assert isinstance(track, EncodedTrack)
        vars(sender)["_send_keyframe"] = track.request_keyframe


class EncodedTrack(CardTrack):
    """Encodes in a thread of its own, as the session worker does."""

    def __init__(self, card: DrawnCard) -> None:
        super().__init__(card)
        self._encoder = OpenEncoder("libx264", EncoderSettings(WIDTH, HEIGHT, FPS, TARGET_BPS))
        self._thread = ThreadPoolExecutor(1, "encode")
        self._keyframe = True

    def request_keyframe(self) -> None:
        """Make the next frame a keyframe."""
        self._keyframe = True

    async def recv(self) -> Any:
        """Return the next frame's access unit as an ``av.Packet``."""
        frame = await self.card.next_frame()
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._encode, frame)

    def _encode(self, frame: av.VideoFrame) -> Any:
        assert frame.pts is not None
        keyframe, self._keyframe = self._keyframe, False
        packet: Any = av.Packet(self._encoder.encode(frame, frame.pts, keyframe=keyframe)[0])
        packet.pts, packet.time_base = frame.pts, frame.time_base
        return packet


KINDS: dict[str, type[Baseline]] = {"stock_vp8": StockVp8, "our_packets": OurPackets, "stock_h264": StockH264}
