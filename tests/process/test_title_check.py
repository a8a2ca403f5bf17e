"""``farplay title check`` finds each planted fault, and nothing in a title that keeps its promises."""

from __future__ import annotations

import asyncio
import os
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest

from farplay.titles.check.local import check_title
from render_node.conformance.plan import CheckPlan
from tests.support.broken_titles import FAULTS, write_title
from wire.sandbox import Profile
from wire.title_check import CheckReport, Outcome

pytestmark = pytest.mark.process

AT_ONCE = 6
PLAN = CheckPlan(first_picture_s=30.0, settle_s=0.5, measure_s=2.0, still_s=0.3, react_s=1.0, listen_s=0.3)
"""Shorter than a developer's: these titles are small, and nothing here is measured exactly. Only how soon a title
begins is left to the machine."""
NEVER_BEGINS = replace(PLAN, first_picture_s=5.0)
"""For titles that are to show no picture."""


def failed(report: CheckReport) -> set[str]:
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


async def test_titles_that_keep_their_promises_pass_and_are_pictured(tmp_path: Path) -> None:
    devices = {"pygame": ["keyboard", "mouse"], "sdk": ["keyboard"]}

    async def look(kind: str) -> CheckReport:
        plan = CheckPlan(
            first_picture_s=30.0, settle_s=0.5, measure_s=1.0, still_s=0.3, quit_s=10.0, state_s=20.0,
            frame_rate_share=0.1, devices_at_once=2, screenshots=tmp_path / "shots" / kind,
        )  # fmt: skip
        title = write_title(tmp_path / kind, sdk=kind == "sdk")
        manifest = (title / "title.toml").read_text().replace('["keyboard"]', str(devices[kind]).replace("'", '"'))
        (title / "title.toml").write_text(manifest)
        return await check_title(title, plan, lambda words: None)

    reports = dict(zip(devices, await asyncio.gather(*map(look, devices)), strict=True))
    for kind, report in reports.items():
        assert failed(report) == set(), report
        assert all(finding.outcome is Outcome.PASSED for finding in report.findings)
        assert ("state" in {finding.name for finding in report.findings}) == (kind == "sdk")
        shots = tmp_path / "shots" / kind
        assert {path.name for path in shots.iterdir()} == {
            f"planted-{step}.png" for step in ["start", *devices[kind]]
        }
        assert (shots / "planted-start.png").read_bytes().startswith(b"\x89PNG")


async def test_titles_are_checked_without_namespaces_too() -> None:
    plan = CheckPlan(
        first_picture_s=30.0, settle_s=0.2, measure_s=0.2, still_s=0.2, quit_s=10.0, react_s=0.5, sandbox=Profile.POD
    )
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        # Titles have a user of their own where the machine allows it.
        os.chmod(folder, 0o711)
        title = write_title(Path(folder) / "good")
        manifest = (title / "title.toml").read_text()
        (title / "title.toml").write_text(manifest.replace('devices = ["keyboard"]', "devices = []"))
        report = await check_title(title, plan, lambda words: None)
    started = next(finding for finding in report.findings if finding.name == "start")
    assert started.outcome is Outcome.PASSED, report
    assert "saves" not in failed(report)
