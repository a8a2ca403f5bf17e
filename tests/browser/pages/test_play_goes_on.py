"""The picture stops and the same game goes on: its way is cut for five seconds, or nobody plays; words meanwhile."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.support.chromium import PlayPage
from tests.support.cut_media import cuttable_media
from tests.support.deadlines import until
from tests.support.farplay_process import FarplayProcess
from tests.support.key_presses import timed_presses
from tests.support.notebook import AFK_PAUSE_S, Notes, open_notebook
from tests.support.page_probe import ShownFrame, count_frames
from tests.support.player import OpenPlayer, play_title, session_id, sessions

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

CUT_S = 5.0
FPS = 60
RECONNECTED_MS = 8_000
"""Of a way that is mended in the middle of an attempt, on a busy machine; a second is usual."""
DECODED = "window.farplay.stats().frames_decoded"


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
