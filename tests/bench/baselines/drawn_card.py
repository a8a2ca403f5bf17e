"""The hard test card as an aiortc track: drawn in process at 60 fps, flipped by each key message."""

from __future__ import annotations

import asyncio
import time
from fractions import Fraction
from typing import Any

import av
from aiortc import MediaStreamTrack

from tests.support.card_source import FPS, CardKey, CardSource

CLOCK_HZ = 90_000


class DrawnCard:
    """The title and its state: what a key press changes and the next frame shows."""

    def __init__(self) -> None:
        self._source = CardSource(hard=True)
        self._number = 0
        self._started_s: float | None = None
        self.presses = 0

    async def next_frame(self) -> av.VideoFrame:
        """Wait for the next tick, draw it and return a BGRA frame of its own memory."""
        now_s = time.perf_counter()
        if self._started_s is None:
            self._started_s = now_s
        self._number += 1
        early_s = self._started_s + self._number / FPS - now_s
        if early_s > 0:
            await asyncio.sleep(early_s)
        else:
            self._started_s -= early_s
        pixels = self._source.draw(CardKey(self._number, self.presses))
        frame = av.VideoFrame.from_ndarray(pixels, format="bgra")
        frame.pts = round(time.perf_counter() * CLOCK_HZ)
        frame.time_base = Fraction(1, CLOCK_HZ)
        return frame


class CardTrack(MediaStreamTrack):
    """Hands raw frames to aiortc, which encodes them itself."""

    kind = "video"

    def __init__(self, card: DrawnCard) -> None:
        super().__init__()
        self.card = card

    async def recv(self) -> Any:
        """Return the next frame."""
        return await self.card.next_frame()
