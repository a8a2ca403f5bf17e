"""The check of a title in a folder of this machine: its packages are found and its manifest is read first."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path

from farplay.failures import CommandFailure
from farplay.title_folders import load_title, require_python
from farplay.titles.wheels.prepare import prepare_wheels
from render_node.conformance.findings import judged
from render_node.conformance.plan import CheckPlan
from render_node.conformance.suite import Progress, check_installed
from wire.errors import WireError
from wire.title_check import CheckReport


async def check_title(path: Path, plan: CheckPlan, on_progress: Progress) -> CheckReport:
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
        return CheckReport(str(path), (finding,), time.monotonic() - began_s)
    except WireError as error:
        advice = f"{error.detail}\nCorrect every line; docs/title-toml.md lists the fields."
        finding = judged("manifest", False, "it cannot be run as it is", advice)
        return CheckReport(str(path), (finding,), time.monotonic() - began_s)
    findings = [judged("manifest", True, "title.toml has no faults", "")]
    if title.runtime:
        runtime = title.manifest.runtime
        findings.append(judged("runtime", True, f"{runtime}, {runtime.archive_bytes / 2**20:.2f} MiB", ""))
    if lock is not None:
        wheels = ", ".join(f"{wheel.name} {wheel.version}" for wheel in lock.wheels)
        findings.append(judged("packages", True, wheels or "all of them come with its kind", ""))
    findings += await check_installed(title, plan, on_progress)
    return CheckReport(title.manifest.id, tuple(findings), time.monotonic() - began_s)
