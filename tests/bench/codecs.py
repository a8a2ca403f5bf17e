"""``python -m tests.bench.codecs``: what each codec's fastest software encoder takes and gives on the hard card.

Every encoder gets the same 720p60 pictures one by one at 4 Mbit/s, with one thread where it can do with one, no frame
held back, and a keyframe only at the start. Times are conversion apart.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import av
import numpy as np
from av.video.codeccontext import VideoCodecContext
from av.video.reformatter import VideoReformatter

from tests.bench.reading import Spread
from tests.bench.tables import Table, as_markdown
from tests.support.card_source import FPS, HEIGHT, WIDTH, CardKey
from tests.support.offline_encoder import CLOCK_HZ, VBV_FRAMES, to_yuv
from tests.support.psnr import SourceCard, luma_of, psnr_db

BPS = 4_000_000
FRAMES = 240
WARM_FRAMES = 60
"""Left out of all figures: the rate control finds its level."""
COMPARED_EVERY = 6
STEP_FRAMES, STEP_SETTLE_FRAMES = 120, 60
"""Encoded after the rate was halved on the open encoder, and of these left out at first."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An encoder and how it is set up."""

    encoder: str
    setting: str
    options: Mapping[str, str]
    decoder: str


@dataclass(frozen=True, slots=True)
class CodecReading:
    """What one encoder took and gave."""

    cpu_ms: float
    """CPU milliseconds of all its threads per frame."""
    wall_ms: Spread
    """From picture to packet."""
    held: int
    """Most pictures that it kept at a time, none being its packet yet."""
    bps: float
    largest: float
    """Frame over the mean."""
    halved_bps: float
    """After the rate was halved on the open encoder; NaN before PyAV 19, which cannot write it."""
    psnr_db: float
    """Mean luma PSNR."""


def _x264(preset: str) -> Candidate:
    kilobits = BPS // 1000
    options = {
        "preset": preset, "tune": "zerolatency", "profile": "baseline", "threads": "1",
        "x264-params": f"scenecut=0:vbv-maxrate={kilobits}:vbv-bufsize={kilobits * VBV_FRAMES // FPS}",
    }  # fmt: skip
    return Candidate("libx264", preset, options, "h264")


def _x265(preset: str) -> Candidate:
    kilobits = BPS // 1000
    parameters = (
        "log-level=error:pools=none:frame-threads=1:scenecut=0:keyint=-1:"
        f"vbv-maxrate={kilobits}:vbv-bufsize={kilobits * VBV_FRAMES // FPS}"
    )
    return Candidate("libx265", preset, {"preset": preset, "tune": "zerolatency", "x265-params": parameters}, "hevc")


def _svt_av1(preset: int) -> Candidate:
    parameters = "rtc=1:pred-struct=1:lookahead=0:rc=2:lp=1:scd=0"
    return Candidate(
        "libsvtav1", f"preset {preset}, low delay", {"preset": str(preset), "svtav1-params": parameters}, "libdav1d"
    )


def _libvpx(encoder: str, speed: int, decoder: str) -> Candidate:
    options = {
        "deadline": "realtime", "cpu-used": str(speed), "lag-in-frames": "0", "auto-alt-ref": "0",
        "minrate": str(BPS), "maxrate": str(BPS),
    }  # fmt: skip
    return Candidate(encoder, f"realtime {speed}", options, decoder)


CANDIDATES = (
    _x264("ultrafast"),
    _x264("superfast"),
    _libvpx("libvpx", -8, "vp8"),
    _libvpx("libvpx-vp9", 8, "vp9"),
    _x265("ultrafast"),
    _svt_av1(13),
    _svt_av1(11),
)


def measure(candidate: Candidate, pictures: Sequence[av.VideoFrame], source: SourceCard) -> CodecReading:
    """Encode all pictures in one go, then look at some of them.

    Raises:
        av.error.FFmpegError: the encoder does not open here.
    """
    context = _context(candidate)
    waits_ms: list[float] = []
    packets: list[bytes] = []
    held, cpu_s = 0, 0.0
    for index, picture in enumerate(pictures[:FRAMES]):
        if index == WARM_FRAMES:
            cpu_s = time.process_time()
        begun_s = time.perf_counter()
        packets += map(bytes, context.encode(picture))
        waits_ms.append((time.perf_counter() - begun_s) * 1000)
        held = max(held, index + 1 - len(packets))
    cpu_s = time.process_time() - cpu_s
    sizes = list(map(len, packets[WARM_FRAMES:]))
    told = _set_rate(context, BPS // 2)
    for picture in pictures[FRAMES:]:
        packets += map(bytes, context.encode(picture))
    packets += map(bytes, context.encode(None))
    lower = list(map(len, packets[FRAMES + STEP_SETTLE_FRAMES :]))
    return CodecReading(
        cpu_ms=cpu_s * 1000 / (FRAMES - WARM_FRAMES),
        wall_ms=Spread.of(waits_ms[WARM_FRAMES:]),
        held=held,
        bps=_bps(sizes),
        largest=max(sizes) * len(sizes) / sum(sizes),
        halved_bps=_bps(lower) if told else math.nan,
        psnr_db=_psnr_db(candidate.decoder, packets, source),
    )


def _bps(sizes: Sequence[int]) -> float:
    return sum(sizes) * 8 * FPS / len(sizes)


def _set_rate(context: VideoCodecContext, bps: int) -> bool:
    rates = {"bit_rate": bps, "max_bit_rate": bps, "rc_buffer_size": bps * VBV_FRAMES // FPS}
    try:
        for name, value in rates.items():
            setattr(context, name, value)
    except AttributeError:
        return False
    return True


def _context(candidate: Candidate) -> VideoCodecContext:
    context = av.CodecContext.create(candidate.encoder, "w")
    assert isinstance(context, VideoCodecContext)
    context.width, context.height, context.pix_fmt = WIDTH, HEIGHT, "yuv420p"
    context.time_base, context.framerate = Fraction(1, CLOCK_HZ), Fraction(FPS)
    context.bit_rate, context.gop_size, context.max_b_frames, context.thread_count = BPS, 1_000_000, 0, 1
    context.options = dict(candidate.options)
    context.open()
    return context


def _psnr_db(decoder: str, packets: Sequence[bytes], source: SourceCard) -> float:
    context = av.CodecContext.create(decoder, "r")
    assert isinstance(context, VideoCodecContext)
    shown = [picture for data in packets for picture in context.decode(av.Packet(data))]
    shown += context.decode(None)
    assert len(shown) == FRAMES + STEP_FRAMES, f"{len(shown)} pictures were decoded"
    compared = range(WARM_FRAMES, FRAMES, COMPARED_EVERY)
    return float(np.mean([psnr_db(luma_of(shown[number]), source.luma(CardKey(number))) for number in compared]))


def hard_pictures(source: SourceCard) -> list[av.VideoFrame]:
    """Return the pictures that all encoders get."""
    reformatter = VideoReformatter()
    pictures = []
    for number in range(FRAMES + STEP_FRAMES):
        picture = to_yuv(source.frame(CardKey(number)), reformatter)
        picture.pts, picture.time_base = number * CLOCK_HZ // FPS, Fraction(1, CLOCK_HZ)
        pictures.append(picture)
    return pictures


def row(candidate: Candidate, reading: CodecReading) -> list[str]:
    """Return one line of the table."""
    return [
        candidate.encoder, candidate.setting, f"{reading.cpu_ms:.2f}",
        f"{reading.wall_ms.p50:.2f} / {reading.wall_ms.p99:.2f}", str(reading.held), f"{reading.bps / 1e6:.2f}",
        f"{reading.largest:.2f}", f"{reading.halved_bps / 1e6:.2f}", f"{reading.psnr_db:.2f}",
    ]  # fmt: skip


def main() -> None:
    """Run the bench."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--encoder", action="append", help="measure this one; may be given again")
    chosen = parser.parse_args()
    source = SourceCard(hard=True)
    pictures = hard_pictures(source)
    table: Table = [
        [
            "encoder",
            "setting",
            "CPU ms",
            "wall ms p50 / p99",
            "pictures held back",
            "Mbit/s",
            "largest frame / mean",
            "Mbit/s halved",
            "luma PSNR dB",
        ]
    ]
    for candidate in CANDIDATES:
        if chosen.encoder is None or candidate.encoder in chosen.encoder:
            try:
                table.append(row(candidate, measure(candidate, pictures, source)))
            except av.error.FFmpegError as error:
                print(f"{candidate.encoder} {candidate.setting}: {error}", file=sys.stderr)
    print(as_markdown(table))


if __name__ == "__main__":
    main()
