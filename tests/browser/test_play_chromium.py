"""Twenty seconds with the test card in Chromium: every frame in order, every input seen, every tone heard."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest
import pytest_asyncio

from tests.support.card_source import FPS
from tests.support.chromium import PlayPage
from tests.support.deadlines import until
from tests.support.farplay_process import FarplayProcess
from tests.support.key_presses import timed_presses
from tests.support.page_probe import count_frames, press_and_see
from tests.support.player import OpenPlayer, play_title
from tests.support.psnr import SourceCard, shown_psnr_db

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

PLAY_S = 20.0
PRESSES, TAPS = 100, 50
PSNR_FLOOR_DB = 38.0
"""Of the calm card at 8 Mbit/s, which leaves libx264 far more bits than it needs."""
TONES_HZ = (440, 660, 880, 1320)
TONE_RMS = 0.5 / np.sqrt(2)


@pytest_asyncio.fixture(loop_scope="session")
async def play(up: FarplayProcess, open_player: OpenPlayer) -> AsyncIterator[PlayPage]:
    async with open_player(touch=True, pads=True) as opened:
        await play_title(opened, up)
        yield opened


@pytest.mark.timeout(90)
async def test_twenty_seconds(play: PlayPage) -> None:
    start_ms, before = await play.probe.now_ms(), await play.probe.video()
    latencies = await timed_presses(play, PRESSES, seed=1)
    taps = [await press_and_see(play.probe, play.tap_key) for _ in range(TAPS)]
    await asyncio.sleep(max(0.0, PLAY_S - (await play.probe.now_ms() - start_ms) / 1000))
    frames, after = count_frames(await play.probe.frames(start_ms)), await play.probe.video()

    assert len(latencies) == PRESSES
    assert sum(taps) == TAPS
    assert frames.seconds >= PLAY_S - 1
    assert frames.disordered == 0
    assert frames.illegible == 0
    assert frames.repeat_share <= 0.03
    seconds = (after["timestamp"] - before["timestamp"]) / 1000
    assert (after["framesDecoded"] - before["framesDecoded"]) / seconds >= 45
    assert after["mimeType"] == "video/H264"
    assert np.percentile(latencies, 50) < 100

    psnr, _ = shown_psnr_db(await play.probe.read_luma(8, 1000 / FPS), SourceCard(hard=False))
    assert psnr >= PSNR_FLOOR_DB


async def test_pointer_touch_and_pad_reach_the_title(play: PlayPage) -> None:
    await play.page.mouse.move(*await play.stage_point(0.75, 0.5))
    await play.probe.until_state(
        lambda _, state: abs(state.mouse_x - 191) <= 1 and abs(state.mouse_y - 127) <= 1, 2, "the mouse at 75%, 50%"
    )

    taps, presses = await _counts(play)
    await play.page.mouse.click(*await play.stage_point(0.05, 0.09))
    await play.probe.until_state(
        lambda frame, state: state.taps == taps + 1 and frame.presses == presses + 1, 2, "a click on the block"
    )
    await play.touch("touchStart", [await play.stage_point(0.05, 0.09)])
    await play.touch("touchEnd", [])
    await play.probe.until_state(
        lambda frame, state: state.taps == taps + 2 and frame.presses == presses + 2, 2, "a finger on the block"
    )

    await play.page.evaluate("fakeGamepads.set(0, [], [0, 0, 0, 0])")
    await play.page.evaluate("fakeGamepads.set(0, [0], [-1, 0, 0, 0])")
    await play.probe.until_state(
        lambda frame, state: state.pad_buttons == 1 and state.axis == 0 and frame.presses == presses + 3,
        3,
        "pad button A and the stick to the left",
    )
    await play.page.evaluate("fakeGamepads.set(0, [], [0.5, 0, 0, 0])")
    await play.probe.until_state(lambda _, state: abs(state.axis - 191) <= 1, 2, "the stick half right")


async def _counts(play: PlayPage) -> tuple[int, int]:
    frame = await play.probe.until_playing()
    assert frame.state is not None
    assert frame.presses is not None
    return frame.state.taps, frame.presses


async def test_tones_are_heard_at_their_pitch(play: PlayPage) -> None:
    await play.page.mouse.click(*await play.stage_point(0.5, 0.5))
    for number, hz in enumerate(TONES_HZ, 1):
        await play.tap_key(f"Digit{number}")
        heard = await play.probe.until_heard(hz, least_rms=0.85 * TONE_RMS)
        assert heard.audible
        assert heard.rms <= 1.15 * TONE_RMS
    await play.tap_key("Digit4")

    async def silent() -> bool:
        heard = await play.probe.listen()
        return heard is not None and heard.rms < 0.001

    await until(silent, 3, "silence")
