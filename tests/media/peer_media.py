"""Encoded picture and sound for peer tests, made once and sent in a loop so that encoding costs nothing meanwhile."""

from __future__ import annotations

import asyncio
import fractions
import time
from collections.abc import Callable, Iterator
from functools import cache

import av
import numpy as np
from av.video.frame import PictureType

from render_node.session.core.rung_choice import RungKey
from render_node.session.io.peer_session import PeerSession
from render_node.session.media import EncodedFrame, FrameTimes, OpusPacket
from tests.support.deadlines import patient
from wire.session_control import VideoCodec

FRAME_S = 1 / 60


def now_us() -> int:
    return time.monotonic_ns() // 1000


def pictures(width: int, height: int, count: int) -> Iterator[np.ndarray]:
    """Yield planar YUV 4:2:0 pictures of scrolling tiles and moving squares; blocks at the top count frames."""
    rng = np.random.default_rng(7)
    tiles = np.kron(
        rng.integers(40, 220, (height // 8 + 1, width // 8 * 2), dtype=np.uint8), np.ones((8, 8), np.uint8)
    )
    noise = rng.integers(90, 150, (512 + height, width), dtype=np.uint8)
    for index in range(count):
        picture = np.full((height * 3 // 2, width), 128, np.uint8)
        shift = index * 5 % width
        picture[:height] = tiles[:height, shift : shift + width]
        for square in range(20):
            x, y = (index * 7 + square * 97) % (width - 40), (index * 3 + square * 53) % (height - 40)
            picture[y : y + 40, x : x + 40] = 40 + square * 10
        speckle = index * 37 % 512
        picture[height * 2 // 3 : height] = noise[speckle : speckle + height - height * 2 // 3]
        picture[:32] = 16
        for bit in range(16):
            if index >> bit & 1:
                picture[:32, bit * 32 : bit * 32 + 32] = 235
        yield picture


def read_number(luma: np.ndarray) -> int:
    """Return the frame number coded in a decoded picture's luma plane."""
    return sum(1 << bit for bit in range(16) if luma[16, bit * 32 + 16] > 128)


@cache
def clip(codec: VideoCodec, width: int, height: int, count: int, bps: int) -> tuple[tuple[bytes, bool], ...]:
    """Return ``count`` encoded frames, of which only the first is a keyframe."""
    context = av.CodecContext.create("libx264" if codec is VideoCodec.H264 else "libvpx", "w")
    assert isinstance(context, av.VideoCodecContext)
    context.width, context.height, context.pix_fmt = width, height, "yuv420p"
    context.time_base, context.framerate = fractions.Fraction(1, 60), fractions.Fraction(60)
    context.bit_rate, context.gop_size, context.max_b_frames, context.thread_count = bps, 100_000, 0, 1
    if codec is VideoCodec.H264:
        vbv = f"vbv-maxrate={bps // 1000}:vbv-bufsize={bps // 20_000}:scenecut=0"
        context.options = {
            "preset": "ultrafast", "tune": "zerolatency", "profile": "baseline", "level": "32", "x264-params": vbv,
        }  # fmt: skip
    else:
        context.options = {"deadline": "realtime", "cpu-used": "-8", "lag-in-frames": "0"}
    frames = []
    for index, picture in enumerate(pictures(width, height, count)):
        frame = av.VideoFrame.from_ndarray(picture, format="yuv420p")
        frame.pts = index
        frame.pict_type = PictureType.I if index == 0 else PictureType.NONE
        (packet,) = context.encode(frame)
        frames.append((bytes(packet), packet.is_keyframe))
    return tuple(frames)


@cache
def tone(hz: int) -> tuple[bytes, ...]:
    """Return one second of Opus in packets of 10 ms: a sine on the left, silence on the right."""
    context = av.CodecContext.create("libopus", "w")
    assert isinstance(context, av.AudioCodecContext)
    context.sample_rate, context.layout, context.format = 48_000, "stereo", "s16"
    context.bit_rate = 96_000
    context.options = {"frame_duration": "10", "application": "lowdelay", "vbr": "off"}
    wave = (np.sin(2 * np.pi * hz * np.arange(48_000) / 48_000) * 16_000).astype(np.int16)
    packets = []
    for start in range(0, 48_000, 480):
        samples = np.zeros((1, 960), np.int16)
        samples[0, ::2] = wave[start : start + 480]
        frame = av.AudioFrame.from_ndarray(samples, format="s16", layout="stereo")
        frame.sample_rate, frame.pts = 48_000, start
        packets += [bytes(packet) for packet in context.encode(frame)]
    return tuple(packets)


RUNG = RungKey(VideoCodec.H264)
"""A clip is its session's only rung, whatever its codec."""


class Looper:
    """Sends a clip at 60 frames per second, from its keyframe on whenever one is asked for, and a tone beside it."""

    def __init__(self, frames: tuple[tuple[bytes, bool], ...], sound: tuple[bytes, ...] = ()) -> None:
        self._frames = frames
        self._sound = sound
        self._index = 0
        self._sounds_from_s: float | None = None
        self._sound_sent = 0
        self.peers: list[PeerSession] = []
        self.numbers: dict[int, int] = {}
        """Frame number in the clip by RTP timestamp."""
        self.send_us: list[int] = []
        """From the call to the last packet, per frame."""
        self.cpu_s = 0.0
        """Thread time spent in sending video."""
        self.count = 0

    def restart(self) -> None:
        """Begin with the keyframe again; what ``on_keyframe_needed`` calls."""
        self._index = 0

    def frames_lost(self, first_id: int, newest_id: int) -> None:
        """Begin with the keyframe again: an encoded clip has no frame that does without others."""
        self._index = 0

    async def run(self, until: Callable[[], bool], deadline_s: float) -> None:
        """Send until ``until()`` is true.

        Args:
            until: What is waited for.
            deadline_s: How long it takes at most on a quiet machine.

        Raises:
            TimeoutError: it did not become true in time.
        """
        started = due = time.monotonic()
        while not until():
            elapsed = time.monotonic() - started
            if elapsed > patient(deadline_s):
                raise TimeoutError("what the test waits for did not happen")
            self.send_frame()
            self._send_sound()
            # A machine that was busy is not made up for: whoever receives shares this loop, and needs its turns.
            due = max(due + FRAME_S, time.monotonic() + FRAME_S / 2)
            await asyncio.sleep(due - time.monotonic())

    def _send_sound(self) -> None:
        """Send what is due of the tone, which goes on from run to run."""
        now_s = time.monotonic()
        if self._sounds_from_s is None:
            self._sounds_from_s = now_s
        while self._sound and self._sound_sent < (now_s - self._sounds_from_s) * 100:
            packet = OpusPacket(self._sound_sent * 480, self._sound[self._sound_sent % len(self._sound)])
            self._sound_sent += 1
            for peer in self.peers:
                peer.send_audio(packet)

    def send_frame(self) -> None:
        """Send the next frame to all peers."""
        data, keyframe = self._frames[self._index]
        begun_us = now_us()
        rtp_ts = begun_us * 90 // 1000 & 0xFFFFFFFF
        self.numbers[rtp_ts] = self._index
        self._index = (self._index + 1) % len(self._frames)
        self.count += 1
        frame = EncodedFrame(
            self.count, rtp_ts, data, keyframe, 0, 0, 0, FrameTimes(begun_us, begun_us, begun_us)
        )  # fmt: skip
        cpu = time.thread_time()
        for peer in self.peers:
            peer.video.send(RUNG, frame, lambda left_us: self.send_us.append(left_us - begun_us))
        self.cpu_s += time.thread_time() - cpu
