"""A title's pace, on a machine that has time for it and on a busy one."""

from __future__ import annotations

import os
import time
from types import SimpleNamespace
from typing import cast

import pytest

from render_node.conformance import live_checks
from render_node.conformance.live_checks import check_pace
from render_node.conformance.plan import CheckPlan
from render_node.conformance.processes import Use, longest_wait_s, waited_s
from render_node.conformance.stage import Stage
from wire.title_check import Outcome
from wire.title_manifest import parse_manifest

MANIFEST = parse_manifest('manifest = 1\nid = "x"\nversion = "1.0.0"\nkind = "pygame"\nentry = "x.py"\nname = "X"\n')
TOOK_S = 3.0


async def pace(fps: float, waited_share: float, monkeypatch: pytest.MonkeyPatch) -> tuple[Outcome, str]:
    clock = SimpleNamespace(now_s=0.0)

    async def wait(seconds: float) -> bool:
        clock.now_s += seconds
        stage.pace += [(0, 0), (round(fps * TOOK_S), round(TOOK_S * 1e6))]
        return True

    stage = SimpleNamespace(pace=[], end=None, process=SimpleNamespace(pid=1), wait=wait)
    monkeypatch.setattr(live_checks, "time", SimpleNamespace(monotonic=lambda: clock.now_s))
    monkeypatch.setattr(live_checks, "use_of", lambda pid: Use(0, 0.0))
    monkeypatch.setattr(live_checks, "waited_s", lambda pid: {7: clock.now_s * waited_share, 8: 0.0})
    finding = (await check_pace(cast("Stage", stage), MANIFEST, CheckPlan(measure_s=TOOK_S)))[0]
    return finding.outcome, finding.words


@pytest.mark.parametrize(
    ("fps", "waited_share", "outcome", "told"),
    [
        (60, 0.0, Outcome.PASSED, 60),
        (50, 0.0, Outcome.FAILED, 50),
        (48, 0.2, Outcome.PASSED, 60),
        (60, 0.3, Outcome.PASSED, 60),
        (40, 0.2, Outcome.FAILED, 50),
        (3, 0.99, Outcome.FAILED, 6),
        (70, 0.0, Outcome.PASSED, 70),
    ],
)
async def test_time_without_a_processor_is_left_out(
    fps: float, waited_share: float, outcome: Outcome, told: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await pace(fps, waited_share, monkeypatch) == (outcome, f"{told} of 60 frames per second")


def test_the_thread_that_waited_most_counts_and_new_ones_from_their_start() -> None:
    assert longest_wait_s({1: 5.0, 2: 1.0}, {1: 5.5, 2: 3.0, 3: 1.5}) == 2.0
    assert longest_wait_s({1: 5.0}, {}) == 0.0


def test_waits_are_those_of_all_threads() -> None:
    waited = waited_s(os.getpid())
    assert waited[os.getpid()] >= 0.0
    began_s = time.monotonic()
    assert 0.0 <= longest_wait_s(waited, waited_s(os.getpid())) <= time.monotonic() - began_s + 1.0
