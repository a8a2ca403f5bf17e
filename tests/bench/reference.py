"""Two references that say how fast this machine is at this moment."""

from __future__ import annotations

import subprocess
import sys
import time
from fractions import Fraction
from pathlib import Path

import av
from av.video.reformatter import VideoReformatter
from playwright.async_api import Browser, Route

from tests.bench.measure import PRESSES, SETTLE_S
from tests.bench.reading import Spread
from tests.support.card_source import FPS, CardKey
from tests.support.chromium import play_page
from tests.support.deadlines import until
from tests.support.key_presses import timed_presses
from tests.support.offline_encoder import CardEncoder, to_yuv
from tests.support.psnr import SourceCard

FRAMES = 180
WARM_FRAMES = 30
FLOOR_URL = "http://localhost/floor"
FLOOR_PAGE = Path(__file__).parent / "floor.html"


def superfast_ms() -> float:
    """Return the CPU milliseconds of libx264 superfast for a frame of the hard test card, conversion apart.

    Two processes take it at once: the streams are measured beside a browser that decodes, and an encoder alone on the
    machine has more of its caches and memory (3.1 instead of 4.0 ms on one of two cores).
    """
    command = [sys.executable, "-m", "tests.bench.reference"]
    pair = [subprocess.Popen(command, stdout=subprocess.PIPE) for _ in range(2)]
    return sum(float(process.communicate()[0]) for process in pair) / len(pair)


def _superfast_ms() -> float:
    source, reformatter, encoder = SourceCard(hard=True), VideoReformatter(), CardEncoder("superfast")
    pictures: list[av.VideoFrame] = []
    for number in range(FRAMES):
        picture = to_yuv(source.frame(CardKey(number)), reformatter)
        picture.pts, picture.time_base = number * 90_000 // FPS, Fraction(1, 90_000)
        pictures.append(picture)
    for picture in pictures[:WARM_FRAMES]:
        encoder.context.encode(picture)
    started_s = time.process_time()
    for picture in pictures[WARM_FRAMES:]:
        encoder.context.encode(picture)
    return (time.process_time() - started_s) * 1000 / (FRAMES - WARM_FRAMES)


async def canvas_floor(browser: Browser, seed: int) -> Spread:
    """Return the probe's reading for a local canvas through a ``<video>`` element: nothing remote can be below it."""

    async def serve(route: Route) -> None:
        await route.fulfill(body=FLOOR_PAGE.read_text(), content_type="text/html")

    async with play_page(browser) as play:
        await play.page.route(FLOOR_URL, serve)
        await play.page.goto(FLOOR_URL)

        async def settled() -> bool:
            return bool(await play.page.evaluate(f"performance.now() > {SETTLE_S * 1000} && probe.frames.length > 0"))

        await until(settled, SETTLE_S + 5, "frames from the canvas")
        return Spread.of(await timed_presses(play, PRESSES, seed))


if __name__ == "__main__":
    print(_superfast_ms())
