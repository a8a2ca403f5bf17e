"""Plays the hard card over one scenario's link and keeps everything that is needed to read the run afterwards."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from playwright.async_api import Browser, StorageState

from tests.bench.net.capture_clock import CaptureClock
from tests.bench.net.cubic_flow import cubic_flow
from tests.bench.net.scenarios import CLEAN, Scenario
from tests.bench.run import end_session
from tests.bench.sound import TONE_KEY, audio_stats
from tests.bench.streams import HARD_TITLE
from tests.network.link_readings import Times, Values
from tests.network.shaped_link import ShapedLink
from tests.network.shaper_messages import ShaperTotals
from tests.support.chromium import PlayPage, play_page
from tests.support.key_presses import Presser
from tests.support.page_probe import ShownFrame

CALIBRATE_S = 3.0
"""From the first frame until the scenario's link begins: clocks are compared, the encoder finds its level."""
SAMPLE_S = 1.0
CATCH_UP_S = 10.0
"""After the scenario, until the last press must have shown."""


@dataclass(slots=True)
class Recording:
    """One run; times are microseconds on the monotonic clock."""

    scenario: Scenario
    seconds: float
    begin_us: int
    displayed_us: Times
    """Every frame shown, when the browser expected it on the screen."""
    captured_us: Times
    """When each of them was captured."""
    numbers: Values
    """The title's number of each of them; -1 where it was not legible."""
    presses: int
    presses_seen: int
    visible_ms: Sequence[float]
    """Key event to changed pixel, of the presses that showed within a second."""
    stats: Sequence[Mapping[str, Any]]
    """The video's, once a second; another peer's follow where the page had to connect anew."""
    sound: Sequence[Mapping[str, Any]]
    """Those of a tone, likewise."""
    shaper: ShaperTotals
    complaints: Sequence[str] = field(default_factory=tuple)

    @property
    def end_us(self) -> int:
        """When the scenario's link ended."""
        return self.begin_us + round(self.seconds * 1e6)


async def record(
    browser: Browser,
    owner: StorageState,
    https_url: str,
    link: ShapedLink,
    scenario: Scenario,
    *,
    seconds: float,
    seed: int,
) -> Recording:
    """Play one scenario in a tab and a session of its own."""
    link.shape(CLEAN.down(seconds), CLEAN.up())
    async with play_page(browser, signed_in=owner) as play:
        play.expected.append("")  # whatever a bad network makes the page complain of is part of the result
        await play.page.goto(f"{https_url}/play/{HARD_TITLE}")
        await play.probe.until_playing()
        await play.tap_key(TONE_KEY)
        clock = await _calibrate(play)
        zero_us = await _page_zero_us(play)
        before = await play.probe.presses()
        presser = Presser(play, seed)
        shaped = link.shape(scenario.down(seconds), scenario.up())
        frames: list[ShownFrame] = []
        stats: list[Mapping[str, Any]] = []
        sound: list[Mapping[str, Any]] = []
        with cubic_flow(link) if scenario.cubic else nullcontext():
            sampling = asyncio.create_task(
                _sample(play, (shaped.at_us - zero_us) / 1000, seconds, frames, stats, sound)
            )
            visible_ms = await presser.press_until(shaped.at_us / 1e6 + seconds)
            await sampling
        totals = link.shape(CLEAN.down(seconds), CLEAN.up()).before
        seen = await _presses_seen(play, before, presser.made)
        complaints = tuple(play.complaints)
        await end_session(play)
    shown = [frame for frame in frames if frame.rtp is not None]
    return Recording(
        scenario=scenario,
        seconds=seconds,
        begin_us=shaped.at_us,
        displayed_us=np.array([zero_us + round(frame.display_ms * 1000) for frame in shown], np.int64),
        captured_us=np.array([zero_us + round(clock.capture_ms(frame.rtp or 0) * 1000) for frame in shown], np.int64),
        numbers=np.array([-1 if frame.number is None else frame.number for frame in shown], np.int64),
        presses=presser.made,
        presses_seen=seen,
        visible_ms=visible_ms,
        stats=stats,
        sound=sound,
        shaper=totals,
        complaints=complaints,
    )


async def _calibrate(play: PlayPage) -> CaptureClock:
    found: dict[int, Mapping[str, Any]] = {}
    deadline = time.monotonic() + CALIBRATE_S
    while time.monotonic() < deadline:
        shown = json.loads(await play.page.evaluate("JSON.stringify(window.farplay.stats().frames)"))
        found |= {each["rtp_ts"]: each for each in shown}
        await asyncio.sleep(0.2)
    return CaptureClock(list(found.values()))


async def _page_zero_us(play: PlayPage) -> int:
    """Return what ``performance.now()`` counts from, on the monotonic clock."""
    await play.cdp.send("Performance.enable")
    metrics = (await play.cdp.send("Performance.getMetrics"))["metrics"]
    start_s = next(float(each["value"]) for each in metrics if each["name"] == "NavigationStart")
    return round(start_s * 1e6)


async def _sample(
    play: PlayPage,
    since_ms: float,
    seconds: float,
    frames: list[ShownFrame],
    stats: list[Mapping[str, Any]],
    sound: list[Mapping[str, Any]],
) -> None:
    """Take frames and statistics once a second, and once more at the end."""
    end_ms = since_ms + seconds * 1000
    stats.append(await play.probe.video())
    sound.append(await audio_stats(play))
    while since_ms < end_ms:
        now_ms = await play.probe.now_ms()
        await asyncio.sleep(min(SAMPLE_S, max(0.0, (end_ms - now_ms) / 1000)))
        stats.append(await play.probe.video())
        sound.append(await audio_stats(play))
        fresh = await play.probe.frames(since_ms)
        frames += fresh
        since_ms = max(fresh[-1].at_ms if fresh else since_ms, now_ms)


async def _presses_seen(play: PlayPage, before: int, made: int) -> int:
    """Return how many presses the card has counted, as soon as it has all or after a while."""
    deadline = time.monotonic() + CATCH_UP_S
    seen = 0
    while seen < made and time.monotonic() < deadline:
        newest = await play.probe.newest()
        seen = seen if newest is None or newest.presses is None else newest.presses - before
        await asyncio.sleep(0.05)
    return seen
