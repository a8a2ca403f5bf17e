"""Presses the test card's key and waits until each is seen, timed inside the page."""

from __future__ import annotations

import asyncio
import random
import time

from tests.support.chromium import PlayPage, key_event

GAP_MIN_S, GAP_MAX_S = 0.05, 0.10
"""Before a press: three frames at 60 per second wide, so that presses fall on every phase of the frame clock."""
FRAME_S = 1 / 60
GOLDEN_RATIO = (5**0.5 - 1) / 2
"""The share of that width by which each gap differs from the one before, modulo the width: any few presses in a row
cover it evenly, where random ones would be a millisecond apart in the median of a hundred."""
SEEN_WITHIN_MS = 1000
PATIENCE_MS = 3000
"""For where each press is to be seen, however busy the machine is."""


class Presser:
    """Presses one key of a playing page.

    Args:
        play: The page.
        seed: Of where in the sequence of gaps it begins.
        seen_within_ms: After which a press is given up.

    Attributes:
        made: Presses so far.
    """

    def __init__(self, play: PlayPage, seed: int, seen_within_ms: int = SEEN_WITHIN_MS) -> None:
        self.made = 0
        self._seen_within_ms = seen_within_ms
        self._play = play
        self._gap = random.Random(seed).random()

    async def press(self) -> None:
        """Wait for a gap, press, and wait until it is seen or given up."""
        within_ms = self._seen_within_ms + GAP_MAX_S * 1000
        await self._play.page.evaluate(f"void (probe.seen = probe.nextSeen({within_ms}))")
        # Between asking the page and pressing: a page that reads a picture back answers only afterwards, so that what
        # follows an answer falls just after a refresh more often than not.
        self._gap = (self._gap + GOLDEN_RATIO) % 1
        await asyncio.sleep(GAP_MIN_S + (GAP_MAX_S - GAP_MIN_S) * self._gap)
        await self._play.cdp.send("Input.dispatchKeyEvent", key_event("keyDown", "KeyX"))
        await self._play.page.evaluate("probe.seen")
        # The release is an input with a frame story too, and would follow the answer at one phase each time.
        await asyncio.sleep(FRAME_S * self._gap)
        await self._play.cdp.send("Input.dispatchKeyEvent", key_event("keyUp", "KeyX"))
        self.made += 1

    async def press_until(self, monotonic_s: float) -> list[float]:
        """Press up to a moment; return milliseconds from key event to visible pixel of those that were seen."""
        before = len(await self._play.probe.latencies_ms())
        while time.monotonic() < monotonic_s:
            await self.press()
        return (await self._play.probe.latencies_ms())[before:]


async def timed_presses(play: PlayPage, count: int, seed: int) -> list[float]:
    """Press ``count`` times; return milliseconds from key event to visible pixel of those that were seen."""
    presser = Presser(play, seed, PATIENCE_MS)
    before = len(await play.probe.latencies_ms())
    for _ in range(count):
        await presser.press()
    return (await play.probe.latencies_ms())[before:]
