"""``python -m tests.bench.sim``: a day of a million players on the real placement, queue and reconcile cores.

Then smaller days that differ in how many slots are kept free. The same seed gives the same days.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from tests.bench.sim import report
from tests.bench.sim.scenario import DAY
from tests.bench.sim.simulate import Simulation

DEFAULT_FOLDER = Path("bench-results/sim")
KEPT_FREE = (0.0, 0.01, 0.02, 0.05, 0.1)
SWEEP_FACTOR = 0.04


def main() -> int:
    """Simulate, write the report, and return 1 if something happened that must never happen."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--factor", type=float, default=1.0, help="of players and machines, for a first look")
    options.add_argument("--out", type=Path, default=DEFAULT_FOLDER, help="folder for the report")
    chosen = options.parse_args()
    day = Simulation(DAY.scaled(chosen.factor), chosen.seed).run()
    small = replace(DAY.scaled(SWEEP_FACTOR * chosen.factor), outages=())
    sweep = {share: Simulation(replace(small, min_idle=share), chosen.seed).run() for share in KEPT_FREE}
    return 0 if report.write(day, sweep, SWEEP_FACTOR * chosen.factor, chosen.out) else 1


if __name__ == "__main__":
    sys.exit(main())
