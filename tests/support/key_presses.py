"""Presses the test card's key and waits until each is seen, timed inside the page."""

from __future__ import annotations

import asyncio
import random

from tests.support.chromium import PlayPage, key_event

GAP_MIN_S, GAP_MAX_S = 0.05, 0.10
"""Between presses: irregular, so that they fall on every phase of the frame clock."""
SEEN_WITHIN_MS = 1000


async def timed_presses(play: PlayPage, count: int, seed: int) -> list[float]:
    """Press ``count`` times; return milliseconds from key event to visible pixel of those that were seen."""
    gaps = random.Random(seed)
    before = len(await play.probe.latencies_ms())
    for _ in range(count):
        await asyncio.sleep(gaps.uniform(GAP_MIN_S, GAP_MAX_S))
        seen = asyncio.ensure_future(play.page.evaluate(f"probe.nextSeen({SEEN_WITHIN_MS})"))
        await play.cdp.send("Input.dispatchKeyEvent", key_event("keyDown", "KeyX"))
        await seen
        await play.cdp.send("Input.dispatchKeyEvent", key_event("keyUp", "KeyX"))
    return (await play.probe.latencies_ms())[before:]
