"""The product over two bad networks for some seconds each: it plays on, loses no key, fills no queue for long.

What the figures should be on a machine of its own is ``make bench-net``'s to judge; these bars hold on a busy one.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.bench.net.__main__ import lab
from tests.bench.net.reading import NetReading, read_run
from tests.bench.net.recording import record
from tests.bench.net.scenarios import SCENARIOS
from tests.network.packet_log import read_log

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(os.geteuid() != 0 or not os.path.exists("/dev/net/tun"), reason="needs root and /dev/net/tun"),
]

SECONDS = {"loss5": 4.0, "steps": 8.0}
LOSS_SEED = 5


@pytest.mark.timeout(120)
async def test_it_plays_on_over_bad_networks(tmp_path: Path) -> None:
    readings: dict[str, NetReading] = {}
    async with lab(tmp_path, LOSS_SEED) as (link, up, browser, owner):
        for scenario in (each for each in SCENARIOS if each.name in SECONDS):
            seconds = SECONDS[scenario.name]
            run = await record(
                browser, owner, up.ready["https_url"], link, scenario, seconds=seconds, seed=LOSS_SEED
            )  # fmt: skip
            readings[scenario.name] = read_run(run, read_log(tmp_path / "link.log"))
    for name, read in readings.items():
        shown, queue = read.shown_ms, read.queue_ms
        print(f"{name}: shown after {shown.p50:.0f}, p95 {shown.p95:.0f} ms; {read.decoded_fps:.1f} fps decoded")
        print(f"  longest gap {read.longest_freeze_ms:.0f} ms, lost {read.lost}, queue p95 {queue.p95:.0f} ms")
        print(f"  RTP share {read.rtp_share:.0%}, settled {read.settled_s:.1f} s, used {read.used_s:.1f} s")
        assert read.presses > 5
        assert read.edges_lost == 0, name
        assert read.peers == 1, f"{name}: the page gave a connection up"
        assert read.decoded_fps > 20, name
        assert read.longest_freeze_ms < 1500, name
    assert readings["loss5"].lost > 40
    assert readings["steps"].settled_s < 2
