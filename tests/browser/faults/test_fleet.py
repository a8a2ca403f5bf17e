"""Two brokers on one PostgreSQL and two nodes, while Chromium plays: parts die, and the player plays on."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser

from render_node.agent.io.capacity_probe import store_measurement
from tests.support.agent_process import MEASURED
from tests.support.chromium import PlayPage, play_page
from tests.support.deadlines import until
from tests.support.farplay_process import FarplayProcess
from tests.support.key_presses import timed_presses
from tests.support.load_balancer import LoadBalancer, load_balancer
from tests.support.page_probe import count_frames
from tests.support.player import session_id

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

AGAIN_S = 12.0
"""Within which the player plays again after the node died: twice what is promised; tests share their machine."""
DISTURBED = ["WebSocket", "ERR_CONNECTION", "ERR_EMPTY_RESPONSE", "Failed to load", "Failed to fetch"]
"""What a browser itself logs about a server that died."""


@dataclass
class Fleet:
    """All parts, by the names under which each other knows them."""

    brokers: dict[str, FarplayProcess]
    """By URL."""
    nodes: dict[str, FarplayProcess]
    """By node id."""
    balancer: LoadBalancer

    async def ask(self, play: PlayPage, method: str, path: str, data: Any = None) -> Any:
        """Call the API as the page may; returns what it answers."""
        answer = await play.context.request.fetch(
            f"{self.balancer.url}/api/v1{path}", method=method, data=data, headers={"Origin": self.balancer.url}
        )
        assert answer.ok, await answer.text()
        return await answer.json() if await answer.body() else None


@contextlib.asynccontextmanager
async def running(arguments: list[str], log: Path, **variables: str) -> AsyncIterator[FarplayProcess]:
    """Run one part; unless the test has killed it, it ends in good order."""
    started = await asyncio.to_thread(FarplayProcess, arguments, log, **variables)
    try:
        yield started
        if started.process.poll() is None:
            assert await asyncio.to_thread(started.stop) == 0, started.log_tail()
    finally:
        started.kill()


async def both(
    stack: contextlib.AsyncExitStack, *parts: contextlib.AbstractAsyncContextManager[FarplayProcess]
) -> list[FarplayProcess]:
    """Start parts at the same time; ``stack`` ends all that started, also if another did not."""
    started = await asyncio.gather(*map(stack.enter_async_context, parts), return_exceptions=True)
    faults = [each for each in started if isinstance(each, BaseException)]
    if faults:
        raise faults[0]
    return [each for each in started if isinstance(each, FarplayProcess)]


@contextlib.asynccontextmanager
async def fleet(folder: Path, database_url: str) -> AsyncIterator[Fleet]:
    def broker(name: str) -> contextlib.AbstractAsyncContextManager[FarplayProcess]:
        place = ["--port", "0", "--data-dir", str(folder / name), "--replica-lease", "3"]
        shared = ["--database-url", database_url, "--objects-url", f"file://{folder / 'objects'}"]
        log, token = folder / f"{name}.log", f"token-{name}"
        return running(["broker", "--json", *place, *shared], log, FARPLAY_ENROLMENT_TOKEN=token)

    def node(name: str, broker_url: str, token: str) -> contextlib.AbstractAsyncContextManager[FarplayProcess]:
        data = folder / name
        data.mkdir()
        store_measurement(data, MEASURED)
        place = ["--broker", broker_url, "--data-dir", str(data), "--name", name, "--slots", "1"]
        return running(["node", "--json", *place], folder / f"{name}.log", FARPLAY_ENROLMENT_TOKEN=token)

    (folder / "objects").mkdir()
    async with contextlib.AsyncExitStack() as stack:
        brokers = await both(stack, broker("a"), broker("b"))
        balancer = await stack.enter_async_context(load_balancer([each.url for each in brokers]))
        nodes = await both(stack, node("one", balancer.url, "token-a"), node("two", balancer.url, "token-b"))
        by_id = {each.ready["node_id"]: each for each in nodes}
        yield Fleet({each.url: each for each in brokers}, by_id, balancer)


async def test_parts_die_and_the_player_plays_on(tmp_path: Path, postgres_url: str, browser: Browser) -> None:
    async with fleet(tmp_path, postgres_url) as place, play_page(browser) as play:
        play.expected += DISTURBED
        await sign_in(play, place)
        await play.page.goto(f"{place.balancer.url}/play/testcard")
        await play.probe.until_playing()

        await the_broker_of_the_tab_dies(play, place)
        first = await the_node_is_drained(play, place)
        await the_node_dies(play, place, back_to=first)


async def sign_in(play: PlayPage, place: Fleet) -> None:
    token = next(iter(place.brokers.values())).ready["owner_token"]
    await play.page.goto(f"{place.balancer.url}/#owner={token}")

    async def signed_in() -> bool:
        return (await play.context.request.get(f"{place.balancer.url}/api/v1/me")).ok

    await until(signed_in, 10, "the owner's sign-in")


async def the_broker_of_the_tab_dies(play: PlayPage, place: Fleet) -> None:
    session = session_id(play)
    serving = place.brokers[place.balancer.broker_of(f"/sessions/{session}/socket")]
    number = (await play.probe.until_playing()).number
    killed_ms = await play.probe.now_ms()
    serving.process.kill()
    deadline = time.monotonic() + 3.0
    while time.monotonic() < deadline:
        assert await timed_presses(play, 3, seed=1)
    frames = await play.probe.frames(killed_ms)
    count = count_frames(frames)
    pairs = list(itertools.pairwise(frames))
    assert [frame for frame in frames if frame.number is None] == []
    numbers = [frame.number for frame in frames if frame.number is not None]
    assert [(a, b) for a, b in itertools.pairwise(numbers) if a > b] == []
    longest_ms = max(b.at_ms - a.at_ms for a, b in pairs)
    print(f"on the other broker {count.shown / count.seconds:.0f} frames a second, longest gap {longest_ms:.0f} ms")
    assert count.shown / count.seconds >= 20
    assert longest_ms < 2000

    await until(lambda: play.page.evaluate("farplay.stats().socket === 'welcomed'"), 10, "the other broker's welcome")
    # A peer is had through the other broker: a reload goes on with the same game.
    await play.page.reload()
    continued = (await play.probe.until_playing()).number
    assert session_id(play) == session
    assert number is not None
    assert continued is not None
    assert continued > number


async def the_node_is_drained(play: PlayPage, place: Fleet) -> str:
    """Its session ends with words, and the next one runs on the other node; returns the drained one."""
    session = session_id(play)
    node_id = await node_of(play, place, session)
    await place.ask(play, "PUT", f"/operator/nodes/{node_id}/drain", {"deadline_s": 0.5})

    await words_appear(play, "The machine that ran the game is being shut down.", 5)
    await play.page.click("#screen_play")
    await play.probe.until_playing()
    assert session_id(play) != session
    assert await node_of(play, place, session_id(play)) != node_id
    return node_id


async def the_node_dies(play: PlayPage, place: Fleet, back_to: str) -> None:
    """The game begins anew on the node that takes sessions again."""
    session = session_id(play)
    node_id = await node_of(play, place, session)
    await place.ask(play, "DELETE", f"/operator/nodes/{back_to}/drain")
    dead = place.nodes[node_id]
    below = dead.descendants()
    killed = time.monotonic()
    dead.process.kill()
    await words_appear(play, "The game begins anew", AGAIN_S)
    told_ms = await play.probe.now_ms()

    await words_appear(play, "it began anew on another one.", AGAIN_S)

    async def plays_again() -> bool:
        frame = await play.probe.newest()
        return frame is not None and frame.at_ms > told_ms

    await until(plays_again, 1, "the picture from the other node")
    print(f"played again {time.monotonic() - killed:.1f} s after the node was killed")
    assert session_id(play) == session
    assert len(await timed_presses(play, 3, seed=2)) == 3

    async def gone() -> bool:
        return not any(each.is_running() for each in below)

    await until(gone, 5, "the end of what belonged to the killed node")
    placements = (await place.ask(play, "GET", f"/operator/sessions/{session}"))["placements"]
    assert [(each["epoch"], each["node_id"], each["state"]) for each in placements] == [
        (1, node_id, "lost"), (2, back_to, "serving"),
    ]  # fmt: skip


async def words_appear(play: PlayPage, words: str, within_s: float) -> None:
    async def told() -> bool:
        return words in await play.words()

    await until(told, within_s, f"the words {words!r} on the page", promised=True)


async def node_of(play: PlayPage, place: Fleet, session: str) -> str:
    placements = (await place.ask(play, "GET", f"/operator/sessions/{session}"))["placements"]
    return str(max(placements, key=lambda each: int(each["epoch"]))["node_id"])
