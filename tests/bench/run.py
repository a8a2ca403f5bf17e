"""``python -m tests.bench.run``: our stream and three baselines in one run, judged by the bars of ``gates.py``.

Broker, node, title and a real headless Chromium share this machine. Each round plays every stream for some twenty
seconds, one after the other, in an order that turns from round to round, so that drift of the machine does not always
hit the same stream.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import re
import sys
import tempfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeAlias

import psutil
from av.video.reformatter import Colorspace
from playwright.async_api import Browser

from tests.bench import report
from tests.bench.gates import FARPLAY, NEIGHBOUR_CORES, Run, bars
from tests.bench.measure import measure
from tests.bench.reading import NoPicture, Reading
from tests.bench.reference import canvas_floor, superfast_ms
from tests.bench.streams import HARD_TITLE, baseline, farplay_up
from tests.support.chromium import PlayPage, chromium, play_page
from tests.support.deadlines import until
from tests.support.farplay_process import FarplayProcess, role_of

BASELINES = ("our_packets", "stock_vp8", "stock_h264")
ROLES = ("broker", "node", "fork_server", "worker", "title")
DEFAULT_FOLDER = Path("bench-results")

MeasurePeer: TypeAlias = Callable[[Browser, str, Path, int], Awaitable[Reading]]
"""Measures a stream of another project: by its name, with an empty folder for what it writes and a seed."""


async def click_to_first_frame(play: PlayPage, up: FarplayProcess) -> float:
    """Choose the hard card on the home page; return milliseconds from the click to the first shown frame."""
    await play.page.goto(up.url)
    await play.page.locator(f'a[href*="/play/{HARD_TITLE}"]').first.click()
    await play.probe.until_playing()
    first_ms, clicked_ms = await play.page.evaluate("[probe.firstFrameAt, probe.clickedAt]")
    return float(first_ms) - float(clicked_ms)


async def end_session(play: PlayPage) -> None:
    """End the session, and wait until it has ended."""

    async def ended() -> bool:
        return bool(
            await play.page.evaluate(
                """async () => {
                    const { sessions } = await (await fetch("/api/v1/sessions")).json();
                    const live = sessions.filter((each) => each.state !== "ended");
                    for (const each of live) await fetch(`/api/v1/sessions/${each.session_id}`, { method: "DELETE" });
                    return live.length === 0;
                }"""
            )
        )

    await until(ended, 10, "the session's end")


def preset_of(folder: Path) -> str:
    """Return the x264 preset that the node chose, from its log."""
    log = (folder / "data" / "logs" / "node.log").read_text()
    found = re.search(r'"preset": "(ultrafast|superfast)"', log)
    assert found, "the node's log names no preset"
    return found.group(1)


async def measure_farplay(browser: Browser, folder: Path, seed: int) -> tuple[Reading, dict[str, float], str]:
    """Measure our stream; return its reading, cold and warm first frames, and the preset."""
    first_frame: dict[str, float] = {}
    with farplay_up(folder) as up:
        async with play_page(browser) as play:
            await play.page.goto(up.ready["owner_url"])
            await until(lambda: play.page.evaluate("!location.hash"), 10, "the owner's sign-in")
            first_frame["cold"] = await click_to_first_frame(play, up)
            await end_session(play)
            first_frame["warm"] = await click_to_first_frame(play, up)
            preset = preset_of(folder)
            reading = await measure(
                play, FARPLAY, _groups(up.descendants()), seed=seed, colorspace=Colorspace.ITU709, preset=preset
            )
            await end_session(play)
    return reading, first_frame, preset


def _groups(processes: Sequence[psutil.Process]) -> Mapping[str, Sequence[psutil.Process]]:
    return {role: [each for each in processes if role_of(each) == role] for role in ROLES}


async def measure_baseline(browser: Browser, kind: str, seed: int) -> Reading:
    """Measure one baseline."""
    ours = kind == "our_packets"
    with baseline(kind) as (url, process):
        async with play_page(browser) as play:
            await play.page.goto(url)
            return await measure(
                play, kind, {"server": [process]}, seed=seed, preset="ultrafast" if ours else None,
                colorspace=Colorspace.ITU709 if ours else Colorspace.ITU601,
            )  # fmt: skip


async def one_run(index: int, folder: Path, peers: Mapping[str, MeasurePeer], tries: int = 1) -> Run:
    """Measure everything once.

    Args:
        index: Of the run; turns the order of the streams and seeds the presses.
        folder: Empty; taken for what the streams write.
        peers: Streams of other projects, measured beside ours and the baselines.
        tries: A stream that a neighbour disturbed is measured again up to this often; the last reading stands.
    """
    readings: dict[str, Reading] = {}
    missing: dict[str, str] = {}
    first_frame: dict[str, float] = {}
    preset = ""
    streams = (FARPLAY, *peers, *BASELINES)
    async with chromium() as browser:
        floor = await canvas_floor(browser, index)
    turns = [streams[(turn + index) % len(streams)] for turn in range(len(streams))]
    for stream, again in itertools.product(turns, range(tries)):
        if again and (stream in missing or readings[stream].neighbour_cores <= NEIGHBOUR_CORES):
            continue
        place = folder / f"{stream}-{again}"
        place.mkdir()
        try:
            async with chromium() as browser:
                if stream == FARPLAY:
                    readings[stream], first_frame, preset = await measure_farplay(browser, place, index)
                elif stream in peers:
                    readings[stream] = await peers[stream](browser, stream, place, index)
                else:
                    readings[stream] = await measure_baseline(browser, stream, index)
        except NoPicture as error:
            missing[stream] = str(error)
            readings.pop(stream, None)
        print(f"run {index + 1} {stream}: {_in_words(readings.get(stream))}", file=sys.stderr)
    ordered = {stream: readings[stream] for stream in streams if stream in readings}
    return Run(ordered, superfast_ms(), floor.p50, first_frame, preset, missing)


def _in_words(reading: Reading | None) -> str:
    if reading is None:
        return "no picture"
    return (f"p50 {reading.visible_ms.p50:.1f} ms, {reading.shown_fps:.1f} fps shown, "
            f"{reading.media_bps / 1e6:.2f} Mbit/s, neighbours {reading.neighbour_cores:.2f} core")  # fmt: skip


async def main() -> int:
    """Run the bench; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="the median of these is judged")
    parser.add_argument("--out", type=Path, default=DEFAULT_FOLDER, help="folder for JSON, tables and plot")
    chosen = parser.parse_args()
    runs = []
    for index in range(chosen.runs):
        with tempfile.TemporaryDirectory(prefix="farplay-bench-") as folder:
            runs.append(await one_run(index, Path(folder), {}))
    return 0 if report.write(runs, chosen.out, "bench", bars) else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
