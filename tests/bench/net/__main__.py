"""``python -m tests.bench.net``: the real product over bad networks, judged by the bars of ``bars.py``.

Broker, node and the hard test card run in one network namespace, a headless Chromium in another; the link between
them is shaped in user space. Needs root and ``/dev/net/tun``.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Browser, StorageState

from tests.bench.net import report
from tests.bench.net.reading import NetReading, read_run
from tests.bench.net.recording import record
from tests.bench.net.scenarios import SCENARIOS, Scenario
from tests.bench.net.timeline import timeline
from tests.bench.reference import superfast_ms
from tests.bench.streams import farplay_up
from tests.network.packet_log import read_log
from tests.network.shaped_link import ShapedLink, shaped_link
from tests.network.shaper import SERVER_ADDRESS
from tests.support.chromium import chromium, play_page, trust_flag
from tests.support.deadlines import until
from tests.support.farplay_process import FarplayProcess

DEFAULT_FOLDER = Path("bench-results/net")
WHO_AM_I = "/api/v1/me"
LAN = ("--lan", "--lan-port", "0", "--host", SERVER_ADDRESS, "--media-host", SERVER_ADDRESS, "--no-bundled")


@asynccontextmanager
async def lab(folder: Path, seed: int) -> AsyncIterator[tuple[ShapedLink, FarplayProcess, Browser, StorageState]]:
    """Run Farplay in the server's namespace and a Chromium, signed in, in the client's."""
    with shaped_link(folder / "link.log", seed) as link, link.server(), farplay_up(folder, *LAN) as up, link.client():
        async with chromium(trust_flag(up.ready["https_url"])) as browser:
            yield link, up, browser, await sign_in_from_outside(browser, up)


async def sign_in_from_outside(browser: Browser, up: FarplayProcess) -> StorageState:
    """Redeem the link for other devices; the page asks who it is, since only the browser trusts the server's key."""
    async with play_page(browser) as play:
        play.expected.append(WHO_AM_I)
        await play.page.goto(up.ready["device_url"])
        asked = f"fetch('{WHO_AM_I}').then(answer => answer.ok)"
        await until(lambda: play.page.evaluate(asked), 10, "the owner's sign-in")
        return await play.context.storage_state()


async def play_all(scenarios: Sequence[Scenario], seconds: float, index: int, out: Path) -> dict[str, NetReading]:
    """Play each scenario once."""
    readings: dict[str, NetReading] = {}
    with tempfile.TemporaryDirectory(prefix="farplay-net-") as name:
        folder = Path(name)
        async with lab(folder, index) as (link, up, browser, owner):
            for scenario in scenarios:
                run = await record(browser, owner, up.ready["https_url"], link, scenario, seconds=seconds, seed=index)
                log = read_log(folder / "link.log")
                reading = readings[scenario.name] = read_run(run, log)
                report.plot(
                    scenario.name, scenario.words, timeline(run, log), out / f"{scenario.name}-{index + 1}.png"
                )
                shown = reading.shown_ms
                print(
                    f"run {index + 1} {scenario.name}: shown after p50 {shown.p50:.1f} p99 {shown.p99:.1f} ms, "
                    f"{reading.freezes} freezes, {reading.rtp_bps / 1e6:.2f} Mbit/s"
                    + "".join(f"\n  page: {each}" for each in run.complaints),
                    file=sys.stderr,
                )
    return readings


async def main() -> int:
    """Run the bench; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    names = [each.name for each in SCENARIOS]
    parser.add_argument("--scenario", action="append", choices=names, help="play this one; may be given again")
    parser.add_argument("--seconds", type=float, default=120, help="of each scenario")
    parser.add_argument("--runs", type=int, default=3, help="the median of these is judged")
    parser.add_argument("--out", type=Path, default=DEFAULT_FOLDER, help="folder for JSON, tables and plots")
    chosen = parser.parse_args()
    if os.geteuid() != 0:
        parser.error("making network namespaces needs root")
    chosen.out.mkdir(parents=True, exist_ok=True)
    scenarios = [each for each in SCENARIOS if chosen.scenario is None or each.name in chosen.scenario]
    runs: dict[str, list[NetReading]] = {each.name: [] for each in scenarios}
    superfast = []
    for index in range(chosen.runs):
        superfast.append(superfast_ms())
        for name, reading in (await play_all(scenarios, chosen.seconds, index, chosen.out)).items():
            runs[name].append(reading)
    return 0 if report.write(runs, superfast, chosen.out) else 1


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
