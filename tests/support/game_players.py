"""Plays a bundled game as a person would, and keeps the picture in which most is going on."""

from __future__ import annotations

import asyncio
import io
import random
import time
from collections.abc import Awaitable, Callable, Mapping

import pygame

from tests.support.chromium import PlayPage

LOOK_EVERY_S = 0.8
SEED = 4
"""Of keys and pauses."""
JPEG_QUALITY = 88
EMPTY_BYTES = 20_000
"""A picture in which nothing is drawn yet compresses to less."""
PATIENCE_S = 15.0
"""Seconds that a game may take beyond its time to draw something."""

WAYS = ("KeyA", "KeyD", "KeyW", "KeyS")

POND = 3
"""Lantern Pond's ponds grow; this one fills the screen."""
HINTS = 5
"""So many ribbons are drawn, and some are left to draw."""


async def press(play: PlayPage, *keys: str, hold_s: float = 0.08, pause_s: float = 0.35) -> None:
    """Press keys one after the other."""
    for key in keys:
        await play.page.keyboard.press(key, delay=hold_s * 1000)
        await asyncio.sleep(pause_s)


async def click(play: PlayPage, x_px: float, y_px: float) -> None:
    """Click a place of a picture of 1280x720, slowly enough for a game that looks at the mouse once a tick."""
    await play.page.mouse.move(*await play.stage_point(x_px / 1280, y_px / 720))
    await play.page.mouse.down()
    await asyncio.sleep(0.1)
    await play.page.mouse.up()
    await asyncio.sleep(0.4)


async def begin_cinderwake(play: PlayPage) -> None:
    """Leave the title screen."""
    await press(play, "Enter", "Enter")


async def begin_embertide(play: PlayPage) -> None:
    """Sit down, then start against the computer."""
    await press(play, "Space", "Space")


async def begin_lanternpond(play: PlayPage) -> None:
    """Choose a level that fills the screen, and draw some of its ribbons."""
    await click(play, 640, 569)
    for _ in range(POND):
        await click(play, 1096, 420)
    await press(play, "Enter", *["KeyH"] * HINTS)


async def fight(play: PlayPage, rng: random.Random) -> None:
    """Dash or strike, and move on; ends on the move."""
    await play.page.keyboard.up(rng.choice(WAYS))
    await press(play, "Space", hold_s=rng.uniform(0.05, 0.3), pause_s=0.05)
    await play.page.keyboard.down(rng.choice(WAYS))
    await asyncio.sleep(rng.uniform(0.1, 0.3))


async def think(_play: PlayPage, _rng: random.Random) -> None:
    """Look at the pond."""
    await asyncio.sleep(0.2)


Begin = Callable[[PlayPage], Awaitable[None]]
Step = Callable[[PlayPage, random.Random], Awaitable[None]]

GAMES: Mapping[str, tuple[Begin, Step]] = {
    "cinderwake": (begin_cinderwake, fight),
    "embertide": (begin_embertide, fight),
    "lanternpond": (begin_lanternpond, think),
}
"""How each game is begun, and what its player does over and over."""


def has_banner(jpeg: bytes) -> bool:
    """Tell whether words stand across the middle, as they do between two rounds."""
    picture = pygame.image.load(io.BytesIO(jpeg))
    width, height = picture.get_size()
    middle = pygame.Rect(0, 0, width * 0.3, height * 0.06)
    middle.center = width // 2, round(height * 0.53)
    bright, all_over = (
        max(pygame.transform.average_color(picture, rect)[:3]) for rect in (middle, picture.get_rect())
    )
    return bright > 1.6 * all_over


async def best_picture(play: PlayPage, title_id: str, seconds: float) -> bytes:
    """Play a game that is open, and return its best picture as JPEG.

    Most is going on in the one that compresses least; one without a banner is better than all with.
    """
    begin, step = GAMES[title_id]
    rng, best, looked_at = random.Random(SEED), b"", 0.0
    await begin(play)
    deadline = time.monotonic() + seconds
    while (now := time.monotonic()) < deadline or (len(best) < EMPTY_BYTES and now < deadline + PATIENCE_S):
        await step(play, rng)
        if now - looked_at >= LOOK_EVERY_S:
            looked_at = now
            seen = await play.page.screenshot(type="jpeg", quality=JPEG_QUALITY)
            best = max(best, seen, key=lambda jpeg: (bool(jpeg) and not has_banner(jpeg), len(jpeg)))
    return best
