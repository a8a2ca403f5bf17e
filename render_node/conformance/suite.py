"""The whole check of one title: its files, then a run that is measured, then a fresh run for each device."""

from __future__ import annotations

import asyncio
import itertools
import os
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from render_node.conformance.device_check import check_device, play
from render_node.conformance.findings import judged, skipped
from render_node.conformance.gestures import reached_as
from render_node.conformance.live_checks import (
    check_drawing,
    check_memory,
    check_pace,
    check_quit,
    check_saves,
    check_size,
    check_sound,
    check_start,
)
from render_node.conformance.plan import CheckPlan
from render_node.conformance.processes import use_of
from render_node.conformance.screenshots import save_screenshot
from render_node.conformance.stage import Stage, on_stage
from render_node.conformance.state_check import STATE_KINDS, check_state
from render_node.conformance.static_checks import check_files
from wire.title_check import Finding, Outcome
from wire.title_manifest import InstalledTitle

MEMORY_EVERY_S = 0.5
_LIVE = ("start", "draws", "frame-rate", "cpu", "size", "quit", "memory", "sound", "saves")
Progress = Callable[[str], None]


async def check_installed(title: InstalledTitle, plan: CheckPlan, on_progress: Progress) -> list[Finding]:
    """Check a title whose files lie here; nothing of it is left running or written.

    Args:
        title: A title whose manifest has no faults.
        plan: How long, and where screenshots go.
        on_progress: Told in words what is being done.

    Raises:
        WireError: ``sandbox_unavailable``; every fault of the title itself is a finding.
    """
    with tempfile.TemporaryDirectory(prefix="farplay-check-") as scratch:
        # Where titles have a user of their own, it passes through here to its save folder.
        os.chmod(scratch, 0o711)
        on_progress("Looking at the files")
        findings = await asyncio.to_thread(check_files, title, Path(scratch))
        if plan.run:
            findings += await _Runs(title, plan, Path(scratch), on_progress).check()
        return findings


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
        has_state = self.title.manifest.kind in STATE_KINDS
        names += ["state"] if has_state else []
        self.on_progress("Running it without input")
        findings = await self._measure()
        if any(finding.outcome is Outcome.FAILED and finding.name in ("start", "draws") for finding in findings):
            return [*findings, *skipped(names, "it shows no picture"), *self._whole()]
        findings += await self._try_all(devices)
        if has_state:
            self.on_progress("Saving and loading its state")
            async with self._run("state", try_state=True) as stage:
                seen_as = [reached_as(device, self.title.manifest.about.touch_mode) for device in devices]
                findings.append(await check_state(stage, self.saves[-1], seen_as[:1], self.plan))
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

    async def _try_all(self, devices: Sequence[str]) -> list[Finding]:
        self.on_progress(f"Trying {', '.join(devices) or 'no devices'}")
        turns = asyncio.Semaphore(self.plan.devices_at_once)
        tries = [asyncio.create_task(self._try(device, turns)) for device in devices]
        try:
            return await asyncio.gather(*tries)
        finally:
            for each in tries:
                each.cancel()
            await asyncio.gather(*tries, return_exceptions=True)

    async def _try(self, device: str, turns: asyncio.Semaphore) -> Finding:
        manifest = self.title.manifest
        async with turns, self._run(device) as stage:
            start = await check_start(stage, self.plan)
            await stage.wait(self.plan.settle_s)
            if start.outcome is Outcome.FAILED or stage.end is not None:
                return judged(f"device-{device}", False, f"it did not run again: {start.words}", start.advice)
            seen_as = reached_as(device, manifest.about.touch_mode)
            numbers = itertools.count(1)
            finding = await check_device(
                stage, lambda: self._run(f"{device}-{next(numbers)}"), device, seen_as, self.plan
            )
            if manifest.about.sound and not self.heard:
                await play(stage, seen_as, self.plan.listen_s, until_heard=True)
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
    async def _run(self, name: str, *, try_state: bool = False) -> AsyncIterator[Stage]:
        saves = self.scratch / name
        saves.mkdir()
        self.saves.append(saves)
        async with on_stage(self.title, saves, self.plan.sandbox, try_state=try_state) as stage:
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
