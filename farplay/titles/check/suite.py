"""The whole check of one title: its files, then a run that is measured, then a fresh run for each device."""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from farplay.failures import CommandFailure
from farplay.title_folders import load_title, require_python
from farplay.titles.check.device_check import check_device, play_until_heard
from farplay.titles.check.findings import Finding, Outcome, Report, judged, skipped
from farplay.titles.check.gestures import reached_as
from farplay.titles.check.live_checks import (
    check_drawing,
    check_memory,
    check_pace,
    check_quit,
    check_saves,
    check_size,
    check_sound,
    check_start,
)
from farplay.titles.check.plan import CheckPlan
from farplay.titles.check.processes import use_of
from farplay.titles.check.screenshots import save_screenshot
from farplay.titles.check.stage import Stage, on_stage
from farplay.titles.check.static_checks import check_files
from farplay.titles.wheels.prepare import prepare_wheels
from wire.errors import WireError
from wire.title_manifest import InstalledTitle

MEMORY_EVERY_S = 0.5
_LIVE = ("start", "draws", "frame-rate", "cpu", "size", "quit", "memory", "sound", "saves")
Progress = Callable[[str], None]


async def check_title(path: Path, plan: CheckPlan, on_progress: Progress) -> Report:
    """Check a title; nothing of it is left running or written.

    Args:
        path: Its folder.
        plan: How long, and where screenshots go.
        on_progress: Told in words what is being done.

    Raises:
        WireError: ``sandbox_unavailable``; every fault of the title itself is a finding.
    """
    began_s = time.monotonic()
    try:
        lock = await asyncio.to_thread(prepare_wheels, path, on_progress)
        title = load_title(path)
        if plan.run:
            require_python(title.manifest)
    except CommandFailure as failure:
        finding = judged("packages", False, failure.words, failure.advice)
        return Report(str(path), (finding,), time.monotonic() - began_s)
    except WireError as error:
        advice = f"{error.detail}\nCorrect every line; docs/title-toml.md lists the fields."
        finding = judged("manifest", False, "it cannot be run as it is", advice)
        return Report(str(path), (finding,), time.monotonic() - began_s)
    findings = [judged("manifest", True, "title.toml has no faults", "")]
    if title.runtime:
        runtime = title.manifest.runtime
        findings.append(judged("runtime", True, f"{runtime}, {runtime.archive_bytes / 2**20:.2f} MiB", ""))
    if lock is not None:
        wheels = ", ".join(f"{wheel.name} {wheel.version}" for wheel in lock.wheels)
        findings.append(judged("packages", True, wheels or "all of them come with its kind", ""))
    with tempfile.TemporaryDirectory(prefix="farplay-check-") as scratch:
        # Where titles have a user of their own, it passes through here to its save folder.
        os.chmod(scratch, 0o711)
        on_progress("Looking at the files")
        findings += await asyncio.to_thread(check_files, title, Path(scratch))
        if not plan.run:
            return Report(title.manifest.id, tuple(findings), time.monotonic() - began_s)
        findings += await _Runs(title, plan, Path(scratch), on_progress).check()
    return Report(title.manifest.id, tuple(findings), time.monotonic() - began_s)


@dataclass
class _Runs:
    """All runs of one title."""

    title: InstalledTitle
    plan: CheckPlan
    scratch: Path
    on_progress: Progress
    saves: list[Path] = field(default_factory=list)
    peak_bytes: int = 0
    heard: bool = False

    async def check(self) -> list[Finding]:
        """Return the findings of all runs."""
        devices = self.title.manifest.about.devices
        names = [f"device-{device}" for device in devices]
        self.on_progress("Running it without input")
        findings = await self._measure()
        if any(finding.outcome is Outcome.FAILED and finding.name in ("start", "draws") for finding in findings):
            return [*findings, *skipped(names, "it shows no picture"), *self._whole()]
        for device in devices:
            self.on_progress(f"Trying the {device}")
            findings.append(await self._try(device))
        return [*findings, *self._whole()]

    async def _measure(self) -> list[Finding]:
        async with self._run("start") as stage:
            findings = [await check_start(stage, self.plan)]
            if findings[-1].outcome is Outcome.PASSED:
                findings.append(await check_drawing(stage, self.plan))
            if findings[-1].outcome is Outcome.PASSED:
                findings += await check_pace(stage, self.title.manifest, self.plan)
                findings.append(check_size(stage, self.title.manifest))
            self._picture(stage, "start")
            if stage.end is None:
                findings.append(await check_quit(stage, self.plan))
        seen = {finding.name for finding in findings} | {"memory", "sound", "saves"}
        return findings + skipped([name for name in _LIVE if name not in seen], "it did not run that far")

    async def _try(self, device: str) -> Finding:
        manifest = self.title.manifest
        async with self._run(device) as stage:
            start = await check_start(stage, self.plan)
            await stage.wait(self.plan.settle_s)
            if start.outcome is Outcome.FAILED or stage.end is not None:
                return judged(f"device-{device}", False, f"it did not run again: {start.words}", start.advice)
            seen_as = reached_as(device, manifest.about.touch_mode)
            finding = await check_device(stage, device, seen_as, self.plan)
            if manifest.about.sound and not self.heard:
                await play_until_heard(stage, seen_as, self.plan)
            self._picture(stage, device)
            return finding

    def _whole(self) -> list[Finding]:
        manifest = self.title.manifest
        whole = [check_sound(self.heard, manifest), check_saves(self.saves, manifest)]
        return [check_memory(self.peak_bytes, manifest), *whole] if self.peak_bytes else whole

    def _picture(self, stage: Stage, step: str) -> None:
        if self.plan.screenshots is not None:
            save_screenshot(stage, self.plan.screenshots / f"{self.title.manifest.id}-{step}.png")

    @asynccontextmanager
    async def _run(self, name: str) -> AsyncIterator[Stage]:
        saves = self.scratch / name
        saves.mkdir()
        self.saves.append(saves)
        async with on_stage(self.title, saves) as stage:
            watching = asyncio.create_task(self._watch_memory(stage))
            try:
                yield stage
            finally:
                watching.cancel()
                self.heard = self.heard or stage.heard

    async def _watch_memory(self, stage: Stage) -> None:
        while True:
            use = await asyncio.to_thread(use_of, stage.process.pid)
            self.peak_bytes = max(self.peak_bytes, use.memory_bytes)
            await asyncio.sleep(MEMORY_EVERY_S)
