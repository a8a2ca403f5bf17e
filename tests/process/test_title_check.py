"""``farplay title check`` finds each planted fault, and nothing in a title that keeps its promises."""

from __future__ import annotations

import asyncio
import os
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from farplay.titles.check import stage
from farplay.titles.check.findings import Outcome, Report
from farplay.titles.check.plan import CheckPlan
from farplay.titles.check.suite import check_title
from tests.support.broken_titles import FAULTS, write_title
from tests.support.running_title import machine_walls
from wire.sandbox import Profile

pytestmark = pytest.mark.process

AT_ONCE = 6
PLAN = CheckPlan(first_picture_s=30.0, settle_s=0.5, measure_s=2.0, still_s=0.3, react_s=1.0, listen_s=0.3)
"""Shorter than a developer's: these titles are small, and nothing here is measured exactly. Only how soon a title
begins is left to the machine."""
NEVER_BEGINS = replace(PLAN, first_picture_s=5.0)
"""For titles that are to show no picture."""


def failed(report: Report) -> set[str]:
    return {finding.name for finding in report.findings if finding.outcome is Outcome.FAILED}


@pytest.mark.timeout(180)
async def test_every_planted_fault_is_found(tmp_path: Path) -> None:
    turns = asyncio.Semaphore(AT_ONCE)

    async def look(number: int, name: str) -> bool:
        fault = FAULTS[name]
        folder = write_title(tmp_path / str(number), fault)
        async with turns:
            plan = NEVER_BEGINS if fault.finding == "start" else PLAN
            report = await check_title(folder, plan if fault.runs else CheckPlan(run=False), lambda words: None)
        return fault.finding in failed(report)

    found = await asyncio.gather(*(look(number, name) for number, name in enumerate(FAULTS)))
    assert dict(zip(FAULTS, found, strict=True)) == dict.fromkeys(FAULTS, True)


async def test_a_title_that_keeps_its_promises_passes_and_is_pictured(tmp_path: Path) -> None:
    folder = write_title(tmp_path / "good")
    plan = CheckPlan(
        first_picture_s=30.0, settle_s=0.5, measure_s=1.0, still_s=0.3, quit_s=10.0, frame_rate_share=0.1,
        screenshots=tmp_path / "shots",
    )  # fmt: skip
    report = await check_title(folder, plan, lambda words: None)
    assert failed(report) == set(), report
    assert all(finding.outcome is Outcome.PASSED for finding in report.findings)
    assert sorted(path.name for path in (tmp_path / "shots").iterdir()) == [
        "planted-keyboard.png",
        "planted-start.png",
    ]
    assert (tmp_path / "shots" / "planted-start.png").read_bytes().startswith(b"\x89PNG")


async def test_titles_are_checked_without_namespaces_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stage, "_walls", lambda: machine_walls(Profile.POD))
    plan = CheckPlan(first_picture_s=30.0, settle_s=0.2, measure_s=0.2, still_s=0.2, quit_s=10.0, react_s=0.5)
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        # Titles have a user of their own where the machine allows it.
        os.chmod(folder, 0o711)
        report = await check_title(write_title(Path(folder) / "good"), plan, lambda words: None)
    started = next(finding for finding in report.findings if finding.name == "start")
    assert started.outcome is Outcome.PASSED, report
    assert "saves" not in failed(report)
