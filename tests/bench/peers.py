"""``python -m tests.bench.peers``: our stream and its baselines beside Selkies, in the same run, by the same probe.

Selkies comes from PyPI into an environment of its own and plays the same hard test card, as an X11 window. Needs
network the first time, and Xvfb.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import tempfile
from pathlib import Path

from tests.bench import report
from tests.bench.baselines.selkies.install import CannotInstall, selkies_command, x_server_command
from tests.bench.baselines.selkies.reading import measure_selkies
from tests.bench.gates import SELKIES_STREAMS, Run, peer_bars
from tests.bench.recorded import runs_from
from tests.bench.run import one_run

NAME = "peers"
DEFAULT_FOLDER = Path("bench-results/peers")
PEERS = dict.fromkeys(SELKIES_STREAMS, measure_selkies)


def earlier_runs(folder: Path) -> list[Run]:
    """Return the runs that a folder holds; none where it holds none."""
    path = folder / f"{NAME}.json"
    return runs_from(json.loads(path.read_text())["runs"]) if path.exists() else []


async def main() -> int:
    """Run the bench; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="the median of all runs is judged")
    parser.add_argument("--add", action="store_true", help="to the runs that the folder holds")
    parser.add_argument("--tries", type=int, default=3, help="for a stream that a busy neighbour disturbs")
    parser.add_argument("--out", type=Path, default=DEFAULT_FOLDER, help="folder for JSON, tables and plot")
    chosen = parser.parse_args()
    try:
        # Before the clock runs: a download beside a measurement would spoil it.
        selkies_command()
        x_server_command()
    except CannotInstall as error:
        sys.exit(str(error))
    runs = earlier_runs(chosen.out) if chosen.add else []
    for index in range(len(runs), len(runs) + chosen.runs):
        with tempfile.TemporaryDirectory(prefix="farplay-peers-") as folder:
            runs.append(await one_run(index, Path(folder), PEERS, chosen.tries))
    for run in runs:
        for stream, words in run.missing.items():
            print(f"{stream} showed no picture: {words}", file=sys.stderr)
    return 0 if report.write(runs, chosen.out, NAME, peer_bars) else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
