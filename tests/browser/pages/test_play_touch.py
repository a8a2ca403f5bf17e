"""Fingers on a phone: the pad that a title wishes for, several at once, arranged, or the picture itself; zooming."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.async_api import expect

from tests.support.chromium import PlayPage
from tests.support.farplay_process import FarplayProcess
from tests.support.notebook import Notes, open_notebook
from tests.support.player import OpenPlayer

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


APART, TOGETHER = (80, 240), (300, 30)
"""Distances of two fingers in pixels."""
PINCH_STEPS = 8


async def middle(play: PlayPage, part: str) -> tuple[float, float]:
    box = await play.page.locator(f"[data-part={part}]").bounding_box()
    assert box is not None
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


async def test_two_thumbs_on_the_pad_of_the_title(
    up: FarplayProcess, open_player: OpenPlayer, data_dir: Path
) -> None:
    notes = Notes(data_dir)
    async with open_player(phone=(844, 390)) as play:
        await open_notebook(play, up)
        await expect(play.page.locator("#touch_pad")).to_be_visible()
        assert await play.page.locator("[data-part]").count() == 6
        x, y = await middle(play, "dpad")
        right, a, b = (x + 40, y), await middle(play, "a"), await middle(play, "b")
        await play.touch("touchStart", [right])
        await play.touch("touchStart", [right, a])
        await notes.until(lambda rows: rows[-2:] == [("hat", [1, 0]), ("button", 0)], "right and A held together")
        await play.touch("touchMove", [right, b])
        await notes.until(lambda rows: sorted(rows[-2:]) == [("button", 1), ("button up", 0)], "a thumb rolled to B")
        await play.touch("touchEnd", [])
        await notes.until(lambda rows: ("hat", [0, 0]) in rows and ("button up", 1) in rows, "both thumbs lifted")
        assert notes.of("finger") == []


async def test_the_pad_is_arranged_and_stays_so(up: FarplayProcess, open_player: OpenPlayer, data_dir: Path) -> None:
    notes = Notes(data_dir)
    async with open_player(phone=(390, 844)) as play:
        await open_notebook(play, up)
        stage = await play.page.locator("#stage").bounding_box()
        assert stage is not None
        x, y = await middle(play, "a")
        assert y > stage["y"] + stage["height"]
        await play.page.tap("#handle")
        await play.page.get_by_role("button", name="Arrange the pad").tap()
        await play.touch("touchStart", [(x, y)])
        await play.touch("touchMove", [(x - 60, y + 50)])
        await play.touch("touchEnd", [])
        await play.page.get_by_label("Size").fill("1.5")
        moved = await middle(play, "a")
        assert moved == pytest.approx((x - 60, y + 50), abs=3)
        await play.page.get_by_role("button", name="Done").tap()
        assert notes.of("button") == []
        await play.page.reload()
        await expect(play.page.locator("#touch_pad")).to_be_visible()
        assert await middle(play, "a") == pytest.approx(moved, abs=1)
        kept = json.loads(await play.page.evaluate("localStorage.getItem('farplay.play')"))
        assert kept["touch"]["notebook"]["placings"]["portrait"]["a"]["scale"] == 1.5


async def test_the_picture_can_be_touched_instead(
    up: FarplayProcess, open_player: OpenPlayer, data_dir: Path
) -> None:
    notes = Notes(data_dir)
    async with open_player(phone=(844, 390)) as play:
        await open_notebook(play, up)
        await play.page.tap("#handle")
        await play.page.get_by_label("Touch the picture").check()
        await play.page.tap("#panel_close")
        await expect(play.page.locator("#touch_pad")).to_be_hidden()
        await play.touch("touchStart", [await play.stage_point(0.25, 0.75)])
        await play.touch("touchEnd", [])
        await notes.until(lambda rows: ("finger", [0.25, 0.75]) in rows, "a finger on the picture")


async def pinch(play: PlayPage, apart_px: tuple[int, int]) -> float:
    """Move two fingers from one distance to another, in the middle of the screen; return the zoom afterwards."""
    first, last = apart_px
    for step in range(PINCH_STEPS + 1):
        half = (first + (last - first) * step / PINCH_STEPS) / 2
        await play.touch("touchMove" if step else "touchStart", [(422 - half, 195), (422 + half, 195)])
    await play.touch("touchEnd", [])
    await play.page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
    return float(await play.page.evaluate("visualViewport.scale"))


async def test_two_fingers_play_on_the_picture_and_zoom_the_menu(
    up: FarplayProcess, open_player: OpenPlayer, data_dir: Path
) -> None:
    notes = Notes(data_dir)
    async with open_player(phone=(844, 390)) as play:
        await open_notebook(play, up)
        await play.page.tap("#handle")
        await play.page.get_by_label("Touch the picture").check()
        await play.page.tap("#panel_close")
        assert await pinch(play, APART) == 1
        await notes.until(lambda rows: sum(kind == "finger" for kind, _ in rows) == 2, "both fingers in the game")
        await play.page.tap("#handle")
        assert await pinch(play, APART) > 1.5
        await play.page.keyboard.press("Escape")
        await expect(play.page.locator("#panel")).to_be_hidden()
        assert await pinch(play, TOGETHER) == 1, "from a zoomed page two fingers lead back"
        assert await pinch(play, APART) == 1
