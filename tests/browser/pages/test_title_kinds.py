"""A title of every kind, played in a real Chromium, with sound.

Those that ship with Farplay are played as they are offered, the others by ``farplay title run``.
"""

from __future__ import annotations

import shutil
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import numpy as np
import pytest
from playwright.async_api import Browser

from tests.support.chromium import PlayPage, play_page
from tests.support.deadlines import until
from tests.support.farplay_process import ROOT, FarplayProcess
from tests.support.page_probe import Luma
from tests.support.player import OpenPlayer, open_game
from tests.support.small_wheel import RAYS, as_the_index, wheel
from tests.support.squares_rom import build_squares

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

PICTURES = ROOT / "test-results" / "kinds"
"""Where each test leaves what the player saw, for the eye."""
CHANGED = 4
"""Mean difference of luma by which a picture is another one."""


@asynccontextmanager
async def playing(browser: Browser, title: Path, folder: Path) -> AsyncIterator[PlayPage]:
    """Run a title and open it; at the end its picture is kept, and nothing of it may be left."""
    run = FarplayProcess(["title", "run", str(title), "--json", "--port", "0"], folder / "title_run.log")
    try:
        async with play_page(browser) as play:
            await play.page.goto(run.ready["play_url"])
            await until(lambda: play.page.evaluate("probe.frames.length > 0"), 20, "the picture")
            yield play
            await keep_picture(play, title.name)
    finally:
        status = run.stop()
    assert status == 0, run.log_tail()
    assert not run.left_behind(), run.left_behind()


async def keep_picture(play: PlayPage, name: str) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    await play.page.screenshot(path=PICTURES / f"{name}.png")


def difference(left: Luma, right: Luma) -> float:
    """Return the mean difference of two pictures' luma."""
    return float(np.mean(np.abs(left.astype(np.int16) - right.astype(np.int16))))


def view(doom: Luma) -> Luma:
    """Cut out what the player of Doom looks at."""
    return doom[: int(0.8 * len(doom))]


def ammo(doom: Luma) -> Luma:
    """Cut out how many bullets there are."""
    height, width = doom.shape
    return doom[int(0.85 * height) : int(0.94 * height), : int(0.15 * width)]


async def luma(play: PlayPage) -> Luma:
    (picture,) = await play.probe.read_luma(1, 0)
    return picture


def differs(play: PlayPage, before: Luma, by: float = CHANGED) -> Callable[[], Awaitable[bool]]:
    """Return a look at whether the picture is another one by now."""

    async def look() -> bool:
        now = await luma(play)
        return now.shape != before.shape or difference(now, before) > by

    return look


def sounds(play: PlayPage) -> Callable[[], Awaitable[bool]]:
    """Return a look at whether the page can be heard."""

    async def look() -> bool:
        heard = await play.probe.listen()
        return heard is not None and heard.audible and heard.rms > 0.003

    return look


async def test_an_arcade_title_of_the_sdk(up: FarplayProcess, open_player: OpenPlayer) -> None:
    async with open_player() as play:
        await open_game(play, up, "prismfall")
        await play.page.mouse.click(*await play.stage_point(0.5, 0.8))
        serving = await luma(play)
        await play.page.keyboard.press("Space")
        await until(differs(play, serving, 0.02), 8, "the ball, on its way")

        async def strikes() -> bool:
            await play.page.keyboard.press("Space")
            return await sounds(play)()

        await until(strikes, 15, "the ball's sounds")
        await keep_picture(play, "prismfall")


async def test_a_title_of_the_sdk_in_three_dimensions(up: FarplayProcess, open_player: OpenPlayer) -> None:
    async with open_player() as play:
        await open_game(play, up, "skerry")
        await play.page.mouse.click(640, 360)
        await play.page.keyboard.down("ArrowRight")
        before = await luma(play)
        await until(differs(play, before), 8, "another view")
        await play.page.keyboard.up("ArrowRight")
        await until(sounds(play), 8, "the wind")
        await keep_picture(play, "skerry")


WITH_WHEELS = """
import pygame
from rays import NAME, colours

pygame.init()
screen, clock, step = pygame.display.set_mode((640, 360)), pygame.time.Clock(), 0
words = pygame.font.Font(None, 48).render(NAME, True, "white")
while not pygame.event.get(pygame.QUIT):
    step += pygame.key.get_pressed()[pygame.K_RIGHT]
    screen.fill((0, 0, 40))
    pygame.draw.circle(screen, colours.warm(step), (100 + 4 * step % 440, 180), 60)
    screen.blit(words, (20, 20))
    pygame.display.flip()
    clock.tick(30)
"""


async def test_a_pygame_title_with_third_party_wheels(
    browser: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel(as_the_index(tmp_path / "index", monkeypatch), "rays", "1.4.0", RAYS)
    title = tmp_path / "wheels"
    title.mkdir()
    (title / "main.py").write_text(WITH_WHEELS)
    (title / "title.toml").write_text(
        'manifest = 1\nid = "wheels"\nversion = "1.0.0"\nkind = "pygame"\nentry = "main.py"\nname = "Wheels"\n'
        "[picture]\nwidth = 640\nheight = 360\nfps = 30\n[python]\nrequires = ['rays>=1']\n"
    )
    async with playing(browser, title, tmp_path) as play:
        await play.page.mouse.click(640, 360)
        before = await luma(play)
        await play.page.keyboard.down("ArrowRight")
        await until(differs(play, before), 8, "the disc of the package's colour, moved")
        await play.page.keyboard.up("ArrowRight")
    assert (title / "site-packages" / "rays" / "colours.py").is_file()


async def test_freedoom_is_walked_and_shot_in(browser: Browser, tmp_path: Path) -> None:
    freedoom = shutil.copytree(ROOT / "docs" / "examples" / "freedoom", tmp_path / "freedoom")
    manifest = (freedoom / "title.toml").read_text("utf-8")
    first_level = manifest.replace("\n[name]", 'arguments = ["-warp", "1", "1"]\n\n[name]')
    (freedoom / "title.toml").write_text(first_level, "utf-8")
    async with playing(browser, freedoom, tmp_path) as play:
        await play.page.mouse.click(640, 360)

        async def in_the_game() -> bool:
            """The bar with the player's face stands still, with its red figures, and is not black."""
            bar = (await luma(play))[int(0.84 * 480) :]
            return bool(np.mean(bar) > 40)

        await until(in_the_game, 10, "the status bar")
        await until(sounds(play), 8, "the music")
        room = view(await luma(play))
        await play.page.keyboard.down("ArrowUp")

        async def walked() -> bool:
            return difference(view(await luma(play)), room) > CHANGED

        await until(walked, 8, "the room from elsewhere")
        await play.page.keyboard.up("ArrowUp")
        bullets = ammo(await luma(play))

        async def shot() -> bool:
            await play.page.keyboard.press("ControlLeft")
            return difference(ammo(await luma(play)), bullets) > CHANGED

        await until(shot, 8, "a bullet less")


async def test_an_opengl_program_of_debian(browser: Browser, tmp_path: Path) -> None:
    async with playing(browser, ROOT / "docs" / "examples" / "gears", tmp_path) as play:
        before = await luma(play)
        await until(differs(play, before, 1), 8, "gears that turn")


async def test_a_rom_on_a_libretro_core(browser: Browser, tmp_path: Path) -> None:
    squares = tmp_path / "squares"
    squares.mkdir()
    build_squares(squares)
    async with playing(browser, squares, tmp_path) as play:
        await play.page.mouse.click(640, 360)
        black = await luma(play)
        await play.page.keyboard.down("ShiftLeft")
        await until(differs(play, black), 8, "another colour")
        await until(sounds(play), 8, "the tone")
        await play.page.keyboard.up("ShiftLeft")
        blue = await luma(play)
        await play.page.keyboard.press("F2")
        await play.page.keyboard.down("ArrowRight")
        await until(differs(play, blue, 0.05), 8, "the square, moved")
        await play.page.keyboard.up("ArrowRight")
        await play.page.keyboard.press("F4")

        async def as_saved() -> bool:
            return difference(await luma(play), blue) < 0.02

        await until(as_saved, 8, "the square where it was when the state was saved")
