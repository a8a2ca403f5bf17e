"""The worker's libx264 settings on a clock of our own: for a baseline of the bench and as quality reference."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import av
from av.video.frame import PictureType
from av.video.reformatter import ColorRange, Colorspace, VideoReformatter

from tests.support.card_source import FPS, HEIGHT, WIDTH

CLOCK_HZ = 90_000
TARGET_BPS = 8_000_000
"""Design §11: 1280x720 at 60 fps and 8 Mbit/s."""
VBV_FRAMES = 2
"""Buffer of the rate control, in frames at the target rate."""


def to_yuv(frame: av.VideoFrame, reformatter: VideoReformatter) -> av.VideoFrame:
    """Convert as browsers expect H.264: BT.709, limited range."""
    return reformatter.reformat(
        frame, format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG, threads=1
    )


class CardEncoder:
    """An open libx264 context: one access unit per frame, no delay, no keyframes but those asked for."""

    def __init__(self, preset: str = "ultrafast", target_bps: int = TARGET_BPS) -> None:
        context = av.CodecContext.create("libx264", "w")
        context.width, context.height, context.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        context.time_base = Fraction(1, CLOCK_HZ)
        context.framerate = Fraction(FPS, 1)
        context.bit_rate = target_bps
        context.gop_size = 1_000_000
        kilobits = target_bps // 1000
        vbv = kilobits * VBV_FRAMES // FPS
        context.options = {
            "preset": preset, "tune": "zerolatency", "profile": "baseline", "level": "32", "threads": "1",
            "x264-params": f"vbv-maxrate={kilobits}:vbv-bufsize={vbv}:repeat-headers=1",
        }  # fmt: skip
        self.context = context
        self._reformatter = VideoReformatter()
        self._keyframe = False

    def request_keyframe(self) -> None:
        """Make the next frame a keyframe."""
        self._keyframe = True

    def encode(self, frame: av.VideoFrame) -> Any:
        """Convert and encode one BGRA frame."""
        picture = to_yuv(frame, self._reformatter)
        picture.pts, picture.time_base = frame.pts, frame.time_base
        picture.pict_type = PictureType.I if self._keyframe else PictureType.NONE
        self._keyframe = False
        (packet,) = self.context.encode(picture)
        return packet
