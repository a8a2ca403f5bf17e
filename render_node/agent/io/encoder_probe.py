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
import numpy as np
from numpy.typing import NDArray

from render_node.session.io.encoders import EncoderSettings, OpenEncoder
from render_node.session.media import RTP_VIDEO_CLOCK_HZ
from wire.errors import WireError
from wire.worker_control import X264Preset

WIDTH_PX, HEIGHT_PX, FPS = 1280, 720, 60
BITRATE_BPS = 8_000_000
WARM_UP_FRAMES, TIMED_FRAMES = 4, 24
SOFTWARE = "libx264"
ON_THIS_THREAD = (SOFTWARE, "libvpx")


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


def measure(name: str, frames: int, preset: X264Preset = X264Preset.ULTRAFAST) -> float:
    """Return the median time to convert and encode one frame, in milliseconds, the first frames left out.

    Software with one thread runs in this thread, so its processor time is taken: what else the machine does in this
    moment must not shape a figure that is kept. Hardware works elsewhere and is timed by the clock.

    Raises:
        WireError: the encoder does not open, fails or holds frames back.
    """
    clock = time.thread_time if name in ON_THIS_THREAD else time.perf_counter
    encoder = OpenEncoder(name, EncoderSettings(WIDTH_PX, HEIGHT_PX, FPS, BITRATE_BPS, preset))
    times_ms = []
    for index, pixels in zip(range(WARM_UP_FRAMES + frames), hard_frames(), strict=False):
        began = clock()
        picture = encoder.convert(pixels.data, WIDTH_PX, HEIGHT_PX)
        encoder.encode(picture, index * RTP_VIDEO_CLOCK_HZ // FPS, keyframe=index == 0)
        times_ms.append((clock() - began) * 1000.0)
    return statistics.median(times_ms[WARM_UP_FRAMES:])


def probe(names: list[str]) -> dict[str, Any]:
    """Return which encoders open, what they take per frame, and why the others do not."""
    opened: list[str] = []
    encode_ms: dict[str, float] = {}
    refused: dict[str, str] = {}
    for name in names:
        try:
            if name == SOFTWARE:
                encode_ms |= {preset.value: measure(name, TIMED_FRAMES, preset) for preset in X264Preset}
            else:
                encode_ms[name] = measure(name, TIMED_FRAMES)
        except WireError as error:
            refused[name] = error.detail
        else:
            opened.append(name)
    return {"opened": opened, "encode_ms": encode_ms, "refused": refused}


if __name__ == "__main__":
    av.logging.set_level(None)
    json.dump(probe(sys.argv[1:]), sys.stdout)
