"""Nobody plays: a warning, a pause without media, and on with the next input."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.support.chromium import PlayPage
from tests.support.deadlines import until
from tests.support.farplay_process import FarplayProcess
from tests.support.notebook import AFK_PAUSE_S, Notes, open_notebook
from tests.support.player import OpenPlayer, sessions

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

DECODED = "window.farplay.stats().frames_decoded"


async def session_state(play: PlayPage, up: FarplayProcess) -> str:
    (session,) = await sessions(play, up)
    return str(session["state"])


async def test_a_game_without_input_pauses_and_goes_on(
    up: FarplayProcess, open_player: OpenPlayer, data_dir: Path
) -> None:
    notes = Notes(data_dir, "sleepy")
    async with open_player() as play:
        await open_notebook(play, up, "sleepy")
        await play.page.keyboard.down("KeyH")
        await expect(play.page.get_by_text("Are you still there?")).to_be_visible(timeout=AFK_PAUSE_S * 1000)
        pause = play.page.get_by_role("heading", name="Paused")
        await expect(pause).to_be_visible(timeout=AFK_PAUSE_S * 1000)
        await expect(play.page.get_by_text("ends by itself in 1 min")).to_be_visible()
        assert await session_state(play, up) == "paused"

        async def stands_still() -> bool:
            # The figure is read once a second.
            seen = await play.page.evaluate(DECODED)
            await asyncio.sleep(1.5)
            return bool(await play.page.evaluate(DECODED) == seen)

        await until(stands_still, 10, "no more frames")
        before = await play.page.evaluate(DECODED)
        await asyncio.sleep(2.5)  # Longer than a page bears silence that means a lost connection.
        assert await play.page.evaluate(DECODED) == before
        assert await play.page.evaluate("window.farplay.stats().state") == "playing"
        await play.page.keyboard.press("KeyG")
        await expect(pause).to_be_hidden()
        await until(lambda: play.page.evaluate(f"{DECODED} > {before} + 20"), 5, "frames after the pause")
        assert await session_state(play, up) == "running"
        for part in ("#handle", "#button_table"):
            await expect(play.page.locator(part), "nobody has moved the mouse").to_have_css("opacity", "0")
        await play.page.mouse.move(300, 300)
        for part in ("#handle", "#button_table"):
            await expect(play.page.locator(part)).not_to_have_css("opacity", "0")
        await notes.until(lambda rows: rows[-1][0] in ("key", "text"), "the key that ended the pause")
        assert notes.of("key") == ["h", "g"]
