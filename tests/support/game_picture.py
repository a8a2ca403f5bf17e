"""Looks at the picture of a bundled game that runs under the launcher."""

from __future__ import annotations

import asyncio
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from tests.support.deadlines import until
from tests.support.running_title import RunningTitle

Picture: TypeAlias = NDArray[np.int16]
"""(height, width, 3) of red, green and blue."""

Box: TypeAlias = tuple[int, int, int, int]
"""Left, top, right and bottom in pixels."""

GREETINGS = ("pygame-ce ", "CRITICAL: You are using the SDL disk i/o", "CRITICAL:  Writing to file [/proc/self/fd")
"""How the lines begin that pygame and SDL print in every title."""

STILL_S = 0.25
"""A game that goes on draws a dozen frames in this time."""

USAGE = {
    "a": 4, "d": 7, "h": 11, "n": 17, "p": 19, "r": 21, "s": 22, "u": 24, "w": 26, "z": 29, "enter": 40, "escape": 41,
    "space": 44, "right": 79, "left": 80, "down": 81, "up": 82,
}  # fmt: skip
"""HID usages of keys by name."""


def picture(title: RunningTitle) -> Picture:
    """Return the newest frame."""
    width, height, _ = title.frames[-1]
    pixels = np.frombuffer(title.newest, np.uint8).reshape(height, width, 4)
    return pixels[:, :, 2::-1].astype(np.int16)


def difference(before: Picture, after: Picture, box: Box) -> float:
    """Return the mean difference inside a box, from 0 to 255."""
    left, top, right, bottom = box
    return float(np.abs(before[top:bottom, left:right] - after[top:bottom, left:right]).mean())


async def changes(title: RunningTitle, before: Picture, box: Box, by: float, what: str) -> Picture:
    """Wait until a part of the picture differs from what it was, and return the new picture."""

    async def look() -> bool:
        return difference(before, picture(title), box) > by

    await until(look, 8.0, what)
    return picture(title)


async def pauses(title: RunningTitle, box: Box, by: float) -> Picture:
    """Wait until a part of the picture is darker by so much, see that nothing moves, and return the picture."""
    before = float(picture(title)[box[1] : box[3], box[0] : box[2]].mean())

    async def dark() -> bool:
        return before - float(picture(title)[box[1] : box[3], box[0] : box[2]].mean()) > by

    await until(dark, 8.0, "the darkened picture of a pause")
    shown = len(title.frames)
    await asyncio.sleep(STILL_S)
    assert len(title.frames) - shown <= 1, "the picture moves in a pause"
    return picture(title)


def complaints(title: RunningTitle) -> list[str]:
    """Return what the game printed, apart from what pygame and SDL say of themselves."""
    return [line for line in title.process.last_words.splitlines() if not line.startswith(GREETINGS)]


async def sounds(title: RunningTitle) -> None:
    """Wait until the game is heard: silence compresses to a few bytes."""

    async def heard() -> bool:
        return sum(len(packet.payload) > 30 for packet in title.packets) > 20

    await until(heard, 8.0, "sound")
