"""Twenty seconds in Firefox, which receives VP8 only here, driven over WebDriver BiDi.

Firefox does not stream over loopback addresses, so all of it runs in a network namespace with another address.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.farplay_process import ROOT, FarplayProcess
from tests.support.firefox_bidi import firefox_tab
from tests.support.own_network import own_network
from tests.support.page_probe import count_frames, press_and_see

pytestmark = pytest.mark.browser

PLAY_S = 20.0
PRESSES = 100


@pytest.fixture
def up_in_own_network(tmp_path: Path) -> Iterator[FarplayProcess]:
    arguments = ["title", "run", str(ROOT / "games/testcard"), "--json", "--media-host", "0.0.0.0"]
    with own_network():
        running = FarplayProcess(arguments, tmp_path / "title_run.log")
        yield running
        assert running.stop() == 0, running.log_tail()
        assert not running.left_behind(), running.left_behind()


@pytest.mark.timeout(90)
async def test_twenty_seconds(up_in_own_network: FarplayProcess) -> None:
    async with firefox_tab() as tab:
        await tab.goto(up_in_own_network.ready["play_url"])
        await tab.probe.until_playing()
        start_ms, before = await tab.probe.now_ms(), await tab.probe.video()
        seen = [await press_and_see(tab.probe, tab.tap_key) for _ in range(PRESSES)]
        await asyncio.sleep(max(0.0, PLAY_S - (await tab.probe.now_ms() - start_ms) / 1000))
        frames, after = count_frames(await tab.probe.frames(start_ms)), await tab.probe.video()

    assert sum(seen) == PRESSES
    assert frames.seconds >= PLAY_S - 1
    assert frames.disordered == 0
    assert frames.illegible == 0
    assert frames.repeat_share <= 0.03
    seconds = (after["timestamp"] - before["timestamp"]) / 1000
    assert (after["framesDecoded"] - before["framesDecoded"]) / seconds >= 45
    assert after["mimeType"] == "video/VP8"
