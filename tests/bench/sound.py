"""``python -m tests.bench.sound``: how late sound is heard in a real Chromium, and whether it breaks off.

The test card begins a tone at a key press, in the tick whose picture says so. **On → heard** is from that tick until
the page's audio graph has the tone's first sample; the mixer's next callback comes up to a pipe's length (21 ms)
after the tick, so this is an upper bound of the time from the mixer's callback. **A/V offset** is from the
moment at which the display shows that picture. Then a tone plays on, and gaps are what is missing in it.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tests.bench.gates import Gate
from tests.bench.measure import SETTLE_S
from tests.bench.net.capture_clock import CaptureClock
from tests.bench.reading import Spread
from tests.bench.streams import HARD_TITLE, farplay_up
from tests.bench.tables import as_markdown, as_text, gate_table
from tests.support.chromium import PlayPage, chromium, play_page
from tests.support.deadlines import until
from tests.support.player import play_title, sign_in

EAR_JS = (Path(__file__).parent / "ear.js").read_text()
TONE_KEY = "Digit1"
TONES = 40
PAUSE_MIN_S, PAUSE_MAX_S = 0.3, 1.2
"""Of silence between tones."""

DEFAULT_FOLDER = Path("bench-results/sound")


@dataclass(frozen=True, slots=True)
class SoundReading:
    """One run."""

    heard_ms: Spread
    """From the tick that began a tone until it was heard."""
    offset_ms: Spread
    """From the display of that tick's picture until the tone was heard; negative: the tone came first."""
    gaps_ms: tuple[float, ...]
    """Breaks of the long tone of more than 20 ms."""
    jitter_buffer_ms: float
    """Mean time that the browser's jitter buffer held a sample of the tones and the silence between them."""
    concealed_ms: float
    """What the browser invented of the long tone in place of sound that was missing."""
    seconds: float
    """Of the long tone."""

    def gates(self) -> list[Gate]:
        """Return the bars."""
        return [
            Gate("tones heard", self.heard_ms.count, TONES, at_least=True),
            Gate("tone on to heard, p50", self.heard_ms.p50, 110, unit="ms"),
            Gate(f"gaps over 20 ms in {self.seconds:.0f} s", len(self.gaps_ms), 0),
            Gate("sound behind the picture, p50", abs(self.offset_ms.p50), 60, unit="ms"),
        ]


async def tone_times(play: PlayPage, seed: int) -> tuple[list[float], list[float]]:
    """Switch tones on and off; return for each when it was heard after its tick, and after its picture, in ms."""
    stats: dict[str, Any] = json.loads(await play.page.evaluate("JSON.stringify(window.farplay.stats())"))
    clock, pauses = CaptureClock(stats["frames"]), random.Random(seed)
    heard, behind = [], []
    for _ in range(TONES):
        await asyncio.sleep(pauses.uniform(PAUSE_MIN_S, PAUSE_MAX_S))
        began_ms, count = await play.probe.now_ms(), await onsets(play)
        await play.tap_key(TONE_KEY)
        await until(partial(more_onsets, play, count), 2.0, "a tone")
        onset_ms = float(await play.page.evaluate("ear.onsets.at(-1)"))
        shown = next(each for each in await play.probe.frames(began_ms) if each.state and each.state.tone)
        assert shown.rtp is not None
        heard.append(onset_ms - clock.capture_ms(shown.rtp))
        behind.append(onset_ms - shown.display_ms)
        await play.tap_key(TONE_KEY)
        await play.probe.until_state(lambda _, state: state.tone == 0, 2.0, "the tone's end")
    return heard, behind


async def onsets(play: PlayPage) -> int:
    """Return how often sound began after silence."""
    return int(await play.page.evaluate("ear.onsets.length"))


async def more_onsets(play: PlayPage, count: int) -> bool:
    """Tell whether it began again, and the picture that began it was shown."""
    newest = await play.probe.newest()
    return await onsets(play) > count and newest is not None and newest.state is not None and newest.state.tone > 0


async def audio_stats(play: PlayPage) -> dict[str, Any]:
    """Return the page's ``inbound-rtp`` of the sound; empty between two connections."""
    stats: dict[str, Any] = json.loads(await play.page.evaluate("probe.audio().then(JSON.stringify)")) or {}
    return stats


def jitter_buffer_ms(before: Mapping[str, Any], after: Mapping[str, Any]) -> float:
    """Return how long the jitter buffer held a sample on average."""
    emitted = float(after["jitterBufferEmittedCount"]) - float(before["jitterBufferEmittedCount"])
    held_s = float(after["jitterBufferDelay"]) - float(before["jitterBufferDelay"])
    return 1000 * held_s / max(1.0, emitted)


def concealed_samples(before: Mapping[str, Any], after: Mapping[str, Any]) -> float:
    """Return how many samples the browser invented, silence apart."""
    invented = [stats["concealedSamples"] - stats["silentConcealedSamples"] for stats in (before, after)]
    return float(invented[1] - invented[0])


async def measure(play: PlayPage, seconds: float, seed: int) -> SoundReading:
    """Read one playing page."""
    await asyncio.sleep(SETTLE_S)
    await play.tap_key("KeyX")  # browsers let a page hear and sound only after the player did something
    await play.page.evaluate(f"({EAR_JS})()")
    start = await audio_stats(play)
    heard, behind = await tone_times(play, seed)
    held_ms = jitter_buffer_ms(start, await audio_stats(play))
    await play.tap_key(TONE_KEY)
    await play.probe.until_heard(440)
    begun = await audio_stats(play)
    await play.page.evaluate("ear.gaps = []")
    await asyncio.sleep(seconds)
    gaps, missed = await play.page.evaluate("[ear.gaps, ear.missed]")
    assert not missed, f"the page was too busy to listen {missed} times"
    concealed_ms = concealed_samples(begun, await audio_stats(play)) * 1000 / 48_000
    return SoundReading(Spread.of(heard), Spread.of(behind), tuple(map(float, gaps)), held_ms, concealed_ms, seconds)


async def run(seconds: float, seed: int) -> SoundReading:
    """Play the hard card and listen."""
    with tempfile.TemporaryDirectory(prefix="farplay-sound-") as folder, farplay_up(Path(folder)) as up:
        async with chromium() as browser:
            owner = await sign_in(browser, up)
            async with play_page(browser, signed_in=owner) as play:
                await play_title(play, up, HARD_TITLE)
                return await measure(play, seconds, seed)


async def main() -> int:
    """Run the bench; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=300, help="of the long tone")
    parser.add_argument("--seed", type=int, default=1, help="of the pauses between tones")
    parser.add_argument("--out", type=Path, default=DEFAULT_FOLDER, help="folder for JSON and tables")
    chosen = parser.parse_args()
    reading = await run(chosen.seconds, chosen.seed)
    gates = reading.gates()
    spreads = [["", "p50 ms", "p95 ms", "p99 ms"]]
    for name, each in (("tone on to heard", reading.heard_ms), ("sound behind the picture", reading.offset_ms)):
        spreads.append([name, f"{each.p50:.1f}", f"{each.p95:.1f}", f"{each.p99:.1f}"])
    words = (
        f"The browser's jitter buffer held sound for {reading.jitter_buffer_ms:.0f} ms. "
        f"Of {reading.seconds:.0f} s it made up {reading.concealed_ms:.0f} ms."
    )
    print("\n\n".join([as_text(gate_table(gates)), as_text(spreads), words]))
    chosen.out.mkdir(parents=True, exist_ok=True)
    (chosen.out / "sound.md").write_text(
        "\n\n".join([as_markdown(gate_table(gates)), as_markdown(spreads), words]) + "\n"
    )
    record = {**asdict(reading), "gates": [{**asdict(gate), "passed": gate.passed} for gate in gates]}
    (chosen.out / "sound.json").write_text(json.dumps(record, indent=1) + "\n")
    return 0 if all(gate.passed for gate in gates) else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
