"""``python -m tests.bench.quality``: the picture against the same preset offline at two rates, and the game's clock.

The hard card plays in a real Chromium whose player allows so much (the play page's own setting), and frames read back
are held against the same frames encoded with nothing else to do. Then a title counts its frames while a thousand
inputs a second arrive.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
import time
from pathlib import Path

from av.video.reformatter import Colorspace

from tests.bench.gates import Gate
from tests.bench.measure import LUMA_EVERY_MS, LUMA_FRAMES, SETTLE_S
from tests.bench.run import end_session, preset_of
from tests.bench.streams import HARD_TITLE, farplay_up
from tests.bench.tables import as_text, gate_table
from tests.support.card_source import HEIGHT, WIDTH
from tests.support.chromium import chromium, play_page
from tests.support.player import play_title, sign_in
from tests.support.psnr import SourceCard, offline_psnr_db, shown_psnr_db
from tests.support.running_title import running
from wire.input_events import Key

RATES_MBPS = (8, 4)
BELOW_OFFLINE_MAX_DB = 0.7
INPUTS_PER_S, CLOCK_FRAMES = 1000, 600
CLOCK_OFF_MAX = 0.01
SPACE = 44
COUNTING = f"""
import time
pygame.init()
screen = pygame.display.set_mode((640, 360))
clock, inputs = pygame.time.Clock(), 0
for n in range({CLOCK_FRAMES + 60}):
    if n == 60:
        began, inputs = time.monotonic(), 0
    inputs += len(pygame.event.get())
    screen.fill((n % 256, 0, 0))
    pygame.display.flip()
    clock.tick(60)
tell(took_s=time.monotonic() - began, inputs=inputs)
pygame.event.wait()
"""


async def below_offline_db(folder: Path) -> list[Gate]:
    """Return how far the shown picture is below the encoder's own, at each rate."""
    found = []
    async with chromium() as browser:
        with farplay_up(folder) as up:
            owner = await sign_in(browser, up)
            for mbps in RATES_MBPS:
                async with play_page(browser, signed_in=owner) as play:
                    chosen = json.dumps(json.dumps({"version": 1, "quality": str(mbps)}))
                    await play.page.add_init_script(f"localStorage.setItem('farplay.play', {chosen})")
                    await play_title(play, up, HARD_TITLE)
                    await asyncio.sleep(2 * SETTLE_S)
                    before = await play.probe.video()
                    shown = await play.probe.read_luma(LUMA_FRAMES, LUMA_EVERY_MS)
                    after = await play.probe.video()
                    await end_session(play)
                seconds = (after["timestamp"] - before["timestamp"]) / 1000
                rate = (after["bytesReceived"] - before["bytesReceived"]) * 8 / seconds / 1e6
                source = SourceCard(hard=True, colorspace=Colorspace.ITU709)
                psnr, keys = shown_psnr_db([each for each in shown if each.shape == (HEIGHT, WIDTH)], source)
                offline = offline_psnr_db(keys, source, preset_of(folder), mbps * 1_000_000)
                print(f"{mbps} Mbit/s: {rate:.2f} received, {psnr:.2f} dB, offline {offline:.2f} dB", file=sys.stderr)
                found.append(Gate(f"received at {mbps} Mbit/s", rate, 0.85 * mbps, at_least=True, unit="Mbit/s"))
                found.append(Gate(f"below offline at {mbps} Mbit/s", offline - psnr, BELOW_OFFLINE_MAX_DB, unit="dB"))
    return found


async def clock_gates(folder: Path) -> list[Gate]:
    """Return how far the game's clock is off while inputs arrive."""
    async with running(folder, COUNTING) as title:
        await title.shows(1)
        began_s, sent = time.monotonic(), 0
        while not title.told():
            due = int((time.monotonic() - began_s) * INPUTS_PER_S) - sent
            title.send(*(Key(SPACE, (sent + n) % 2 == 0) for n in range(due)))
            sent += due
            await asyncio.sleep(0.001)
        told = title.told()[0]
    off = abs(told["took_s"] * 60 / CLOCK_FRAMES - 1)
    print(f"{CLOCK_FRAMES} frames in {told['took_s']:.3f} s, {told['inputs']} inputs seen", file=sys.stderr)
    return [
        Gate("game clock off", off, CLOCK_OFF_MAX),
        Gate("inputs seen a second", told["inputs"] / told["took_s"], 0.99 * INPUTS_PER_S, at_least=True),
    ]


async def main() -> int:
    """Run the bench; return the exit status."""
    with tempfile.TemporaryDirectory(prefix="farplay-quality-") as name:
        (Path(name) / "clock").mkdir()
        found = [*await below_offline_db(Path(name)), *await clock_gates(Path(name) / "clock")]
    print(as_text(gate_table(found)))
    return 0 if all(gate.passed for gate in found) else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
