"""Several tabs and browsers on one session: a stalled spectator, a second tab, a browser that vanishes."""

from __future__ import annotations

import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import numpy as np
import psutil
import pytest
from playwright.async_api import Browser

from tests.support.chromium import chromium
from tests.support.deadlines import until
from tests.support.farplay_process import FarplayProcess
from tests.support.key_presses import timed_presses
from tests.support.player import OpenPlayer, play_title, session_id

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

PRESSES = 40


@asynccontextmanager
async def chromium_of_its_own() -> AsyncIterator[tuple[Browser, list[psutil.Process]]]:
    """Run another Chromium; yields its processes too, so that a test can stop or kill them."""
    before = set(psutil.Process().children(recursive=True))
    async with chromium() as browser:
        started = [each for each in psutil.Process().children(recursive=True) if each not in before]
        # Not all that came meanwhile: the shared browser starts processes as it likes.
        main = next(each for each in started if is_browser(each))
        yield browser, [main, *main.children(recursive=True)]


def is_browser(process: psutil.Process) -> bool:
    """Tell whether a process is the first one of a Chromium."""
    with suppress(psutil.NoSuchProcess):
        name, command = process.name(), process.cmdline()
        return name.startswith("chrom") and "crashpad" not in name and not any("--type=" in word for word in command)
    return False


def renderers(processes: list[psutil.Process]) -> list[psutil.Process]:
    """Return the processes of a Chromium that run pages."""
    main = next(each for each in processes if is_browser(each))
    return [each for each in main.children(recursive=True) if "--type=renderer" in each.cmdline()]


async def test_a_stalled_spectator_costs_the_player_nothing(up: FarplayProcess, open_player: OpenPlayer) -> None:
    async with chromium_of_its_own() as (browser, processes), open_player() as player:
        await play_title(player, up)
        async with open_player(browser) as spectator:
            await spectator.page.goto(f"{up.url}/watch/{session_id(player)}")
            await spectator.probe.until_playing()
            watched = await timed_presses(player, PRESSES, seed=1)
            stalled = renderers(processes)
            assert stalled
            for each in stalled:
                each.send_signal(signal.SIGSTOP)
            try:
                alone = await timed_presses(player, PRESSES, seed=2)
            finally:
                for each in stalled:
                    each.send_signal(signal.SIGCONT)
    assert len(watched) == len(alone) == PRESSES
    # All but a tenth: what the machine does besides may hold up some of either.
    assert np.percentile(alone, 90) <= 1.25 * np.percentile(watched, 90) + 10


async def test_a_spectator_watches_and_cannot_play(up: FarplayProcess, open_player: OpenPlayer) -> None:
    async with open_player() as player, open_player() as spectator:
        await play_title(player, up)
        await spectator.page.goto(f"{up.url}/watch/{session_id(player)}")
        await spectator.probe.until_playing()
        await spectator.tap_key()
        assert await timed_presses(player, 3, seed=1)
        # The block may be legible in a picture whose count is not.
        await player.probe.until_state(lambda frame, _: (frame.presses or 0) >= 3, 2, "the player's presses")
        assert await player.probe.presses() == 3
        await spectator.probe.until_state(lambda frame, _: frame.presses == 3, 2, "the player's presses")


async def test_a_second_tab_takes_over_and_the_first_says_so(up: FarplayProcess, open_player: OpenPlayer) -> None:
    async with open_player() as first, open_player() as second:
        await play_title(first, up)
        session, number = session_id(first), (await first.probe.until_playing()).number
        words = await first.words()
        await play_title(second, up)
        assert session_id(second) == session
        continued = (await second.probe.until_playing()).number
        assert number is not None
        assert continued is not None
        assert continued > number

        async def says_so() -> bool:
            return await first.words() != words

        await until(says_so, 3, "words in the first tab")
        assert len(await timed_presses(second, 3, seed=1)) == 3


async def test_a_vanished_browser_leaves_a_session_to_come_back_to(
    up: FarplayProcess, open_player: OpenPlayer
) -> None:
    async with chromium_of_its_own() as (browser, processes), open_player(browser) as lost:
        await play_title(lost, up)
        session, number = session_id(lost), (await lost.probe.until_playing()).number
        for each in processes:
            each.kill()

        async def vanished() -> bool:
            return not browser.is_connected()

        await until(vanished, 5, "the end of the browser")
    async with open_player() as back:
        await play_title(back, up)
        assert session_id(back) == session
        continued = (await back.probe.until_playing()).number
        assert number is not None
        assert continued is not None
        assert continued > number
        assert len(await timed_presses(back, 3, seed=1)) == 3
