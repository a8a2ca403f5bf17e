"""A real encoder rung as the source of a session, fed with pictures whose look is known."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import numpy as np

from render_node.session.core.rung_choice import RungKey
from render_node.session.io.encoder_rung import EncoderRung
from render_node.session.io.peer_session import PeerSession
from render_node.session.io.title_process import CapturedFrame
from render_node.session.media import EncodedFrame
from tests.media.peer_media import pictures
from tests.support.deadlines import patient
from tests.support.lossy_stand import COLUMNS, ROWS
from wire.session_control import VideoCodec
from wire.worker_control import EncoderSpec

WIDTH, HEIGHT = 640, 360
PICTURES = 60


class LiveSource:
    """Encodes a loop of grey pictures at 60 fps, and does for its peers what the fan-out does.

    Args:
        codec: Of the rung.
        bps: Its rate.
    """

    def __init__(self, codec: VideoCodec, bps: int) -> None:
        self.peers: list[PeerSession] = []
        self.frames: dict[int, EncodedFrame] = {}
        """By RTP time."""
        self.recoveries: list[tuple[int, int]] = []
        """Frame and the one that it was predicted from."""
        self.keyframes = 0
        self._rung_key = RungKey(codec)
        self._luma = [picture[:HEIGHT] for picture in pictures(WIDTH, HEIGHT, PICTURES)]
        self._pixels = [np.repeat(luma.reshape(-1), 4).copy() for luma in self._luma]
        self._shown: dict[int, int] = {}
        self._number = 0
        self._newest: CapturedFrame | None = None
        self._rung = EncoderRung(
            codec,
            EncoderSpec(target_bps=bps),
            60,
            on_frame=self._send,
            on_failed=lambda detail: None,
            loop=asyncio.get_running_loop(),
        )

    def restart(self) -> None:
        """Make a keyframe."""
        self._rung.request_keyframe()

    def frames_lost(self, first_id: int, newest_id: int) -> None:
        """Recover, with a keyframe if there is no other way."""
        if not self._rung.recover(first_id, newest_id):
            self._rung.request_keyframe()

    async def run(self, until: Callable[[], bool], deadline_s: float) -> None:
        """Feed the rung.

        Raises:
            TimeoutError: it did not become so in time.
        """
        started = time.monotonic()
        tick = 0
        while not until():
            if time.monotonic() - started > patient(deadline_s):
                raise TimeoutError("what the test waits for did not happen")
            self._number += 1
            at_us = time.monotonic_ns() // 1000
            pixels = self._pixels[self._number % PICTURES].data
            self._newest = CapturedFrame(WIDTH, HEIGHT, self._number, self._number, at_us, at_us, pixels)
            # As a session does: a picture for which there is no room is left out before it is encoded.
            room = [peer.takes_frame() for peer in self.peers]
            if all(room):
                self._rung.submit(lambda: self._newest, lambda: None)
            tick += 1
            await asyncio.sleep(max(0.0, started + tick / 60 - time.monotonic()))

    async def close(self) -> None:
        """End the rung's thread."""
        await self._rung.close()

    def rtp_ts(self, frame_id: int) -> int:
        """Return a frame's RTP time."""
        return next(rtp_ts for rtp_ts, frame in self.frames.items() if frame.frame_id == frame_id)

    def errors(self, samples: dict[int, list[int]]) -> dict[int, float]:
        """Return how far each sampled picture is from what was encoded, as the mean over its parts, by RTP time."""
        found = {}
        for rtp_ts, values in samples.items():
            frame = self.frames.get(rtp_ts)
            if frame is not None:
                luma = self._luma[frame.input_seq % PICTURES].astype(float)
                blocks = luma.reshape(ROWS, HEIGHT // ROWS, COLUMNS, WIDTH // COLUMNS).mean((1, 3))
                found[rtp_ts] = float(np.abs(np.array(values).reshape(ROWS, COLUMNS) - blocks).mean())
        return found

    def _send(self, frame: EncodedFrame) -> None:
        self.frames[frame.rtp_ts] = frame
        self.keyframes += frame.keyframe
        if frame.recovers_from_id is not None:
            self.recoveries.append((frame.frame_id, frame.recovers_from_id))
        for peer in self.peers:
            peer.video.send(self._rung_key, frame, lambda left_us: None)
        confirmed = [each for peer in self.peers if (each := peer.confirmed_id()) is not None]
        if confirmed:
            self._rung.confirm(min(confirmed))
