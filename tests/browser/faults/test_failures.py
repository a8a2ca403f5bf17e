"""SIGKILL of each process while Chromium plays: words within 3 s, play again without a restart, nothing left."""

from __future__ import annotations

import itertools
import os
import signal
import time
from contextlib import suppress

import psutil
import pytest
from playwright.async_api import Error as PlaywrightError
from playwright.async_api import expect

from tests.support.chromium import PlayPage
from tests.support.deadlines import patient, until
from tests.support.farplay_process import FarplayProcess
from tests.support.key_presses import timed_presses
from tests.support.page_probe import count_frames
from tests.support.player import OpenPlayer, play_title, session_id, sessions

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

WORDS_S = 3.0
BROKERLESS_S = float(os.environ.get("TEST_BROKERLESS_S", "8"))
"""How long there is no broker; ``make soak`` waits a minute."""
WORDS = {"title": "The game crashed.", "worker": "The program that ran the game stopped."}
DISTURBED = ["WebSocket", "ERR_CONNECTION", "Failed to load", "Failed to fetch"]
"""What a browser itself logs about a server that died."""


async def kill(up: FarplayProcess, role: str) -> list[psutil.Process]:
    """Kill the one process of a role; return it with all its descendants."""
    (victim,) = up.named(role)
    below = victim.children(recursive=True)
    victim.kill()
    return [victim, *below]


async def words_appear(play: PlayPage, words: str) -> None:
    """Wait for words that tell the player what happened."""

    async def told() -> bool:
        return words in await play.words()

    try:
        await until(told, WORDS_S, f"the words {words!r} on the page", promised=True)
    except AssertionError as error:
        raise AssertionError(f"{error}; it says {await play.words()!r}") from error


async def all_gone(processes: list[psutil.Process]) -> None:
    """Wait until none of the processes runs."""

    async def gone() -> bool:
        return not any(each.is_running() for each in processes)

    await until(gone, 5, "the end of what belonged to the killed process")


@pytest.mark.parametrize("role", ["title", "worker"])
async def test_death_is_told_and_play_goes_on(role: str, up: FarplayProcess, open_player: OpenPlayer) -> None:
    async with open_player() as play:
        play.expected += DISTURBED
        await play_title(play, up)
        ended = session_id(play)
        broker = up.named("broker")
        dead = await kill(up, role)
        await words_appear(play, WORDS[role])
        await all_gone(dead)
        assert up.named("broker") == broker
        last = (await play.probe.frames(0))[-1]
        assert last.number is not None, "the last picture does not stay"

        async def placed_again() -> bool:
            await play_title(play, up)
            return session_id(play) != ended

        await until(placed_again, 10, "a new session")
        assert len(await timed_presses(play, 3, seed=1)) == 3


async def test_a_game_whose_node_died_begins_anew_by_itself(up: FarplayProcess, open_player: OpenPlayer) -> None:
    async with open_player() as play:
        play.expected += DISTURBED
        await play_title(play, up)
        session = session_id(play)
        dead = await kill(up, "node")
        await words_appear(play, "The game begins anew")
        told_ms = await play.probe.now_ms()
        await all_gone(dead)

        async def begun_anew() -> bool:
            frame = await play.probe.newest()
            return frame is not None and frame.at_ms > told_ms

        await until(begun_anew, 10, "the picture from the node's next life")
        assert session_id(play) == session
        assert len(await timed_presses(play, 3, seed=1)) == 3


async def test_why_a_game_ended_without_the_broker_is_told_when_it_is_back(
    up: FarplayProcess, open_player: OpenPlayer
) -> None:
    async with open_player() as play:
        play.expected += DISTURBED
        await play_title(play, up)
        up.process.send_signal(signal.SIGSTOP)  # Stopped, the supervisor cannot start another one.
        try:
            (broker,) = await kill(up, "broker")

            async def died() -> bool:
                return broker.status() == psutil.STATUS_ZOMBIE

            await until(died, 5, "the broker's end")
            await all_gone(await kill(up, "title"))
        finally:
            up.process.send_signal(signal.SIGCONT)
        await expect(play.page.locator("#screen_words")).to_contain_text(WORDS["title"], timeout=patient(10) * 1000)


@pytest.mark.timeout(90 + BROKERLESS_S)
async def test_the_picture_goes_on_without_the_broker(up: FarplayProcess, open_player: OpenPlayer) -> None:
    async with open_player() as play:
        play.expected += DISTURBED
        await play_title(play, up)
        session, number = session_id(play), (await play.probe.until_playing()).number
        assert number is not None
        # Stopped, the supervisor cannot start another one.
        up.process.send_signal(signal.SIGSTOP)
        try:
            await kill(up, "broker")
            killed_ms, deadline = await play.probe.now_ms(), time.monotonic() + BROKERLESS_S
            while time.monotonic() < deadline:
                assert await timed_presses(play, 5, seed=1)
        finally:
            up.process.send_signal(signal.SIGCONT)
        frames = await play.probe.frames(killed_ms)
        count = count_frames(frames)
        assert count.disordered == 0
        # A third of what a quiet machine shows; how many those are is the benches' to judge.
        gaps = [later.at_ms - earlier.at_ms for earlier, later in itertools.pairwise(frames)]
        print(f"without the broker {count.shown / count.seconds:.0f} frames a second, longest gap {max(gaps):.0f} ms")
        assert count.shown / count.seconds >= 20
        assert max(gaps) < 2000

        async def adopted() -> bool:
            with suppress(PlaywrightError):  # There is no broker yet.
                return [each["session_id"] for each in await sessions(play, up)] == [session]
            return False

        await until(adopted, 10, "the session in the restarted broker's list")
        # The page's own socket must be back, too: a reload goes on with the same game.
        await play_title(play, up)
        assert session_id(play) == session
        continued = (await play.probe.until_playing()).number
        assert continued is not None
        assert continued > number
