"""What a title's walls cost at its start: from asking for the process to its first word, beside none at all.

``python -m tests.bench.sandbox_start``: the median of 20 starts each, taken in turns.
"""

from __future__ import annotations

import asyncio
import dataclasses
import statistics
import tempfile
import time
from pathlib import Path

from render_node.session.io.title_process import TitleProcess
from tests.support.attacks.run import patched
from tests.support.attacks.without_walls import NO_WARDEN
from tests.support.running_title import walls_of
from wire.sandbox import Profile, SandboxSpec
from wire.worker_control import TitleSpec

STARTS = 20
POLL_S = 0.0002


async def start_ms(folder: Path, spec: SandboxSpec) -> float:
    """Return how long it takes until the launcher speaks, all walls around it, in milliseconds."""
    (folder / "saves").mkdir(exist_ok=True)
    (folder / "game.py").write_text("")
    title = TitleSpec("bench", "1.0.0", "pygame", str(folder), "game.py")
    began_s = time.perf_counter()
    process = await TitleProcess.start(
        title, str(folder / "saves"), spec, on_frame=lambda: None, on_news=lambda _: None, on_ended=lambda _: None
    )
    while not process._connected:  # noqa: ASYNC110 (looked at from outside, so that what is measured is unchanged)
        await asyncio.sleep(POLL_S)
    took_ms = (time.perf_counter() - began_s) * 1000
    await process.stop(0.0)
    return took_ms


async def main() -> None:
    """Print the medians."""
    found: dict[str, list[float]] = {"no walls": [], **{str(profile): [] for profile in Profile}}
    for _ in range(STARTS + 1):
        for name, samples in found.items():
            with tempfile.TemporaryDirectory() as folder, patched(NO_WARDEN if name == "no walls" else ()):
                spec = walls_of(Path(folder), Profile.POD if name == "no walls" else Profile(name))
                if name == "no walls":
                    spec = dataclasses.replace(spec, walls=())
                samples.append(await start_ms(Path(folder), spec))
    bare_ms = statistics.median(found["no walls"][1:])
    for name, samples in found.items():
        median_ms = statistics.median(samples[1:])
        print(f"{name:9} {median_ms:6.1f} ms, {median_ms - bare_ms:+5.1f} ms; p90 {sorted(samples[1:])[-3]:6.1f} ms")


if __name__ == "__main__":
    asyncio.run(main())
