"""The pictures of README and docs, taken of the real pages; ``make pictures`` puts them where the docs show them."""

from __future__ import annotations

import asyncio
import os
import random
from pathlib import Path

import pytest
from playwright.async_api import Locator, ViewportSize, expect

from farplay.title_folders import bundled_titles
from tests.support.farplay_process import ROOT, FarplayProcess
from tests.support.game_players import GAMES, best_picture, fight
from tests.support.library_page import Catalogue, change_catalogue, open_library
from tests.support.notebook import crash_notebook, open_notebook
from tests.support.player import OpenPlayer, open_game

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

FOLDER = ROOT / "test-results" / "pictures"
LEAST_BYTES = 20_000
"""An empty page compresses to less."""
PLAYED_S = float(os.environ.get("TEST_PICTURES_PLAYED_S", "1"))
"""Seconds that a game is played for its picture; a good one takes longer than a test should."""
BUNDLED = {each.manifest.id for each in bundled_titles()}


@pytest.fixture
def pictures() -> Path:
    FOLDER.mkdir(parents=True, exist_ok=True)
    return FOLDER


def as_a_newcomer_sees_it(titles: Catalogue) -> Catalogue:
    """Return the titles that come with Farplay, never played."""
    return [{**title, "last_played_ms": None} for title in titles if title["id"] in BUNDLED]


async def middle_of(part: Locator) -> tuple[float, float]:
    """Return the page position of an element's middle."""
    box = await part.bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


@pytest.mark.parametrize("title_id", GAMES)
async def test_a_game_while_it_is_played(
    title_id: str, up: FarplayProcess, open_player: OpenPlayer, pictures: Path
) -> None:
    async with open_player() as play:
        await open_game(play, up, title_id)
        picture = await best_picture(play, title_id, PLAYED_S)
    assert len(picture) > LEAST_BYTES
    (pictures / f"{title_id}.jpg").write_bytes(picture)


async def test_play_page_with_figures(up: FarplayProcess, open_player: OpenPlayer, pictures: Path) -> None:
    async with open_player() as play:
        await open_game(play, up, "cinderwake")
        await play.page.keyboard.press("Control+Alt+KeyS")
        picture = await best_picture(play, "cinderwake", PLAYED_S)
        assert await play.page.locator("#figures_stages").is_visible()
        assert "Input to picture" in await play.words()
    assert len(picture) > LEAST_BYTES
    (pictures / "play.jpg").write_bytes(picture)


async def test_touch_pad_on_a_phone(up: FarplayProcess, open_player: OpenPlayer, pictures: Path) -> None:
    async with open_player(phone=(844, 390)) as play:
        await open_game(play, up, "cinderwake")
        stick, button = play.page.locator("[data-part=left_stick]"), play.page.locator("[data-part=a]")
        await expect(stick).to_be_visible()
        thumbs = [await middle_of(each) for each in (stick, button)]
        for _ in range(2):
            await play.touch("touchStart", [thumbs[1]])
            await asyncio.sleep(0.1)
            await play.touch("touchEnd", [])
            await asyncio.sleep(0.4)
        await asyncio.sleep(min(PLAYED_S, 8.0))
        (x, y), dash = thumbs
        await play.touch("touchStart", [(x, y)])
        await play.touch("touchMove", [(x + 30, y - 18)])
        await asyncio.sleep(0.4)
        await play.touch("touchStart", [(x + 30, y - 18), dash])
        await asyncio.sleep(0.15)
        await play.page.screenshot(path=pictures / "touch.png")
        await play.touch("touchEnd", [])
    assert (pictures / "touch.png").stat().st_size > LEAST_BYTES


async def test_a_game_that_crashed(up: FarplayProcess, open_player: OpenPlayer, pictures: Path) -> None:
    async with open_player() as play:
        await open_notebook(play, up)
        await crash_notebook(play)
        await play.page.get_by_text("last words").click()
        await play.page.screenshot(path=pictures / "error.png")
    assert (pictures / "error.png").stat().st_size > LEAST_BYTES


@pytest.mark.parametrize(
    ("name", "width", "height", "language"),
    [("library", 1280, 800, "en"), ("library-phone", 390, 844, "en"), ("library-zh", 1280, 800, "zh")],
)
async def test_library(
    name: str, width: int, height: int, language: str, up: FarplayProcess, open_player: OpenPlayer, pictures: Path
) -> None:
    async with open_player(touch=width < 500) as play:
        await play.page.set_viewport_size(ViewportSize(width=width, height=height))
        await change_catalogue(play.page, as_a_newcomer_sees_it)
        await open_library(play.page, up.url)
        await play.page.locator(f'[data-language="{language}"]').click()
        await play.page.mouse.move(0, 0)
        await play.page.evaluate("Promise.all([...document.images].map(image => image.decode()))")
        await play.page.screenshot(path=pictures / f"{name}.png")
    assert (pictures / f"{name}.png").stat().st_size > LEAST_BYTES


async def test_a_device_is_added(up: FarplayProcess, open_player: OpenPlayer, pictures: Path) -> None:
    async with open_player() as laptop:
        await laptop.page.goto(f"{up.url}/devices")
        await laptop.page.get_by_role("button", name="Show the code").click()
        await laptop.page.get_by_role("img", name="QR code of the sign-in link").wait_for()
        await laptop.page.screenshot(path=pictures / "add-device.png")
    assert (pictures / "add-device.png").stat().st_size > LEAST_BYTES


async def test_operator_page(up: FarplayProcess, open_player: OpenPlayer, pictures: Path) -> None:
    async with open_player() as play, open_player() as desk:
        api, headers = f"{up.url}/api/v1/sessions", {"Origin": up.url}
        made = await play.context.request.post(api, data={"title_id": "lanternpond"}, headers=headers)
        ended = (await made.json())["session_id"]
        await play.context.request.delete(f"{api}/{ended}", headers=headers)
        await open_game(play, up, "cinderwake")
        for n in range(8):
            await fight(play, random.Random(n))
        await desk.page.set_viewport_size({"width": 1280, "height": 800})
        await desk.page.goto(f"{up.url}/operator")
        await expect(desk.page.locator("#sessions .cell_delay")).to_contain_text(" ms", timeout=15_000)
        await expect(desk.page.locator(f'#ended tr[data-key="{ended}"]')).to_be_visible(timeout=15_000)
        await expect(desk.page.locator("#sessions .trend")).to_be_visible(timeout=15_000)
        await desk.page.screenshot(path=pictures / "operator.png")
    assert (pictures / "operator.png").stat().st_size > LEAST_BYTES


async def test_check_page(up: FarplayProcess, open_player: OpenPlayer, pictures: Path) -> None:
    async with open_player() as play:
        await play.page.goto(f"{up.url}/check")
        await expect(play.page.locator("#again")).to_be_enabled(timeout=25_000)
        await play.page.screenshot(path=pictures / "check.png", full_page=True)
    assert (pictures / "check.png").stat().st_size > LEAST_BYTES
