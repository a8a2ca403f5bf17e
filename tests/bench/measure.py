"""Measures a playing page: the same steps for our stream and for each baseline."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

import psutil
from av.video.reformatter import Colorspace

from tests.bench.neighbours import NeighbourMeter
from tests.bench.reading import Reading, Spread, Usage
from tests.support.card_source import HEIGHT, WIDTH
from tests.support.chromium import PlayPage
from tests.support.key_presses import timed_presses
from tests.support.page_probe import ShownFrame
from tests.support.psnr import SourceCard, offline_psnr_db, shown_psnr_db

SETTLE_S = 3.0
"""From the first frame until readings start: the rate control and the jitter buffer find their level."""
PRESSES = 100
LUMA_FRAMES = 20
LUMA_EVERY_MS = 100


class UsageMeter:
    """CPU and memory of named groups of processes between construction and `read`."""

    def __init__(self, groups: Mapping[str, Sequence[psutil.Process]]) -> None:
        self._groups = groups
        self._started_s = time.perf_counter()
        self._before = {name: sum(map(_cpu_s, processes)) for name, processes in groups.items()}

    def read(self) -> dict[str, Usage]:
        """Return the usage of each group."""
        seconds = time.perf_counter() - self._started_s
        return {
            name: Usage(
                (sum(map(_cpu_s, processes)) - self._before[name]) / seconds,
                sum(each.memory_full_info().uss for each in processes) / 2**20,
            )
            for name, processes in self._groups.items()
        }


def _cpu_s(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


async def measure(
    play: PlayPage,
    stream: str,
    groups: Mapping[str, Sequence[psutil.Process]],
    *,
    seed: int,
    colorspace: Colorspace,
    preset: str | None = None,
) -> Reading:
    """Read one playing page.

    Args:
        play: A page with the probe in it, its stream started.
        stream: Name for the tables.
        groups: Processes whose usage is read, by role.
        seed: Of the gaps between presses.
        colorspace: Matrix that the stream's luma was made with.
        preset: x264 preset to compare the picture with offline; None where the encoder is not ours.
    """
    await play.probe.until_playing()
    await asyncio.sleep(SETTLE_S)
    before = await play.probe.video()
    start_ms = await play.probe.now_ms()
    meter, neighbours = UsageMeter(groups), NeighbourMeter()
    latencies = await timed_presses(play, PRESSES, seed)
    usage, neighbour_cores = meter.read(), neighbours.read()
    after = await play.probe.video()
    frames = await play.probe.frames(start_ms)
    stages = await read_stages(play)
    shown = await play.probe.read_luma(LUMA_FRAMES, LUMA_EVERY_MS)
    source = SourceCard(hard=True, colorspace=colorspace)
    # A busy machine makes the stream smaller; there is no source to compare such a picture with.
    whole = [luma for luma in shown if luma.shape == (HEIGHT, WIDTH)]
    psnr, keys = shown_psnr_db(whole, source) if whole else (float("nan"), [])
    seconds = (after["timestamp"] - before["timestamp"]) / 1000
    return Reading(
        stream=stream,
        visible_ms=Spread.of(latencies),
        presses=PRESSES,
        decoded_fps=_change(before, after, "framesDecoded") / seconds,
        shown_fps=_distinct(frames) / _span_s(frames),
        rendered_fps=_rendered(frames),
        media_bps=_change(before, after, "bytesReceived") * 8 / seconds,
        width=int(after["frameWidth"]),
        height=int(after["frameHeight"]),
        codec=str(after["mimeType"]),
        jitter_buffer_ms=1000 * _share(before, after, "jitterBufferDelay", "jitterBufferEmittedCount"),
        decode_ms=1000 * _share(before, after, "totalDecodeTime", "framesDecoded"),
        psnr_db=psnr,
        neighbour_cores=neighbour_cores,
        offline_psnr_db=offline_psnr_db(keys, source, preset) if preset and keys else None,
        stages_ms=stages,
        usage=usage,
    )


async def read_stages(play: PlayPage) -> dict[str, Spread]:
    """Return the page's own figures by stage, where the page has them."""
    text = await play.page.evaluate("JSON.stringify(window.farplay?.stats?.() ?? null)")
    stats: dict[str, Any] = json.loads(text) or {}
    return {
        name: Spread(stage["p50"], stage["p95"], stage["p99"], int(stage.get("count", 0)))
        for name, stage in stats.get("stages", {}).items()
    }


def _change(before: Mapping[str, Any], after: Mapping[str, Any], name: str) -> float:
    return float(after[name]) - float(before[name])


def _share(before: Mapping[str, Any], after: Mapping[str, Any], total: str, count: str) -> float:
    if total not in after:
        return float("nan")
    return _change(before, after, total) / max(1.0, _change(before, after, count))


def _span_s(frames: Sequence[ShownFrame]) -> float:
    return (frames[-1].at_ms - frames[0].at_ms) / 1000


def _distinct(frames: Sequence[ShownFrame]) -> int:
    return len({frame.number for frame in frames if frame.number is not None})


def _rendered(frames: Sequence[ShownFrame]) -> float:
    legible = [frame for frame in frames if frame.number is not None]
    numbers = [frame.number for frame in legible if frame.number is not None]
    return (numbers[-1] - numbers[0]) / _span_s(legible)
