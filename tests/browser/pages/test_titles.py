"""Unmodified programs that pygame itself ships, run by ``farplay title run`` and played with sound."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pygame
import pytest
from playwright.async_api import Browser

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


RUNS = """
import pygame
screen, clock = pygame.display.set_mode((640, 360)), pygame.time.Clock()
while not pygame.event.get(pygame.QUIT):
    pygame.event.pump()
    screen.fill((clock.tick(60) * 9 % 256, 90, 160))
    pygame.display.flip()
"""
CRASHES = "import pygame\npygame.display.set_mode((640, 360))\npygame.display.flip()\n1 / 0\n"


async def test_a_saved_file_starts_the_game_anew_and_a_crash_is_told_in_page_and_terminal(
    browser: Browser, tmp_path: Path
) -> None:
    program = tmp_path / "boom.py"
    program.write_text(RUNS)
    run = FarplayProcess(["title", "run", str(program), "--json", "--port", "0"], tmp_path / "title_run.log")
    try:
        async with play_page(browser) as play:
            await play.page.goto(run.ready["play_url"])
            await until(lambda: play.page.evaluate("probe.frames.length > 5"), 15, "the picture")
            program.write_text(CRASHES)
            await play.page.locator("#screen_details summary").click(timeout=15_000)
            assert "The game crashed" in await play.words()
            assert "ZeroDivisionError" in await play.words()
        await until(lambda: told(run), 3, "the traceback in the terminal")
        assert "it starts anew in its page" in run.log_tail()
    finally:
        assert run.stop() == 0, run.log_tail()


async def told(run: FarplayProcess) -> bool:
    """Tell whether the terminal shows the traceback."""
    return "The game crashed" in run.log_tail() and "ZeroDivisionError" in run.log_tail()
