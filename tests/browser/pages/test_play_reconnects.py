"""The way to the game is cut for five seconds, the broker stays: words meanwhile, then the same game goes on."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import expect

from tests.support.chromium import PlayPage
from tests.support.cut_media import cuttable_media
from tests.support.deadlines import until
from tests.support.farplay_process import FarplayProcess
from tests.support.key_presses import timed_presses
from tests.support.page_probe import ShownFrame, count_frames
from tests.support.player import OpenPlayer, play_title, session_id

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

CUT_S = 5.0
FPS = 60
RECONNECTED_MS = 8_000
"""Of a way that is mended in the middle of an attempt, on a busy machine; a second is usual."""


async def until_counted(play: PlayPage, *, keys: int, flips: int) -> ShownFrame:
    """Wait until the picture shows how many keys the title saw go down, and how many of them turned its block."""

    async def counted() -> ShownFrame | None:
        frame = await play.probe.newest()
        shown = frame is not None and frame.state is not None and (frame.state.keys_down, frame.presses)
        return frame if shown == (keys, flips) else None

    return await until(counted, 3, f"{keys} keys and {flips} turns of the block in the picture")


async def test_media_cut_for_five_seconds_comes_back_by_itself(up: FarplayProcess, open_player: OpenPlayer) -> None:
    async with open_player() as play, cuttable_media(play.page) as media:
        await play_title(play, up)
        session, loaded = session_id(play), await play.page.evaluate("performance.timeOrigin")
        assert len(await timed_presses(play, 3, seed=1)) == 3
        # Held over the cut: let go of while nobody is there, pressed again when the player is back.
        await play.page.keyboard.down("KeyK")
        before = await until_counted(play, keys=4, flips=3)

        media.cut()
        mended = asyncio.get_running_loop().time() + CUT_S
        await expect(play.page.get_by_role("heading", name="Connecting again")).to_be_visible()
        await expect(play.page.get_by_text("The game is still running.")).to_be_visible()
        await play.tap_key("KeyJ")
        await asyncio.sleep(mended - asyncio.get_running_loop().time())
        assert media.dropped > 0
        last = (await play.probe.frames())[-1]
        assert last.number is not None, "the last picture does not stay"
        mended_ms = await play.probe.now_ms()
        media.mend()
        await expect(play.page.locator("#screen")).to_be_hidden(timeout=RECONNECTED_MS)

        again = await until_counted(play, keys=5, flips=3)
        assert before.number is not None
        assert again.number is not None
        assert again.number - before.number > CUT_S * FPS / 2, "the game went on meanwhile"
        assert len(await timed_presses(play, 3, seed=2)) == 3
        await until_counted(play, keys=8, flips=6)
        assert count_frames(await play.probe.frames(mended_ms)).disordered == 0
        assert session_id(play) == session
        assert await play.page.evaluate("performance.timeOrigin") == loaded, "without a reload"
        assert await play.page.evaluate("window.farplay.stats().socket") == "welcomed"
