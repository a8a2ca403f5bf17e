"""Unmodified programs that pygame itself ships, run by ``farplay title run`` and played with sound."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pygame
import pytest
from playwright.async_api import Browser

from farplay.titles.new_title import make_title
from tests.support.chromium import PlayPage, play_page
from tests.support.deadlines import until
from tests.support.farplay_process import FarplayProcess
from tests.support.page_probe import Luma

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

EXAMPLES = Path(pygame.__file__).parent / "examples"
CHANGED = 12
"""Mean difference of luma by which a moved thing shows in the place where it was."""


@asynccontextmanager
async def playing(browser: Browser, program: str, folder: Path) -> AsyncIterator[PlayPage]:
    """Run an example and open it, with sound on after a click."""
    run = FarplayProcess(["title", "run", str(EXAMPLES / program), "--json"], folder / "title_run.log")
    try:
        async with play_page(browser) as play:
            await play.page.goto(run.ready["play_url"])
            await until(lambda: play.page.evaluate("probe.frames.length > 5"), 15, "the picture")
            yield play
    finally:
        status = run.stop()
    assert status == 0, run.log_tail()
    assert not run.left_behind(), run.left_behind()


def region(luma: Luma, left: float, right: float, top: float, bottom: float) -> Luma:
    """Cut a part, given in shares, out of a picture."""
    height, width = luma.shape
    return luma[int(top * height) : int(bottom * height), int(left * width) : int(right * width)]


def difference(left: Luma, right: Luma) -> float:
    """Return the mean difference of two pictures' luma."""
    return float(np.mean(np.abs(left.astype(np.int16) - right.astype(np.int16))))


async def test_aliens_is_played_with_sound(browser: Browser, tmp_path: Path) -> None:
    async with playing(browser, "aliens.py", tmp_path) as play:
        (before,) = await play.probe.read_luma(1, 0)
        await play.page.keyboard.down("ArrowRight")

        async def car_left_its_place() -> bool:
            (now,) = await play.probe.read_luma(1, 0)
            place = (0.42, 0.58, 0.9, 1.0)
            return difference(region(before, *place), region(now, *place)) > CHANGED

        await until(car_left_its_place, 3, "the car, driven to the right")
        await play.page.keyboard.up("ArrowRight")
        await play.page.mouse.click(640, 200)

        async def music() -> bool:
            heard = await play.probe.listen()
            return heard is not None and heard.audible and heard.rms > 0.01

        await until(music, 5, "the game's music")


async def test_chimp_is_played_with_sound(browser: Browser, tmp_path: Path) -> None:
    async with playing(browser, "chimp.py", tmp_path) as play:
        await play.page.mouse.move(*await play.stage_point(0.2, 0.7))
        corner = (0.14, 0.26, 0.6, 0.9)
        (before,) = await play.probe.read_luma(1, 0)
        await play.page.mouse.move(*await play.stage_point(0.9, 0.7))

        async def fist_followed() -> bool:
            (now,) = await play.probe.read_luma(1, 0)
            return difference(region(before, *corner), region(now, *corner)) > CHANGED / 4

        await until(fist_followed, 3, "the fist, gone from where it was")

        async def punch() -> bool:
            await play.page.mouse.click(*await play.stage_point(0.5, 0.9))
            heard = await play.probe.listen()
            return heard is not None and heard.audible and heard.rms > 0.01

        await until(punch, 6, "the sound of a blow")


async def test_a_crash_is_told_to_the_developer_in_page_and_terminal(browser: Browser, tmp_path: Path) -> None:
    program = tmp_path / "boom.py"
    program.write_text("import pygame\npygame.display.set_mode((640, 360))\npygame.display.flip()\n1 / 0\n")
    run = FarplayProcess(["title", "run", str(program), "--json", "--port", "0"], tmp_path / "title_run.log")
    try:
        async with play_page(browser) as play:
            await play.page.goto(run.ready["play_url"])
            await play.page.locator("#screen_details summary").click(timeout=15_000)
            assert "The game crashed" in await play.words()
            assert "ZeroDivisionError" in await play.words()
        await until(lambda: told(run), 3, "the traceback in the terminal")
    finally:
        assert run.stop() == 0, run.log_tail()


async def told(run: FarplayProcess) -> bool:
    """Tell whether the terminal shows the traceback."""
    return "The game crashed" in run.log_tail() and "ZeroDivisionError" in run.log_tail()


async def test_a_game_starts_anew_in_its_page_when_its_developer_saves_a_file(
    browser: Browser, tmp_path: Path
) -> None:
    make_title(tmp_path / "mine", "pygame", title_id=None, name=None)
    program = tmp_path / "mine" / "main.py"
    async with playing(browser, str(tmp_path / "mine"), tmp_path) as play:
        address = play.page.url
        assert await shade_of(play) < 60
        program.write_text(program.read_text().replace("(18, 22, 40)", "(180, 190, 200)"))

        async def is_light() -> bool:
            return await shade_of(play) > 120

        await until(is_light, 10, "the changed game's picture")
        assert play.page.url != address, "it is another session"


async def shade_of(play: PlayPage) -> float:
    """Return the luma of the picture's lower right, where the small title draws nothing but its background."""
    (now,) = await play.probe.read_luma(1, 0)
    return float(np.median(region(now, 0.8, 1.0, 0.8, 1.0)))
