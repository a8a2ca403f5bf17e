"""``python -m tests.bench.density``: how many streams this machine holds, titles drawing, nobody decoding here.

Real broker, node, workers and titles; the players are one light process that answers as a browser does and never
decodes (`receiver.py`), so that what is measured is the server. Streams are added one by one. At the end one title
flips an unchanged picture.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil

from render_node.agent.io.machine import usable_cores
from tests.bench.density import report
from tests.bench.density.reading import STREAMS_WANTED, DensityReading, StreamReading
from tests.bench.measure import SETTLE_S, UsageMeter
from tests.bench.reference import superfast_ms
from tests.bench.streams import card_title, farplay_up
from tests.support.farplay_process import ROOT, FarplayProcess, role_of

DEFAULT_FOLDER = Path("bench-results/density")
UNCHANGED = ("--hard", "--still", "60")
"""Arguments of a card that draws for a second and flips the same picture from then on."""
ROLES = ("worker", "title", "node", "broker", "fork_server")
LINE_MAX_BYTES = 1 << 24
END_S = 15.0


class Receivers:
    """The process of the players."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.pid = process.pid

    @classmethod
    @asynccontextmanager
    async def run(cls, url: str, owner_token: str) -> AsyncIterator[Receivers]:
        """Sign in to a broker; at the end all players leave."""
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "tests.bench.density.receiver", url, owner_token, cwd=ROOT,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, limit=LINE_MAX_BYTES,
        )  # fmt: skip
        try:
            yield cls(process)
        finally:
            if process.stdin is not None:
                process.stdin.close()
            try:
                async with asyncio.timeout(END_S):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()

    async def ask(self, command: dict[str, Any]) -> Any:
        """Send a command and return its answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(command).encode() + b"\n")
        line = await self._process.stdout.readline()
        if not line:
            raise RuntimeError("the receivers ended; their words are above")
        return json.loads(line)


def encode_ms(folder: Path, preset: str) -> float:
    """Return what the node measured of itself at its start, from its log."""
    lines = (folder / "data" / "logs" / "node.log").read_text().splitlines()
    found = next(line for line in map(json.loads, lines) if line["event"] == "node_measured")
    return float(found["encode_ms"][preset])


async def measure(
    up: FarplayProcess, receivers: Receivers, preset: str, encoding_ms: float, seconds: float
) -> DensityReading:
    """Measure the streams that play now."""
    await asyncio.sleep(SETTLE_S)
    processes = up.descendants()
    groups = {role: [each for each in processes if role_of(each) == role] for role in ROLES}
    groups["receivers"] = [psutil.Process(receivers.pid)]
    meter = UsageMeter(groups)
    got = await receivers.ask({"measure": seconds})
    usage = meter.read()
    return DensityReading(preset, [StreamReading.of(each) for each in got], usage, encoding_ms, usable_cores())


async def measure_preset(preset: str, counts: Sequence[int], seconds: float, *arguments: str) -> list[DensityReading]:
    """Add streams one by one, each a title of its own, and measure at each wanted number."""
    readings = []
    with tempfile.TemporaryDirectory(prefix="farplay-density-") as name:
        folder = Path(name)
        title_ids = [f"density-{number}" for number in range(1, max(counts) + 1)]
        titles = [card_title(folder, title_id, arguments) for title_id in title_ids]
        options = ("--no-bundled", "--slots", str(len(titles)), "--preset", preset)
        with farplay_up(folder, *options, titles=titles) as up:
            token = up.ready["owner_url"].partition("#owner=")[2]
            async with Receivers.run(up.url, token) as receivers:
                encoding_ms = encode_ms(folder, preset)
                for count, title_id in enumerate(title_ids, 1):
                    await receivers.ask({"open": title_id})
                    if count in counts:
                        reading = await measure(up, receivers, preset, encoding_ms, seconds)
                        readings.append(reading)
                        print(f"{preset}, {count}: p99 {reading.worst_ms.p99:.1f} ms", file=sys.stderr)
    return readings


async def main() -> int:
    """Run the bench; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--preset", action="append", choices=STREAMS_WANTED, help="this one; may be given again")
    parser.add_argument("--streams", type=int, nargs="+", default=[1, 2, 3, 4], help="how many at once")
    parser.add_argument("--seconds", type=float, default=20, help="of each")
    parser.add_argument("--out", type=Path, default=DEFAULT_FOLDER, help="folder for JSON, tables and plot")
    chosen = parser.parse_args()
    reference_ms = superfast_ms()
    readings = []
    for preset in chosen.preset or STREAMS_WANTED:
        readings += await measure_preset(preset, chosen.streams, chosen.seconds, "--hard")
    (unchanged,) = await measure_preset("superfast", [1], chosen.seconds, *UNCHANGED)
    return 0 if report.write(readings, unchanged, reference_ms, chosen.out) else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
