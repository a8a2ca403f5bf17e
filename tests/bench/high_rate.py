"""``python -m tests.bench.high_rate``: a title of 120 frames per second, on displays of 60 and 120 Hz.

Broker, node, title and a real headless Chromium share this machine. A headless browser refreshes 60 times a second,
so the page is told of a faster display by a clock of the bench's own; what it then receives and decodes is real.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil
from playwright.async_api import Browser, StorageState

from tests.bench.gates import Gate
from tests.bench.measure import UsageMeter, read_stages
from tests.bench.reading import Spread
from tests.bench.reference import superfast_ms
from tests.bench.run import end_session
from tests.bench.streams import card_title, farplay_up
from tests.bench.tables import Table, as_markdown, as_text, gate_table
from tests.support.chromium import chromium, play_page
from tests.support.farplay_process import FarplayProcess, role_of
from tests.support.player import play_title, sign_in

TITLE, FPS = "fastcard", 120
SETTLE_S = 15.0
"""A faster display is found out within a second or two, and tried after five."""
DISPLAY_JS = """(() => {
    const period = 1000 / %d;
    let at = performance.now();
    window.requestAnimationFrame = (call) => setTimeout(() => call((at += period)), period);
})()"""


@dataclass(frozen=True, slots=True)
class RateReading:
    """One display."""

    display: str
    decoded_fps: float
    sent_ms: Spread
    """From a captured picture to its last packet sent."""
    decode_ms: float
    jitter_buffer_ms: float
    worker_cores: float
    title_cores: float


async def read(
    browser: Browser, owner: StorageState, up: FarplayProcess, refresh_hz: int | None, seconds: float
) -> RateReading:
    """Play on a display of a rate, the browser's own for None."""
    async with play_page(browser, signed_in=owner) as play:
        if refresh_hz is not None:
            await play.page.add_init_script(DISPLAY_JS % refresh_hz)
        await play_title(play, up, TITLE)
        await asyncio.sleep(SETTLE_S)
        before, meter = await play.probe.video(), UsageMeter(_groups(up.descendants()))
        await asyncio.sleep(seconds)
        after, usage = await play.probe.video(), meter.read()
        stages = await read_stages(play)
        await end_session(play)

    def change(name: str) -> float:
        return float(after[name]) - float(before[name])

    frames = max(1.0, change("framesDecoded"))
    return RateReading(
        display="its own" if refresh_hz is None else f"{refresh_hz} Hz",
        decoded_fps=change("framesDecoded") * 1000 / change("timestamp"),
        sent_ms=stages["captured_to_sent"],
        decode_ms=1000 * change("totalDecodeTime") / frames,
        jitter_buffer_ms=1000 * change("jitterBufferDelay") / max(1.0, change("jitterBufferEmittedCount")),
        worker_cores=usage["worker"].cores,
        title_cores=usage["title"].cores,
    )


def _groups(processes: Sequence[psutil.Process]) -> Mapping[str, Sequence[psutil.Process]]:
    return {role: [each for each in processes if role_of(each) == role] for role in ("worker", "title")}


def table(readings: Sequence[RateReading]) -> Table:
    """Return one row for each display."""
    rows = [
        [
            "display", "decoded fps", "captured → sent p50 / p99 ms", "decode ms", "jitter buffer ms", "worker",
            "title, cores",
        ]
    ]  # fmt: skip
    for each in readings:
        sent = f"{each.sent_ms.p50:.1f} / {each.sent_ms.p99:.1f}"
        figures = (each.decode_ms, each.jitter_buffer_ms, each.worker_cores, each.title_cores)
        rows.append([each.display, f"{each.decoded_fps:.1f}", sent, *(f"{figure:.2f}" for figure in figures)])
    return rows


async def main() -> int:
    """Run the bench; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20, help="of each display, after it has settled")
    parser.add_argument("--size", default="640x360", help="of the card")
    parser.add_argument("--out", type=Path, default=Path("bench-results"), help="folder for the table")
    chosen = parser.parse_args()
    readings: list[RateReading] = []
    with tempfile.TemporaryDirectory(prefix="farplay-rate-") as name:
        folder = Path(name)
        title = card_title(folder, TITLE, ("--hard", "--size", chosen.size), FPS)
        with farplay_up(folder, titles=(title,)) as up:
            async with chromium() as browser:
                owner = await sign_in(browser, up)
                for refresh_hz in (None, FPS):
                    readings.append(await read(browser, owner, up, refresh_hz, chosen.seconds))
    usual, fast = readings
    gates = [
        Gate("decoded on a display of 60 Hz", usual.decoded_fps, 62, unit="fps"),
        Gate("decoded on one of 120 Hz", fast.decoded_fps, 110, at_least=True, unit="fps"),
    ]
    about = f"{chosen.size}, libx264 superfast {superfast_ms():.2f} ms a frame of 720p"
    tables = [table(readings), gate_table(gates)]
    print("\n\n".join([about, *map(as_text, tables)]))
    chosen.out.mkdir(parents=True, exist_ok=True)
    (chosen.out / "high_rate.md").write_text("\n\n".join([about, *map(as_markdown, tables)]) + "\n")
    return 0 if all(gate.passed for gate in gates) else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
