"""Two people at one game in a real Chromium: a link, a seat of one's own, watching, handing over, sending away."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pygame
import pytest
import pytest_asyncio
from playwright.async_api import Browser, StorageState, expect

from session_broker.core.qr_code import qr_rows
from tests.support.axe import findings
from tests.support.chromium import PlayPage, play_page
from tests.support.deadlines import until
from tests.support.farplay_process import ROOT, FarplayProcess
from tests.support.page_probe import CardState
from tests.support.player import OpenPlayer, play_title, session_id

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

FORGE = """
    const send = RTCDataChannel.prototype.send;
    const [HEADER_BYTES, KEY, KEY_BYTES] = [17, 1, 7];
    window.forgeries = 0;
    RTCDataChannel.prototype.send = function (data) {
        const { forgedParticipant, forgedDevice } = window;
        if (this.label === "input" && (forgedParticipant ?? forgedDevice) !== undefined) {
            data = new Uint8Array(data).slice();
            if (forgedParticipant !== undefined) new DataView(data.buffer).setUint16(2, forgedParticipant);
            for (let at = HEADER_BYTES; forgedDevice !== undefined && data[at] === KEY; at += KEY_BYTES) {
                data[at + 1] = forgedDevice;
            }
            window.forgeries += 1;
        }
        return send.call(this, data);
    };
"""
"""Lets a page write another participant's number, or another device's for its keys, into the batches of its input."""

HOSTS_SECOND_PAD = 17
"""Device that plays on the second of its participant's seats, if there is one."""


@dataclass(frozen=True, slots=True)
class Presses:
    """What the title saw: presses by pad in the order of their plugging in, on the keyboard, and how many pads."""

    first: int
    second: int
    third: int
    keys: int
    pads: int


def presses_of(state: CardState) -> Presses:
    """Read the card's second row as ``two_seats.py`` writes it."""
    return Presses(state.keys_down, state.taps, state.pad_buttons, state.mouse_y, state.tone)


@pytest.fixture(scope="module")
def two_seats(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FarplayProcess]:
    folder = ROOT / "tests" / "support" / "two_seats"
    log = tmp_path_factory.mktemp("two_seats") / "run.log"
    run = FarplayProcess(["title", "run", str(folder), "--json"], log)
    yield run
    status = run.stop()
    assert status == 0, run.log_tail()
    assert not run.left_behind(), run.left_behind()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def host_cookies(two_seats: FarplayProcess, browser: Browser) -> StorageState:
    async with play_page(browser) as play:
        await play.page.goto(two_seats.ready["play_url"])
        await play.probe.until_playing()
        return await play.context.storage_state()


@pytest_asyncio.fixture(loop_scope="session")
async def host(two_seats: FarplayProcess, browser: Browser, host_cookies: StorageState) -> AsyncIterator[PlayPage]:
    async with play_page(browser, pads=True, signed_in=host_cookies) as play:
        await play.page.goto(f"{two_seats.url}/play/two-seats")
        await play.probe.until_playing()
        yield play
        ended = f"{two_seats.url}/api/v1/sessions/{session_id(play)}"
        await play.context.request.delete(ended, headers={"Origin": two_seats.url})
        await until_words(play, "You ended the game")


@asynccontextmanager
async def stranger(browser: Browser) -> AsyncIterator[PlayPage]:
    """Open a tab of somebody who is not signed in, in a page that can be made to forge its input."""
    async with play_page(browser, pads=True) as play:
        await play.context.add_init_script(FORGE)
        yield play


async def until_words(play: PlayPage, part: str) -> None:
    """Wait until the page shows some words."""

    async def shown() -> bool:
        return part in await play.words()

    await until(shown, 8, f"the words {part!r}")


async def invite(host: PlayPage, button: str) -> str:
    """Make a link in the host's panel and return it."""
    page = host.page
    if not await page.is_visible("#table_panel"):
        await page.click("#button_table")
    before = await page.input_value(".table_link")
    await page.click(f"#table_panel >> text={button}")

    async def made() -> str:
        link = await page.input_value(".table_link")
        return link if link != before else ""

    return await until(made, 5, "the link")


def modules(png: bytes, count: int) -> list[str]:
    """Read a QR code off its picture, as a camera would: dark or light in the middle of each of its modules."""
    image = pygame.image.load(io.BytesIO(png))
    edge_px = image.get_width() / (count + 2 * 4)  # Four light modules all around.
    middles = [int((4 + n + 0.5) * edge_px) for n in range(count)]
    return ["".join("1" if sum(image.get_at((x, y))[:3]) < 384 else "0" for x in middles) for y in middles]


async def shakes(play: PlayPage) -> int:
    """Return how often the page's pads were shaken."""
    return int(await play.page.evaluate("fakeGamepads.rumbles.length"))


async def plug(play: PlayPage) -> None:
    """Plug a pad in that nobody touches yet."""
    await play.page.evaluate("fakeGamepads.set(0, [], [0, 0, 0, 0])")


async def press(play: PlayPage, times: int = 1) -> None:
    """Press the pad's first button, and hold and release it long enough for the page's look at its pads."""
    for _ in range(times):
        for buttons in ("[0]", "[]"):
            await play.page.evaluate(
                f"fakeGamepads.set(0, {buttons}, [0, 0, 0, 0]), new Promise(done => setTimeout(done, 40))"
            )


async def press_key(play: PlayPage, times: int = 1) -> None:
    """Press a key that types no text, long enough for each edge to travel alone."""
    for _ in range(times):
        await play.page.keyboard.press("ShiftLeft", delay=40)


async def take_seat_two(guest: PlayPage, link: str) -> None:
    """Come by an invitation to play and wait for the picture."""
    await guest.page.goto(link)
    await until_words(guest, "Two seats")
    assert await guest.page.inner_text("#join_seat") == "Take seat 2"
    await guest.page.click("#join_seat")
    await guest.page.wait_for_url("**/session/*")
    await guest.probe.until_playing()


async def until_presses(play: PlayPage, check: Callable[[Presses], bool], what: str) -> None:
    """Wait until the picture shows what was pressed."""
    await play.probe.until_state(lambda _, state: check(presses_of(state)), 5, what)


async def test_a_guest_plays_on_seat_two_alone_and_can_be_sent_away(browser: Browser, host: PlayPage) -> None:
    await plug(host)
    await until_presses(host, lambda p: p.pads == 1, "the host's pad")
    await press(host)
    await until_presses(host, lambda p: p.first == 1, "the host's press")
    link = await invite(host, "Invite to play")
    await expect(host.page.locator("#table_panel")).to_contain_text("farplay up --lan")
    async with stranger(browser) as guest:
        await take_seat_two(guest, link)
        await until_words(host, "Guest 1")
        await expect(host.page.locator(".table_link")).to_be_hidden()
        await plug(guest)
        await until_presses(host, lambda p: p.pads == 2, "the guest's pad")
        await press(guest, 2)
        await until_presses(host, lambda p: (p.first, p.second, p.pads) == (1, 2, 2), "the guest's presses")

        async def shaken_twice() -> bool:
            return await shakes(guest) == 2

        await until(shaken_twice, 3, "the guest's pad shaken by both")
        assert await shakes(host) == 1, "each pad is shaken by its own presses alone"

        await guest.page.evaluate("window.forgedParticipant = 0")
        await press(guest, 3)
        assert await guest.page.evaluate("window.forgeries") >= 3
        await press(host)
        await until_presses(host, lambda p: p.first == 2, "the host's own press, and no forged one")
        await guest.page.evaluate("window.forgedParticipant = undefined")
        assert not await guest.page.is_visible("#button_end")

        guest.expected += ["403", "410"]
        await host.page.click("text=Send away")
        await host.page.click("text=Sure?")
        await until_words(guest, "sent you away")
        await until_presses(host, lambda p: p.pads == 1, "the guest's pad is unplugged")
        await guest.page.reload()
        await until_words(guest, "sent you away")
        await guest.page.goto(link)
        await until_words(guest, "taken this invitation back")
    async with stranger(browser) as other:
        other.expected += ["410"]
        await other.page.goto(link)
        await until_words(other, "taken this invitation back")
    await host.page.keyboard.press("Escape")
    await host.page.keyboard.press("Enter")
    assert not await host.page.is_visible("#table_panel"), "Enter is the game's again"


async def test_a_guests_keyboard_plays_on_seat_two_alone(browser: Browser, host: PlayPage) -> None:
    link = await invite(host, "Invite to play")
    await host.page.keyboard.press("Escape")
    await press_key(host)
    await until_presses(host, lambda p: (p.keys, p.pads) == (1, 0), "the host's key, on the program's own keyboard")
    async with stranger(browser) as guest:
        await take_seat_two(guest, link)
        await press_key(guest, 2)
        await until_presses(
            host, lambda p: (p.first, p.keys, p.pads) == (2, 1, 1), "the guest's keys, as the pad of seat 2"
        )

        await guest.page.evaluate(f"window.forgedDevice = {HOSTS_SECOND_PAD}")
        await press_key(guest)
        await until_presses(
            guest, lambda p: (p.first, p.keys, p.pads) == (3, 1, 1), "a key said to be another pad's, on its own seat"
        )
        await guest.page.evaluate(
            "window.forgedDevice = undefined; window.forgedParticipant = 0; window.forgeries = 0"
        )
        await press_key(guest, 3)
        assert await guest.page.evaluate("window.forgeries") >= 3
        await press_key(host)
        await until_presses(host, lambda p: p.keys == 2, "the host's own key")
        await until_presses(host, lambda p: (p.first, p.keys, p.pads) == (3, 2, 1), "no forged one on either seat")


async def test_a_spectator_plays_only_while_the_host_lends_a_seat(browser: Browser, host: PlayPage) -> None:
    link = await invite(host, "Invite to watch")
    async with stranger(browser) as watcher:
        await watcher.page.goto(link)
        await watcher.page.click("#join_watch")
        await watcher.page.wait_for_url("**/watch/*")
        await watcher.probe.until_playing()
        await until_words(host, "Watching")
        await press(watcher, 2)
        await plug(host)
        await until_presses(host, lambda p: p.pads == 1, "the host's pad")
        await press(host)
        await until_presses(watcher, lambda p: (p.first, p.second, p.pads) == (1, 0, 1), "the host's press alone")

        await host.page.select_option("#table_seat_1", label="Guest 1")
        await until_words(watcher, "You play on seat 2 now")
        await until_presses(watcher, lambda p: p.pads == 2, "the pad on the lent seat")
        await press(watcher)
        await until_presses(watcher, lambda p: (p.first, p.second, p.pads) == (1, 1, 2), "a press on the lent seat")

        await host.page.select_option("#table_seat_1", label="Host")
        await until_words(watcher, "You are watching")
        await press(watcher)
        await press(host)
        await until_presses(watcher, lambda p: (p.first, p.second, p.pads) == (2, 1, 1), "the host's press alone")


async def test_a_guest_on_a_phone_has_the_titles_pad_and_its_words(
    browser: Browser, two_seats: FarplayProcess, host: PlayPage
) -> None:
    link = await invite(host, "Invite to play")
    async with play_page(browser, phone=(844, 390)) as guest:
        page = guest.page
        await guest.context.add_init_script("localStorage.setItem('farplay.language', 'zh')")
        await page.goto(link)
        await page.tap("#join_seat")
        await page.wait_for_url("**/session/*")
        await guest.probe.until_playing()
        assert await page.title() == "双人测试 – Farplay"
        await expect(page.locator("#touch_pad")).to_be_visible()
        assert await page.locator("[data-part]").count() == 3
        box = await page.locator("[data-part=a]").bounding_box()
        assert box is not None
        await guest.touch("touchStart", [(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)])
        await until_presses(host, lambda p: (p.first, p.pads) == (1, 1), "the guest's thumb on A")
        await guest.touch("touchEnd", [])

        await page.tap("#handle")
        await expect(page.locator("#panel_title")).to_have_text("双人测试")
        await page.get_by_role("button", name="操作说明").tap()
        legend = page.locator("#controls")
        await expect(legend.locator(".legend_device").first).to_contain_text("计一次按键")
        await expect(legend.locator(".legend_device").first).to_contain_text("手柄上的 A")
        assert not await findings(page)

        await page.goto(two_seats.url)
        panel = page.locator("#message .panel")
        await expect(panel).to_contain_text("双人测试")
        assert not await findings(page)
        await page.locator("nav").get_by_role("link", name="检查连接").tap()
        await expect(page.locator("#again")).to_be_enabled(timeout=25_000)
        for leg in ("sign_in", "socket", "udp"):
            await expect(page.locator(f'li[data-leg="{leg}"]')).to_have_attribute("data-state", "ok")
        await expect(page.locator('li[data-leg="sign_in"]')).to_contain_text("访客")
        assert not await findings(page)
        await page.goto(two_seats.url)
        await panel.get_by_role("link", name="回到游戏").tap()
        await page.wait_for_url("**/session/*")
        await guest.probe.until_playing()


async def test_a_guest_of_a_game_that_is_over_is_told_so(
    browser: Browser, two_seats: FarplayProcess, host: PlayPage
) -> None:
    link = await invite(host, "Invite to watch")
    async with stranger(browser) as watcher:
        await watcher.page.goto(link)
        await watcher.page.click("#join_watch")
        await watcher.page.wait_for_url("**/watch/*")
        await watcher.probe.until_playing()
        await until_words(host, "Watching")
        await host.page.click("text=Send away")
        await host.page.click("text=Sure?")
        await until_words(watcher, "sent you away")
        watcher.expected.append("403")
        await watcher.page.goto(two_seats.url)
        await until_words(watcher, "that is over")
        await until_words(watcher, "open a sign-in link")


async def test_a_phone_may_scan_the_link_where_the_network_gets_here(
    up: FarplayProcess, open_player: OpenPlayer
) -> None:
    async with open_player() as play:
        await play_title(play, up)
        link = await invite(play, "Invite to watch")
        assert link.startswith("https://127.0.0.1:")
        code = play.page.get_by_role("img", name="QR code of the invitation link")
        expected = qr_rows(link)
        assert modules(await code.screenshot(), len(expected)) == expected
        assert not await findings(play.page)
        await play.page.click("text=Revoke")
        await expect(play.page.locator("#table_panel .qr")).to_have_count(0)
