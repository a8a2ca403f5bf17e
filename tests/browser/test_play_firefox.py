"""Twenty seconds in Firefox, which receives VP8 only here, driven over WebDriver BiDi."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import StorageState

from tests.support.farplay_process import FarplayProcess
from tests.support.firefox_bidi import firefox_tab
from tests.support.page_probe import count_frames, press_and_see
from tests.support.player import OpenPlayer

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

PLAY_S = 20.0
PRESSES = 60


@pytest.mark.timeout(90)
async def test_twenty_seconds(up: FarplayProcess, owner: StorageState, open_player: OpenPlayer) -> None:
    async with firefox_tab() as tab:
        for cookie in owner["cookies"]:
            await tab.set_cookie(up.url, cookie["name"], cookie["value"])
        await tab.goto(f"{up.url}/play/testcard")
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
