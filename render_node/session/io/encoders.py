"""Open video encoders, their options and their quirks; one picture in, one access unit out, no delay.

Every encoder here gives the packet for a picture before it takes the next one, makes no keyframe by itself after the
first, and takes colours as browsers read them back: BT.709 limited range with VUI for H.264, BT.601 for VP8.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.frame import PictureType, VideoFrame
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter

from render_node.session.io.frame_flags import FrameFlags
from render_node.session.media import RTP_VIDEO_CLOCK_HZ
from wire.errors import Reason, WireError
from wire.session_control import VideoCodec
from wire.worker_control import X264Preset

NO_KEYFRAMES_GOP = 1_000_000
"""Frames between keyframes that an encoder would make by itself: days."""

VBV_FRAMES = 2
"""Buffer of the rate control in frames: what a keyframe may take at most, and the first frames at a lowered rate."""

X264_CRF = 15
"""libx264's quality where the rate allows more; below it the buffer alone steers, frame by frame. Measured on the
hard test card at 8 Mbit/s against a mean rate (ABR) in the same buffer: the rate is met exactly instead of by -4 to
+10%, also right after a step; the largest frame is 1.07 instead of 1.45 of the mean; luma gains 0.3 dB."""

X264_BUFFER_BITS_PER_PX = 0.07
"""What libx264's buffer holds at least. For a smaller one it goes beyond H.264's quantisers, up to 69, and leaves out
what differs from the prediction: a keyframe, predicted from nothing, turns evenly grey. Measured on the test card in
720p60 at 300 kbit/s: a keyframe takes 6.1 instead of 3.4 kB, its luma has 25 instead of 10 dB, and the rate is still
met. Bounding the quantiser instead makes the hard card at 1 Mbit/s take nearly twice its rate."""

_CHROMA = Interpolation.AREA | Interpolation.FULL_CHR_H_INP
"""Colour is the mean of four pixels, and read from every pixel: swscale has fast code for that alone. Measured for
720p: 0.95 ms, against 1.3 ms with colour from every other pixel first, which is its default."""

_BT709 = 1
_BT601 = 6
_LEVELS = (
    ("3.1", 108_000, 3_600, 14_000_000),
    ("3.2", 216_000, 5_120, 20_000_000),
    ("4.0", 245_760, 8_192, 20_000_000),
    ("4.2", 522_240, 8_704, 50_000_000),
    ("5.1", 983_040, 36_864, 240_000_000),
)
"""H.264 table A-1: level, macroblocks per second, macroblocks per frame, bits per second."""


@dataclass(frozen=True, slots=True)
class EncoderSettings:
    """What an encoder is opened for."""

    width_px: int
    """Even."""
    height_px: int
    """Even."""
    fps: int
    bitrate_bps: int
    x264_preset: X264Preset = X264Preset.ULTRAFAST
    x264_slices: int = 1
    """Each is encoded by a thread of its own, with libx264."""

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Width, height, frame rate and slices: what no open encoder can change."""
        return self.width_px, self.height_px, self.fps, self.x264_slices


@dataclass(frozen=True, slots=True)
class EncoderKind:
    """A row of the table of encoders."""

    codec: VideoCodec
    options: Callable[[EncoderSettings], Mapping[str, str]]
    rate_in_place: bool
    """A new bitrate takes effect on the open context, without a keyframe."""


def h264_level(settings: EncoderSettings) -> str:
    """Return the lowest level that holds the picture at its rate: 3.2 for 720p60, 4.2 for 1080p60."""
    macroblocks = -(-settings.width_px // 16) * -(-settings.height_px // 16)
    for level, per_s, per_frame, bps in _LEVELS:
        if macroblocks <= per_frame and macroblocks * settings.fps <= per_s and settings.bitrate_bps <= bps:
            return level
    return _LEVELS[-1][0]


def buffer_bits(rate_bps: int, fps: int) -> int:
    """Return the size of the rate control's buffer."""
    return rate_bps * VBV_FRAMES // fps


def _libx264(settings: EncoderSettings) -> dict[str, str]:
    return _cbr(settings) | {
        "preset": settings.x264_preset.value,
        "tune": "zerolatency",
        "profile": "baseline",
        "level": h264_level(settings),
        "crf": str(X264_CRF),
        "bufsize": str(_x264_buffer_bits(settings, settings.bitrate_bps)),
        "x264-params": f"scenecut=0:sliced-threads=1:slices={settings.x264_slices}",
    }


def _x264_buffer_bits(settings: EncoderSettings, rate_bps: int) -> int:
    least = int(settings.width_px * settings.height_px * X264_BUFFER_BITS_PER_PX)
    return max(buffer_bits(rate_bps, settings.fps), least)


def _nvenc(settings: EncoderSettings) -> dict[str, str]:
    return _cbr(settings) | {
        "preset": "p1", "tune": "ull", "zerolatency": "1", "delay": "0", "rc": "cbr", "forced-idr": "1",
        "profile": "baseline", "level": h264_level(settings),
    }  # fmt: skip


def _qsv(settings: EncoderSettings) -> dict[str, str]:
    return _cbr(settings) | {
        "preset": "veryfast", "async_depth": "1", "low_delay_brc": "1", "forced_idr": "1", "profile": "baseline",
    }  # fmt: skip


def _amf(settings: EncoderSettings) -> dict[str, str]:
    return _cbr(settings) | {
        "usage": "ultralowlatency", "quality": "speed", "rc": "cbr", "forced_idr": "1",
        "profile": "constrained_baseline",
    }  # fmt: skip


def _libvpx(settings: EncoderSettings) -> dict[str, str]:
    return _cbr(settings) | {
        "deadline": "realtime", "cpu-used": "-8", "lag-in-frames": "0", "auto-alt-ref": "0", "error-resilient": "1",
        "minrate": str(settings.bitrate_bps), "undershoot-pct": "100",
    }  # fmt: skip


def _cbr(settings: EncoderSettings) -> dict[str, str]:
    rate = settings.bitrate_bps
    return {"maxrate": str(rate), "bufsize": str(buffer_bits(rate, settings.fps))}


ENCODERS: Mapping[str, EncoderKind] = {
    "h264_nvenc": EncoderKind(
        VideoCodec.H264, _nvenc, rate_in_place=False
    ),  # its wrapper makes an IDR of each change
    "h264_qsv": EncoderKind(VideoCodec.H264, _qsv, rate_in_place=False),
    "h264_amf": EncoderKind(VideoCodec.H264, _amf, rate_in_place=False),
    "libx264": EncoderKind(VideoCodec.H264, _libx264, rate_in_place=True),
    "libvpx": EncoderKind(VideoCodec.VP8, _libvpx, rate_in_place=False),
}
"""Best first; hardware is there only if it opens (``opens``)."""


class OpenEncoder:
    """An encoder context with its colour conversion; used by one thread at a time, freed with its last reference."""

    def __init__(self, name: str, settings: EncoderSettings) -> None:
        """Open.

        Raises:
            WireError: ``no_capability`` if FFmpeg cannot open this encoder here.
        """
        kind = ENCODERS.get(name)
        if kind is None:
            raise WireError(Reason.NO_CAPABILITY, f"unknown encoder {name}")
        self.name = name
        self.settings = settings
        self.bitrate_bps = settings.bitrate_bps
        self._kind = kind
        self._reformatter = VideoReformatter()
        self._flags = FrameFlags(settings.width_px, settings.height_px) if name == "libvpx" else None
        try:
            self._context = _context(name, kind, settings)
            self._context.open()
        except (av.error.FFmpegError, ValueError) as error:
            raise WireError(Reason.NO_CAPABILITY, f"{name} does not open: {error}") from error

    def convert(self, pixels: memoryview, width: int, height: int) -> VideoFrame:
        """Return a picture's private copy in the encoder's size and colours; odd edges are cut: 4:2:0 has none.

        Chroma is averaged: taking every other pixel instead saves another 0.2 ms of a 720p picture, and aliases fine
        patterns so much that libx264 loses 0.7 dB of luma on the hard card at the same bitrate.

        Args:
            pixels: ``height`` rows of ``width`` BGRX pixels, read once and not kept.
            width: At least 2.
            height: At least 2.

        Raises:
            WireError: ``internal`` if there is no memory for it.
        """
        rows = np.frombuffer(pixels, np.uint8).reshape(height, width, 4)[: height & ~1, : width & ~1]
        h264 = self._kind.codec is VideoCodec.H264
        try:
            return self._reformatter.reformat(
                VideoFrame.from_numpy_buffer(np.ascontiguousarray(rows), "bgra"),
                self.settings.width_px,
                self.settings.height_px,
                "yuv420p",
                dst_colorspace=Colorspace.ITU709 if h264 else Colorspace.ITU601,
                dst_color_range=ColorRange.MPEG,
                interpolation=_CHROMA,
                threads=1,
            )
        except (av.error.FFmpegError, MemoryError, ValueError) as error:
            raise WireError(Reason.INTERNAL, f"a {width}x{height} picture cannot be converted: {error}") from error

    @property
    def chooses_references(self) -> bool:
        """Whether ``encode`` heeds its ``reference_flags``."""
        return self._flags is not None

    def encode(
        self, picture: VideoFrame, pts: int, *, keyframe: bool, reference_flags: int = 0
    ) -> tuple[bytes, bool]:
        """Encode; return the access unit and whether it is a keyframe.

        Args:
            picture: Made by ``convert``; may be encoded again later.
            pts: 90 kHz, greater than that of the picture before.
            keyframe: Make this one a keyframe, with its parameter sets.
            reference_flags: libvpx's VP8_EFLAG_* bits; 0 leaves the references to the encoder.

        Raises:
            WireError: ``internal`` if the encoder fails or holds the picture back.
        """
        picture.pts = pts
        picture.time_base = self._context.time_base
        picture.pict_type = PictureType.I if keyframe else PictureType.NONE
        try:
            if reference_flags and self._flags is not None:
                picture = self._flags.mark(picture, reference_flags)
            packets = self._context.encode(picture)
        except av.error.FFmpegError as error:
            raise WireError(Reason.INTERNAL, f"{self.name}: {error}") from error
        if len(packets) != 1:
            raise WireError(Reason.INTERNAL, f"{self.name} gave {len(packets)} packets for a picture")
        return bytes(packets[0]), bool(packets[0].is_keyframe)

    def set_bitrate(self, bitrate_bps: int) -> bool:
        """Change the rate of the open context; return False if only a new one can have it."""
        if not self._kind.rate_in_place:
            return False
        rates = {"max_bit_rate": bitrate_bps, "rc_buffer_size": _x264_buffer_bits(self.settings, bitrate_bps)}
        try:
            for name, value in rates.items():
                setattr(self._context, name, value)
        except AttributeError:  # PyAV before 19 cannot write them
            return False
        self.bitrate_bps = bitrate_bps
        return True


def _context(name: str, kind: EncoderKind, settings: EncoderSettings) -> VideoCodecContext:
    context = av.CodecContext.create(name, "w")
    assert isinstance(context, VideoCodecContext)
    context.width, context.height = settings.width_px, settings.height_px
    context.pix_fmt = "yuv420p"
    context.time_base = Fraction(1, RTP_VIDEO_CLOCK_HZ)
    context.framerate = Fraction(settings.fps)
    context.bit_rate = settings.bitrate_bps
    context.gop_size = NO_KEYFRAMES_GOP
    context.max_b_frames = 0
    context.thread_count = settings.x264_slices
    matrix = _BT709 if kind.codec is VideoCodec.H264 else _BT601
    context.color_range = ColorRange.MPEG
    context.color_primaries = context.color_trc = context.colorspace = matrix
    context.options = dict(kind.options(settings))
    return context


def opens(name: str, settings: EncoderSettings) -> bool:
    """Return whether an encoder really encodes a picture here; a driver that is missing shows only then."""
    try:
        encoder = OpenEncoder(name, settings)
        black = memoryview(bytes(settings.width_px * settings.height_px * 4))
        return encoder.encode(encoder.convert(black, settings.width_px, settings.height_px), 0, keyframe=True)[1]
    except WireError:
        return False
