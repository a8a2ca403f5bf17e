"""A tiny day on the real cores: nobody is lost or overtaken, no slot is given twice, the same seed is the same."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.bench.sim.result import Result
from tests.bench.sim.scenario import DAY, Outage, Scenario
from tests.bench.sim.simulate import Simulation

EVENING = replace(
    DAY.scaled(0.003), lasts_s=1800.0, warm_up_s=900.0, begin_s=19.5 * 3600, played_mean_s=300.0,
    sessions_per_day=12_000, accounts=400, outages=(Outage("eu", 300.0, 600.0),), node_life_s=3600.0, tick_s=5.0,
)  # fmt: skip
"""Too few machines, which die, a region that is lost, and accounts with several sessions."""


def live_through(scenario: Scenario, seed: int) -> Result:
    return Simulation(scenario, seed).run()


@pytest.mark.parametrize("seed", [1, 2])
def test_nobody_is_lost_no_slot_is_given_twice_and_nobody_is_overtaken(seed: int) -> None:
    result = live_through(EVENING, seed)
    assert list(result.faults) == []
    assert result.overtakes == 0
    waits = result.waits["all"]
    assert waits.clicks > 100
    assert 0.0 < waits.at_once < 1.0, "there was a queue"
    assert result.cuts["region lost"] > 0
    assert result.cuts["node lost"] > 0
    assert 0.0 < result.utilisation <= 1.0


def test_the_same_seed_gives_the_same_day() -> None:
    short = replace(EVENING, lasts_s=600.0)
    once, again, other = live_through(short, 1), live_through(short, 1), live_through(short, 2)
    assert replace(once, took_s=0.0) == replace(again, took_s=0.0)
    assert replace(once, took_s=0.0, seed=2) != replace(other, took_s=0.0)
