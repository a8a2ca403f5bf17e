"""The play page's menu: by mouse, keys and pad; what it changes, and that it is kept on the device."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.support.chromium import PlayPage
from tests.support.deadlines import until
from tests.support.farplay_process import FarplayProcess
from tests.support.notebook import Notes, open_notebook
from tests.support.player import OpenPlayer, play_title

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

HUMAN_HOLD = "new Promise(done => setTimeout(done, 100))"
"""Nobody lets go of a button and presses it again sooner; pads are only looked at."""
SETTINGS = "localStorage.getItem('farplay.play')"


async def stats(play: PlayPage, name: str) -> object:
    return await play.page.evaluate(f"window.farplay.stats().{name}")


async def until_frames(play: PlayPage, what: str, *, at_least: int = 0, at_most: int = 60_000) -> None:
    """Wait for frames of this size on average: unlike the bitrate they do not depend on a busy machine's rate."""
    sizes = "window.farplay.stats().frames.slice(-20).filter(f => !f.keyframe).map(f => f.size_bytes)"

    async def holds() -> bool:
        recent = await play.page.evaluate(sizes)
        return len(recent) >= 15 and at_least <= sum(recent) / len(recent) <= at_most

    await until(holds, 15, what)


async def test_sound_quality_and_figures_are_kept_on_the_device(up: FarplayProcess, open_player: OpenPlayer) -> None:
    async with open_player() as play:
        await play.page.add_init_script(
            "localStorage.getItem('farplay.play') || localStorage.setItem('farplay.play', '{')"
        )
        await open_notebook(play, up)
        await play.page.keyboard.press("KeyN")
        await until_frames(play, "automatic quality", at_least=7_600)
        await play.page.click("#handle")
        await expect(play.page.locator("#panel")).to_be_visible()
        await play.page.get_by_role("slider").fill("35")
        await play.page.get_by_role("button", name="Mute").click()
        await play.page.get_by_label("Data saver").check()
        await play.page.get_by_label("A dot").check()
        assert await play.page.evaluate("[sound.volume, sound.muted]") == [0.35, True]
        await expect(play.page.locator("#dot")).to_contain_text("ms")
        await until_frames(play, "the data saver's bound", at_most=7_500)
        await play.page.reload()
        assert await play.page.evaluate("[sound.volume, sound.muted]") == [0.35, True]
        await expect(play.page.locator("#dot")).to_be_visible()
        await until_frames(play, "the same bound after a reload", at_most=7_500)
        kept = json.loads(await play.page.evaluate(SETTINGS))
        assert kept["version"] == 1
        assert kept["quality"] == "saver"


async def test_the_menu_takes_the_keys_and_gives_them_back(
    up: FarplayProcess, open_player: OpenPlayer, data_dir: Path
) -> None:
    notes = Notes(data_dir)
    async with open_player() as play:
        await open_notebook(play, up)
        await play.page.keyboard.press("KeyG")
        await notes.until(lambda rows: ("key", "g") in rows, "a key before the menu")
        await play.page.keyboard.down("Escape")
        await expect(play.page.locator("#panel")).to_be_visible()
        await play.page.keyboard.up("Escape")
        await play.page.keyboard.press("Tab")
        await play.page.keyboard.press("KeyH")
        assert await play.page.evaluate("document.getElementById('panel').contains(document.activeElement)")
        await play.page.keyboard.press("Escape")
        await play.page.keyboard.press("KeyJ")
        await expect(play.page.locator("#panel")).to_be_hidden()
        await notes.until(lambda rows: ("key", "j") in rows, "a key after the menu")
        assert notes.of("key") == ["g", "escape", "j"]


async def test_leaving_keeps_the_game_and_ending_asks_twice(up: FarplayProcess, open_player: OpenPlayer) -> None:
    async with open_player() as play:
        await play_title(play, up)
        number = (await play.probe.until_playing()).number
        await play.page.click("#handle")
        await play.page.get_by_role("button", name="Leave", exact=True).click()
        await expect(play.page.get_by_role("heading", name="You left the game")).to_be_visible()
        await expect(play.page.locator("#panel")).to_be_hidden()
        await play.page.get_by_role("button", name="Continue").click()
        continued = (await play.probe.until_playing()).number
        assert number is not None
        assert continued is not None
        assert continued > number
        await play.page.click("#handle")
        await play.page.get_by_role("button", name="End the game").click()
        assert await stats(play, "state") == "playing"
        await play.page.get_by_role("button", name="Press again to end").click()
        await expect(play.page.get_by_text("You ended the game.")).to_be_visible()


async def test_full_screen_asks_for_the_keys_and_keeps_the_screen_awake(
    up: FarplayProcess, open_player: OpenPlayer
) -> None:
    async with open_player() as play:
        await play.page.add_init_script(
            "window.asked = [];"
            "Keyboard.prototype.lock = async () => { asked.push('keys'); };"
            "WakeLock.prototype.request = async () => { asked.push('awake'); return { released: false }; };"
        )
        await play_title(play, up)
        await play.page.click("#handle")
        await play.page.get_by_role("button", name="Full screen").click()
        await until(lambda: play.page.evaluate("document.fullscreenElement !== null"), 3, "full screen")
        await until(lambda: play.page.evaluate("asked.includes('keys') && asked.includes('awake')"), 3, "the locks")
        await play.page.get_by_role("button", name="Leave full screen").click()
        await until(lambda: play.page.evaluate("document.fullscreenElement === null"), 3, "the window")


async def test_a_pad_plays_remapped_rumbles_and_works_the_menu(
    up: FarplayProcess, open_player: OpenPlayer, data_dir: Path
) -> None:
    notes = Notes(data_dir)
    async with open_player(pads=True) as play:

        async def press(*buttons: int) -> None:
            await play.page.evaluate(f"fakeGamepads.set(0, {list(buttons)}, [0, 0, 0, 0])")

        await open_notebook(play, up)
        await press()
        await expect(play.page.get_by_text("Gamepad 1 connected: Test pad")).to_be_visible()
        await press(0)
        await notes.until(lambda rows: ("button", 0) in rows, "button A")
        await until(lambda: play.page.evaluate("fakeGamepads.rumbles.length > 0"), 3, "a rumble")
        (rumble,) = await play.page.evaluate("fakeGamepads.rumbles")
        assert rumble["kind"] == "dual-rumble"
        assert rumble["duration"] == 300
        assert abs(rumble["strongMagnitude"] - 0.25) < 0.001
        assert rumble["weakMagnitude"] == 1.0

        await press()
        await press(8, 9)
        await expect(play.page.locator("#panel")).to_be_visible()
        await press()
        await play.page.get_by_role("button", name="Buttons").click()
        await play.page.locator('[data-button="b"]').click()
        await expect(play.page.get_by_text("that shall be “B”")).to_be_visible()
        await play.page.evaluate(HUMAN_HOLD)
        await press(0)
        await expect(play.page.locator('[data-button="b"]')).to_contain_text("Button 1")
        await expect(play.page.locator('[data-button="a"]')).to_contain_text("Button 2")
        await expect(play.page.locator("#panel")).to_be_visible()
        await press()
        await play.page.evaluate(HUMAN_HOLD)
        await press(0)  # B by now, which closes the menu.
        await expect(play.page.locator("#panel")).to_be_hidden()
        assert 1 not in notes.of("button")
        await press()
        await play.page.evaluate(HUMAN_HOLD)
        await press(0)
        await notes.until(lambda rows: rows[-1] == ("button", 1), "button B by the first button")
        assert notes.of("button").count(1) == 1
        await play.page.evaluate("fakeGamepads.remove(0)")
        await expect(play.page.get_by_text("Gamepad 1 disconnected: Test pad")).to_be_visible()
