"""``python -m tests.bench.playthrough``: an automatic player plays every bundled game in a real Chromium.

Two minutes each by default, with keys, clicks and pauses drawn from a recorded seed. A game passes if it is still
running at the end, at least 95% of the pictures that it drew were decoded (57 of 60 a second), and neither page nor
logs hold an error. A picture that equals the one before it counts as none: it is not sent. One that stands still is
encoded again to sharpen, which counts as decoded, so a game that often stands still can show more than it drew.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import statistics
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil
from playwright.async_api import Browser

from farplay.title_folders import bundled_titles
from tests.bench.measure import SETTLE_S, UsageMeter
from tests.support.chromium import PlayPage, chromium, play_page
from tests.support.deadlines import until
from tests.support.farplay_process import FarplayProcess
from tests.support.player import end_sessions, sessions, sign_in

DECODED_LEAST_SHARE = 0.95
KEYS = ("ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Space", "Enter", "KeyW", "KeyA", "KeyS", "KeyD", "KeyX")
"""Of both players of a shared keyboard; Escape is left out, since most games pause on it."""
BAD_LEVELS = ("warning", "error", "critical")
SKIPPED = ("testcard",)
"""No game; the bench and the browser tests play it."""


@dataclass(frozen=True, slots=True)
class Played:
    """What playing one game showed."""

    title_id: str
    seconds: float
    decoded_fps: float
    drawn_fps: float
    """Mean of what the node told of this session's title."""
    worker_cores: float
    title_cores: float
    complaints: tuple[str, ...]

    @property
    def passed(self) -> bool:
        """Tell whether it was smooth and without an error."""
        return self.decoded_fps >= DECODED_LEAST_SHARE * self.drawn_fps > 0 and not self.complaints


async def play(browser: Browser, title_id: str, seconds: float, seed: int, folder: Path) -> Played:
    """Play one title from its own fresh server."""
    up = FarplayProcess(["up", "--json", "--port", "0", "--data-dir", str(folder / "data")], folder / "up.log")
    try:
        owner = await sign_in(browser, up)
        async with play_page(browser, signed_in=owner) as tab:
            await tab.page.goto(f"{up.url}/play/{title_id}")
            await until(lambda: tab.page.evaluate("probe.frames.length > 5"), 15, f"the picture of {title_id}")
            await asyncio.sleep(SETTLE_S)
            groups: dict[str, list[psutil.Process]] = {role: up.named(role) for role in ("worker", "title")}
            meter, before = UsageMeter(groups), await tab.probe.video()
            random_keys, deadline = random.Random(seed), time.monotonic() + seconds
            drawn_fps = []
            while time.monotonic() < deadline:
                if random_keys.random() < 0.2:
                    x, y = (random_keys.uniform(0.1, 0.9) for _ in range(2))
                    await tab.page.mouse.click(*await tab.stage_point(x, y))
                key = random_keys.choice(KEYS)
                await tab.page.keyboard.down(key)
                await asyncio.sleep(random_keys.uniform(0.03, 0.4))
                await tab.page.keyboard.up(key)
                drawn_fps.append(await told_fps(tab, up))
            after, usage = await tab.probe.video(), meter.read()
            span_s = (after["timestamp"] - before["timestamp"]) / 1000
            fps = (after["framesDecoded"] - before["framesDecoded"]) / span_s
            complaints = list(tab.unexpected())
            if not await sessions(tab, up):
                complaints.append("the session had ended: " + (await tab.words())[:500])
            await tab.page.screenshot(path=folder / f"{title_id}.png")
        await end_sessions(browser, up, owner)
    finally:
        up.stop()
    complaints += log_complaints(folder / "data" / "logs")
    drawn = statistics.fmean(drawn_fps)
    return Played(title_id, span_s, fps, drawn, usage["worker"].cores, usage["title"].cores, tuple(complaints))


async def told_fps(tab: PlayPage, up: FarplayProcess) -> float:
    """Return the pictures per second that the node last told of the only session's title; 0 if there is none."""
    overview = await (await tab.context.request.get(f"{up.url}/api/v1/operator/overview")).json()
    return max((each["figures"]["fps"] for each in overview["sessions"] if each["figures"]), default=0.0)


def log_complaints(folder: Path) -> list[str]:
    """Return the lines of all logs that report something wrong, and those that are no records at all."""
    found = []
    for path in sorted(folder.glob("*.log")):
        for line in path.read_text(errors="replace").splitlines():
            try:
                record = json.loads(line)
            except ValueError:
                found.append(f"{path.name}: {line}")
                continue
            if record.get("level") in BAD_LEVELS:
                found.append(f"{path.name}: {line}")
    return found


async def main() -> int:
    """Play them all; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=120.0, help="for each game")
    parser.add_argument("--seed", type=int, default=1, help="of keys and pauses")
    parser.add_argument("--title", action="append", help="only this one; may be given more than once")
    parser.add_argument("--out", type=Path, default=Path("bench-results"), help="folder for the JSON record")
    chosen = parser.parse_args()
    ids = chosen.title or [each.manifest.id for each in bundled_titles() if each.manifest.id not in SKIPPED]
    games = []
    for title_id in ids:
        with tempfile.TemporaryDirectory(prefix="farplay-play-") as folder:
            async with chromium() as browser:
                played = await play(browser, title_id, chosen.seconds, chosen.seed, Path(folder))
        verdict = "pass" if played.passed else "FAIL"
        print(f"{title_id}: {played.drawn_fps:.1f} fps drawn, {played.decoded_fps:.1f} decoded over "
              f"{played.seconds:.0f} s, worker {played.worker_cores:.2f}, "
              f"title {played.title_cores:.2f} core: {verdict}")  # fmt: skip
        for complaint in played.complaints:
            print(f"  {complaint}")
        games.append(played)
    chosen.out.mkdir(parents=True, exist_ok=True)
    (chosen.out / "playthrough.json").write_text(
        json.dumps({"seed": chosen.seed, "games": [asdict(each) for each in games]}, indent=1) + "\n"
    )
    return 0 if all(each.passed for each in games) else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
