"""Who comes when, for what and for how long: drawn once, from the seed."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tests.bench.sim.scenario import CLASSES, DAY_S, REGIONS, Region, Scenario

_CALM, _PEAKED = 0.2, 3.0
"""Share of a region's players that come evenly, and how narrow the evening of the others is."""


@dataclass(frozen=True, slots=True)
class Demand:
    """One entry for each click, in the order of time."""

    at_s: npt.NDArray[np.float64]
    """Seconds after counting has begun."""
    title: npt.NDArray[np.int64]
    """Index into ``CLASSES``."""
    region: npt.NDArray[np.int64]
    """Index into ``REGIONS``."""
    account: npt.NDArray[np.int64]
    played_s: npt.NDArray[np.float64]
    patience_s: npt.NDArray[np.float64]


def intensity(region: Region, second_of_day: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return how many of a region's players come, relative to its daily mean."""
    evening = np.exp(_PEAKED * (np.cos(2 * math.pi * (second_of_day - region.peak_s) / DAY_S) - 1.0))
    return _CALM + (1 - _CALM) * evening / float(np.i0(_PEAKED) * math.exp(-_PEAKED))


def draw(scenario: Scenario, rng: np.random.Generator) -> Demand:
    """Return the clicks of a scenario."""
    minutes = np.arange(-scenario.warm_up_s, scenario.lasts_s, 60.0)
    times: list[npt.NDArray[np.float64]] = []
    regions: list[npt.NDArray[np.int64]] = []
    for number, region in enumerate(REGIONS):
        per_min = scenario.sessions_per_day * region.share / (DAY_S / 60)
        counts = rng.poisson(per_min * intensity(region, scenario.begin_s + minutes))
        times.append(np.repeat(minutes, counts) + rng.uniform(0.0, 60.0, int(counts.sum())))
        regions.append(np.full(len(times[-1]), number))
    order = np.argsort(np.concatenate(times), kind="stable")
    at_s = np.concatenate(times)[order]
    count = len(at_s)
    middle = math.log(scenario.played_mean_s) - scenario.played_sigma**2 / 2
    return Demand(
        at_s,
        rng.choice(len(CLASSES), count, p=[each.share for each in CLASSES]),
        np.concatenate(regions)[order],
        rng.integers(0, scenario.accounts, count),
        np.clip(rng.lognormal(middle, scenario.played_sigma, count), 30.0, 8 * 3600.0),
        rng.exponential(scenario.patience_s, count),
    )
