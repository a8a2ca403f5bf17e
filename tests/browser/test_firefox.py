"""The library and twenty seconds of play in Firefox, which receives VP8 only here, driven over WebDriver BiDi.

Firefox does not stream over loopback addresses, so all of it runs in a network namespace with another address. One
Firefox serves both tests, since its start takes seconds.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress

import pytest
import pytest_asyncio

from tests.support.deadlines import until
from tests.support.farplay_process import FarplayProcess
from tests.support.firefox_bidi import BidiError, FirefoxTab, firefox_tab
from tests.support.library_page import CARD
from tests.support.own_network import own_network
from tests.support.page_probe import count_frames, press_and_see

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="module")]

PLAY_S = 20.0
PRESSES = 100


@pytest.fixture(scope="module")
def up_in_own_network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FarplayProcess]:
    folder = tmp_path_factory.mktemp("firefox")
    options = ["--json", "--port", "0", "--data-dir", str(folder / "data"), "--media-host", "0.0.0.0"]
    with own_network():
        running = FarplayProcess(["up", *options], folder / "up.log")
        yield running
        assert running.stop() == 0, running.log_tail()
        assert not running.left_behind(), running.left_behind()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def tab(up_in_own_network: FarplayProcess) -> AsyncIterator[FirefoxTab]:
    """A tab of somebody who has signed in and sees the library."""
    async with firefox_tab() as opened:
        await opened.goto(up_in_own_network.ready["owner_url"])
        await until_names(opened, lambda names: "Test card" in names, "the library")
        yield opened


async def until_names(tab: FirefoxTab, check: Callable[[list[str]], bool], what: str) -> list[str]:
    """Wait until the cards bear the names that are wanted; return them."""

    async def fitting() -> list[str] | None:
        names = await tab.evaluate(f"[...document.querySelectorAll('{CARD} h3')].map(each => each.innerText)")
        return names if check(names) else None

    return await until(fitting, 10, what)


async def until_session(tab: FirefoxTab) -> None:
    """Wait until the page's address names a session."""

    async def there() -> bool:
        with suppress(BidiError):  # One page goes and the next one comes.
            return "/session/" in await tab.evaluate("location.pathname")
        return False

    await until(there, 10, "the address of a session")


async def click_on(tab: FirefoxTab, selector: str) -> None:
    """Scroll an element into view and click in its middle."""
    x, y = await tab.evaluate(
        f"(() => {{ const element = document.querySelector({selector!r});"
        " element.scrollIntoView({ block: 'center', behavior: 'instant' });"
        " const { x, y, width, height } = element.getBoundingClientRect();"
        " return [x + width / 2, y + height / 2]; })()"
    )
    await tab.click(round(x), round(y))


async def test_a_game_is_found_in_the_library_and_opens(tab: FirefoxTab) -> None:
    names = await until_names(tab, lambda names: len(names) > 2, "several games")
    assert "Test card" in names

    await click_on(tab, "#search")
    for letter in "testcard":
        await tab.tap_key(letter)
    await until_names(tab, lambda names: names == ["Test card"], "what the search leaves")
    assert await tab.evaluate("document.getElementById('shown').innerText") == f"1 of {len(names)} shown"

    await click_on(tab, "[data-language=zh]")
    (chinese,) = await until_names(tab, lambda names: names != ["Test card"], "the name in Chinese")
    assert chinese == "测试卡"
    assert await tab.evaluate("document.getElementById('games_heading').innerText") == "游戏"
    assert await tab.evaluate("document.documentElement.lang") == "zh-Hans"

    await click_on(tab, f"{CARD}[data-title=testcard] .play_link")
    await until_session(tab)
    await tab.probe.until_playing()
    assert await press_and_see(tab.probe, tab.tap_key)
    assert not tab.complaints, "\n".join(tab.complaints)


@pytest.mark.timeout(90)
async def test_twenty_seconds(tab: FirefoxTab, up_in_own_network: FarplayProcess) -> None:
    await tab.goto(f"{up_in_own_network.url}/play/testcard")
    await tab.probe.until_playing()
    start_ms, before = await tab.probe.now_ms(), await tab.probe.video()
    seen = [await press_and_see(tab.probe, tab.tap_key) for _ in range(PRESSES)]
    await asyncio.sleep(max(0.0, PLAY_S - (await tab.probe.now_ms() - start_ms) / 1000))
    frames, after = count_frames(await tab.probe.frames(start_ms)), await tab.probe.video()

    assert sum(seen) == PRESSES
    assert frames.seconds >= PLAY_S - 1
    assert frames.disordered == 0
    assert frames.illegible == 0
    assert frames.repeat_share <= 0.03
    seconds = (after["timestamp"] - before["timestamp"]) / 1000
    assert (after["framesDecoded"] - before["framesDecoded"]) / seconds >= 45
    assert after["mimeType"] == "video/VP8"
