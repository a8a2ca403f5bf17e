"""Measures H.264 encoders by opening them and encoding hard content; runs as a process of its own.

A hardware encoder's library may crash where its driver is half there, and its threads must not live in the agent,
so the agent runs ``python -m render_node.agent.io.encoder_probe ENCODER...`` and reads one JSON object.

The content is what the latency figures are stated for: scrolling tiles, 40 sprites, 300 particles.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Iterator
from typing import Any

import av
import av.error
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter
from numpy.typing import NDArray

WIDTH_PX, HEIGHT_PX, FPS = 1280, 720, 60
BITRATE_BPS = 8_000_000
OPEN_FRAMES = 3
"""Frames that a hardware encoder must deliver to count as open."""
WARM_UP_FRAMES, TIMED_FRAMES = 4, 24
SOFTWARE_PRESETS = ("ultrafast", "superfast")
SOFTWARE = "libx264"


def hard_frames() -> Iterator[NDArray[np.uint8]]:
    """Yield BGRX pictures ``(720, 1280, 4)`` for ever; each is borrowed until the next."""
    random = np.random.default_rng(1)
    tiles = np.kron(
        random.integers(0, 256, (HEIGHT_PX // 20, WIDTH_PX // 20, 4), np.uint8), np.ones((20, 20, 1), np.uint8)
    )
    tiles = (tiles // 2 + random.integers(0, 96, tiles.shape, np.uint8)).astype(np.uint8)
    sprites = random.integers(0, 256, (40, 32, 32, 4), np.uint8)
    at = random.integers(0, (HEIGHT_PX - 32, WIDTH_PX - 32), (40, 2))
    speed = random.integers(-6, 7, (40, 2))
    picture = np.empty((HEIGHT_PX, WIDTH_PX, 4), np.uint8)
    for tick in range(sys.maxsize):
        shift = tick * 3 % WIDTH_PX
        picture[:, : WIDTH_PX - shift] = tiles[:, shift:]
        picture[:, WIDTH_PX - shift :] = tiles[:, :shift]
        at = (at + speed) % (HEIGHT_PX - 32, WIDTH_PX - 32)
        for sprite, (y, x) in zip(sprites, at, strict=True):
            picture[y : y + 32, x : x + 32] = sprite
        rows, columns = random.integers(0, HEIGHT_PX - 3, 300), random.integers(0, WIDTH_PX - 3, 300)
        for dy in range(3):
            for dx in range(3):
                picture[rows + dy, columns + dx] = 255
        yield picture


def open_encoder(name: str, options: dict[str, str]) -> Any:
    """Return an open encoder context set up like a session's rung."""
    context: Any = av.CodecContext.create(name, "w")
    context.width, context.height, context.pix_fmt = WIDTH_PX, HEIGHT_PX, "yuv420p"
    context.framerate, context.bit_rate = FPS, BITRATE_BPS
    context.gop_size, context.max_b_frames, context.thread_count = 2**30, 0, 1
    context.options = {"maxrate": str(BITRATE_BPS), "bufsize": str(BITRATE_BPS * 3 // FPS), **options}
    context.open()
    return context


def measure(name: str, options: dict[str, str], frames: int) -> list[float]:
    """Return convert and encode times in milliseconds, the first frames left out.

    Raises:
        av.error.FFmpegError: the encoder does not open or stops.
        ValueError: frames went missing.
    """
    context = open_encoder(name, options)
    reformatter = VideoReformatter()
    times_ms, packets = [], 0
    for index, pixels in zip(range(frames), hard_frames(), strict=False):
        began = time.perf_counter()
        source = av.VideoFrame.from_numpy_buffer(pixels, "bgra")
        frame = reformatter.reformat(
            source, format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG,
            interpolation=Interpolation.POINT, threads=1,
        )  # fmt: skip
        frame.pts = index
        packets += len(context.encode(frame))
        times_ms.append((time.perf_counter() - began) * 1000.0)
    packets += len(context.encode(None))
    if packets < frames:
        raise ValueError(f"{packets} packets came out for {frames} frames")
    return times_ms[min(WARM_UP_FRAMES, frames - 1) :]


def probe(names: list[str]) -> dict[str, Any]:
    """Return which encoders open, what they take per frame, and why the others do not."""
    opened, encode_ms, refused = [], {}, {}
    for name in names:
        try:
            if name == SOFTWARE:
                for preset in SOFTWARE_PRESETS:
                    options = {"preset": preset, "tune": "zerolatency"}
                    encode_ms[preset] = statistics.median(measure(name, options, WARM_UP_FRAMES + TIMED_FRAMES))
            else:
                measure(name, {}, OPEN_FRAMES)
                encode_ms[name] = statistics.median(measure(name, {}, WARM_UP_FRAMES + TIMED_FRAMES))
        except (av.error.FFmpegError, ValueError, OSError) as error:
            refused[name] = str(error)
        else:
            opened.append(name)
    return {"opened": opened, "encode_ms": encode_ms, "refused": refused}


if __name__ == "__main__":
    av.logging.set_level(None)
    json.dump(probe(sys.argv[1:]), sys.stdout)
