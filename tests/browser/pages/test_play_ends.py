"""Ends reached by what really causes them: each in words, with what to do about it."""

from __future__ import annotations

import pytest
from playwright.async_api import Browser, expect

from tests.support.chromium import PlayPage, play_page
from tests.support.deadlines import until
from tests.support.farplay_process import FarplayProcess
from tests.support.notebook import crash_notebook, open_notebook
from tests.support.player import OpenPlayer

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def ends_with(play: PlayPage, heading: str, words: str, button: str) -> None:
    await expect(play.page.get_by_role("heading", name=heading)).to_be_visible()
    await expect(play.page.get_by_text(words)).to_be_visible()
    await expect(play.page.get_by_role("button", name=button)).to_be_visible()
    await expect(play.page.get_by_role("link", name="All games")).to_be_visible()


async def test_a_crash_folds_its_last_words(up: FarplayProcess, open_player: OpenPlayer) -> None:
    async with open_player() as play:
        await open_notebook(play, up)
        await crash_notebook(play)
        await ends_with(play, "The game stopped", "The game crashed.", "Play again")
        trace = play.page.get_by_text("the notebook ran out of paper")
        await expect(trace).to_be_hidden()
        await play.page.get_by_text("last words").click()
        await expect(trace).to_be_visible()
        await expect(trace).to_contain_text("RuntimeError: no paper left")
        await play.page.get_by_role("button", name="Play again").click()
        await expect(play.page.locator("#screen")).to_be_hidden(timeout=15_000)


@pytest.mark.parametrize(
    ("lack", "words"),
    [
        ("RTCRtpReceiver.getCapabilities = () => ({ codecs: [] })", "cannot decode the video"),
        ("delete window.RTCPeerConnection", "has no WebRTC"),
    ],
)
async def test_a_browser_that_cannot_play_says_what_it_lacks(
    lack: str, words: str, up: FarplayProcess, open_player: OpenPlayer
) -> None:
    async with open_player() as play:
        await play.page.add_init_script(lack)
        await play.page.goto(f"{up.url}/play/testcard")
        await ends_with(play, "No picture in this browser", words, "Try again")


async def test_a_stranger_is_told_how_to_sign_in(up: FarplayProcess, browser: Browser) -> None:
    async with play_page(browser) as play:
        play.expected += ["401"]
        await play.page.goto(f"{up.url}/play/testcard")
        await ends_with(play, "Not open to you yet", "Open the link that farplay printed", "Try again")


async def test_no_way_for_media_leads_to_the_connectivity_check(up: FarplayProcess, open_player: OpenPlayer) -> None:
    async with open_player() as play:
        # Without addresses nothing can be sent, as behind a firewall; the clock runs fast, so attempts are short.
        await play.page.add_init_script(
            "const set = RTCPeerConnection.prototype.setRemoteDescription;"
            "RTCPeerConnection.prototype.setRemoteDescription = function ({ type, sdp }) {"
            "  return set.call(this, { type, sdp: sdp.replace(/^a=candidate.*\\r\\n/gm, '') });"
            "};"
        )
        await play.page.clock.install()
        await play.page.goto(f"{up.url}/play/testcard")
        heading = play.page.get_by_role("heading", name="No connection to the game")

        async def told() -> bool:
            await play.page.clock.run_for(1_000)
            return await heading.is_visible()

        await until(told, 20, "words about the network")
        await ends_with(play, "No connection to the game", "may block UDP", "Try again")
        link = play.page.get_by_role("link", name="Check the connection")
        assert await link.get_attribute("href") == "/check"
