"""The three baselines: what each sends, and with how much of aiortc unchanged."""

from __future__ import annotations

import asyncio
from abc import ABC, abstractmethod
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from aiortc import RTCRtpSender
from aiortc.rtcrtpparameters import RTCRtpCodecCapability

from tests.bench.baselines.drawn_card import CardTrack, DrawnCard
from tests.support.offline_encoder import CardEncoder


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
        vars(sender)["_send_keyframe"] = track.encoder.request_keyframe


class EncodedTrack(CardTrack):
    """Encodes in a thread of its own, as the session worker does."""

    def __init__(self, card: DrawnCard) -> None:
        super().__init__(card)
        self.encoder = CardEncoder()
        self._thread = ThreadPoolExecutor(1, "encode")

    async def recv(self) -> Any:
        """Return the next frame's access unit."""
        frame = await self.card.next_frame()
        return await asyncio.get_running_loop().run_in_executor(self._thread, self.encoder.encode, frame)


KINDS: dict[str, type[Baseline]] = {"stock_vp8": StockVp8, "our_packets": OurPackets, "stock_h264": StockH264}
