"""Hostile titles under both profiles: what they try does not work, or ends them, and nothing of them stays.

Which wall holds which attack is shown by ``make test-walls``, which runs all of this with walls switched off.
"""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from tests.support.attacks.run import attack_all, end_of, untouched
from tests.support.attacks.scenarios import POD_SCENARIOS, SCENARIOS, Scenario
from tests.support.running_title import running
from wire.sandbox import Profile

pytestmark = [
    pytest.mark.process,
    pytest.mark.skipif(os.geteuid() != 0, reason="control groups and other users need root"),
]

ATTACKS_MIN = 60
STAYS = """
import os, signal, subprocess
for number in set(signal.valid_signals()) - {signal.SIGKILL, signal.SIGSTOP}:
    signal.signal(number, signal.SIG_IGN)
pygame.display.set_mode((64, 64))
pygame.display.flip()
subprocess.Popen(["/usr/bin/sleep", "600"], start_new_session=True)
tell(ready=True)
while True: pygame.event.wait()
"""
"""Reads its QUIT, and goes on."""
CASES = [
    *((profile, name, scenario) for profile in Profile for name, scenario in SCENARIOS.items()),
    *((Profile.POD, name, scenario) for name, scenario in POD_SCENARIOS.items()),
]


@pytest.mark.parametrize("profile", Profile)
async def test_no_attack_works(tmp_path: Path, profile: Profile) -> None:
    outcomes = await attack_all(tmp_path, profile)
    assert {name: outcome.how for name, outcome in outcomes.items() if outcome.worked} == {}
    assert len(outcomes) > ATTACKS_MIN


@pytest.mark.parametrize(("profile", "name", "scenario"), CASES, ids=[f"{each[0]}-{each[1]}" for each in CASES])
async def test_a_hostile_title_ends_and_says_why(
    tmp_path: Path, profile: Profile, name: str, scenario: Scenario
) -> None:
    end = await end_of(tmp_path, profile, scenario)
    assert end is not None, "it goes on"
    assert end.reason is scenario.reason, end
    assert end.violations >= scenario.violations


@pytest.mark.parametrize("profile", Profile)
async def test_a_title_that_never_stops_is_stopped(tmp_path: Path, profile: Profile) -> None:
    async with untouched(tmp_path, profile) as (walls, saves), running(tmp_path, STAYS, saves, walls=walls) as title:
        await title.tells(ready=True)
        began_s = time.monotonic()
        await title.process.stop(0.2)
        assert time.monotonic() - began_s > 0.2, "it was asked first"
        assert not title.ends
