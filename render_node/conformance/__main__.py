"""Checks one title for a node, as a process of its own that ends with the agent: its load stays off the agent's loop.

The order comes on standard input as JSON. The report is written last, so whoever finds it finds all pictures.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from pathlib import Path

from render_node.agent.io.parent_death import die_with_parent
from render_node.conformance.findings import judged
from render_node.conformance.order import REPORT_FILE, CheckOrder
from render_node.conformance.plan import CheckPlan
from render_node.conformance.suite import check_installed
from wire.errors import WireError
from wire.sandbox import Profile, Trust
from wire.schema import encode
from wire.title_check import CheckReport
from wire.title_manifest import MANIFEST_FILE, InstalledTitle, parse_manifest


def main() -> None:
    """Run the check; exits with words on standard error if there is no sandbox."""
    order = CheckOrder(**json.load(sys.stdin))
    die_with_parent(order.agent_pid)
    os.umask(0o077)
    out = Path(order.out)
    try:
        report = _check(order, out)
    except WireError as error:
        raise SystemExit(error.detail) from error
    (out / f"{REPORT_FILE}.new").write_text(encode(report), "utf-8")
    (out / f"{REPORT_FILE}.new").replace(out / REPORT_FILE)


def _check(order: CheckOrder, out: Path) -> CheckReport:
    began_s = time.monotonic()
    manifest = parse_manifest(Path(order.folder, MANIFEST_FILE).read_text("utf-8"))
    title = InstalledTitle(manifest, order.folder, Trust(order.trust), order.runtime)
    plan = CheckPlan(sandbox=Profile(order.profile), screenshots=out)
    findings = [judged("manifest", True, "title.toml has no faults", "")]
    findings += asyncio.run(check_installed(title, plan, lambda words: None))
    return CheckReport(manifest.id, tuple(findings), time.monotonic() - began_s)


if __name__ == "__main__":
    main()
