"""What libx264 does offline with a preset and a bitrate: the quality that a live stream is held against.

Deliberately not the worker's encoder module: a setting there that costs quality must show.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import av
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter

from tests.support.card_source import FPS, HEIGHT, WIDTH

CLOCK_HZ = 90_000
TARGET_BPS = 8_000_000
"""Design §11: 1280x720 at 60 fps and 8 Mbit/s."""
VBV_FRAMES = 4
"""Buffer of the rate control, in frames at the target rate: the least with which x264 reaches its bitrate."""


def to_yuv(frame: av.VideoFrame, reformatter: VideoReformatter) -> av.VideoFrame:
    """Convert as browsers expect H.264: BT.709, limited range."""
    return reformatter.reformat(
        frame, format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG, threads=1
    )


class CardEncoder:
    """An open libx264 context: one access unit per frame, no delay, a keyframe only at the start."""

    def __init__(self, preset: str, target_bps: int = TARGET_BPS) -> None:
        context = av.CodecContext.create("libx264", "w")
        context.width, context.height, context.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        context.time_base = Fraction(1, CLOCK_HZ)
        context.framerate = Fraction(FPS, 1)
        context.bit_rate = target_bps
        context.gop_size = 1_000_000
        kilobits = target_bps // 1000
        context.options = {
            "preset": preset,
            "tune": "zerolatency",
            "profile": "baseline",
            "level": "32",
            "threads": "1",
            "x264-params": f"vbv-maxrate={kilobits}:vbv-bufsize={kilobits * VBV_FRAMES // FPS}",
        }
        self.context = context
        self._reformatter = VideoReformatter()

    def encode(self, frame: av.VideoFrame) -> Any:
        """Convert and encode one BGRA frame; return its ``av.Packet``."""
        picture = to_yuv(frame, self._reformatter)
        picture.pts, picture.time_base = frame.pts, frame.time_base
        (packet,) = self.context.encode(picture)
        return packet
