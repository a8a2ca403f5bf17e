"""The library in Chromium: from a card into the game and back, search, details, language, every size and state."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Browser, Page, Route, ViewportSize, expect

from tests.support.chromium import intercept, play_page
from tests.support.deadlines import until
from tests.support.farplay_process import FarplayProcess
from tests.support.library_page import (
    CARD,
    TITLES_API,
    Catalogue,
    card_alone,
    change_catalogue,
    open_library,
    several,
)
from tests.support.player import OpenPlayer, session_id

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

BROKEN = ["ERR_FAILED", "502"]
"""What a browser itself logs about the answers that a test takes away."""


async def test_play_leave_and_continue(up: FarplayProcess, open_player: OpenPlayer) -> None:
    async with open_player() as play:
        page = play.page
        await open_library(page, up.url)
        await page.locator(f'{CARD}[data-title="testcard"] a[href*="/play/testcard"]').click()
        first = (await play.probe.until_playing()).number
        session = session_id(play)
        await page.locator("#button_leave").evaluate("button => button.click()")
        await page.locator("#screen_home").click()

        hero = page.locator(".hero_continue")
        await expect(hero).to_contain_text("Running now")
        await expect(hero).to_contain_text("Played just now")
        assert await page.locator(CARD).first.locator(".badge").inner_text() == "Running now"
        await hero.get_by_role("link", name="Continue Test card").click()
        again = (await play.probe.until_playing()).number
        assert session_id(play) == session
        assert first is not None
        assert again is not None
        assert again > first, "the same game went on"


async def test_everything_that_runs_is_on_top(up: FarplayProcess, open_player: OpenPlayer) -> None:
    def live(titles: Catalogue) -> Catalogue:
        first, *others = several(titles)
        states = ("queued", "running", "paused")
        sessions = [{"session_id": f"ses_{state}", "state": state} for state in states]
        running = [{**title, "session": session} for title, session in zip(others, sessions, strict=False)]
        return [first, *running, *others[len(running) :]]

    async with open_player() as play:
        page = play.page
        await change_catalogue(page, live)
        await open_library(page, up.url)
        await expect(page.locator(".hero_continue h2")).to_have_text("Tidewater")
        row = page.get_by_role("region", name="Also running")
        for name in ("Orbit Duel", "Glass Cathedral"):
            await expect(row.get_by_role("link", name=f"Continue {name}")).to_be_visible()
        await expect(page.locator(f"{CARD} .badge")).to_have_text(["Running now", "Paused", "Waiting for a machine"])
        await expect(page.locator(f"{CARD} .play_link").nth(3)).to_have_text("Play")


async def test_language_is_switched_and_remembered(up: FarplayProcess, open_player: OpenPlayer) -> None:
    async with open_player() as play:
        page = play.page
        await change_catalogue(page, several)
        await open_library(page, up.url)
        assert await page.evaluate("document.documentElement.lang") == "en"
        await page.locator("#search").fill("duel")
        chinese = page.get_by_role("button", name="简体中文")
        await chinese.click()
        await expect(page.locator("#games_heading")).to_have_text("游戏")
        await expect(page.locator("#shown")).to_have_text("显示 1 款，共 5 款")
        await expect(page.locator(f"{CARD} h3")).to_have_text("环轨对决")
        assert await page.locator("#search").get_attribute("placeholder") == "搜索游戏"
        assert await page.evaluate("document.documentElement.lang") == "zh-Hans"
        assert await chinese.get_attribute("aria-pressed") == "true"
        await expect(chinese).to_be_focused()

        await page.goto(f"{up.url}/session/ses_nothing")
        await expect(page.locator("#screen_heading")).to_have_text("游戏已结束")
        assert await page.evaluate("document.documentElement.lang") == "zh-Hans"
        play.expected += ["404", "403", "WebSocket"]
        await open_library(page, up.url)
        await page.get_by_role("button", name="English").click()
        await page.reload()
        await expect(page.locator("#games_heading")).to_have_text("Games")


async def test_search_and_filters_say_what_they_leave(up: FarplayProcess, open_player: OpenPlayer) -> None:
    async with open_player() as play:
        page = play.page
        await change_catalogue(page, several)
        await open_library(page, up.url)
        shown = page.locator("#shown")
        assert await shown.get_attribute("role") == "status"
        await expect(shown).to_have_text("5 of 5 shown")
        await page.get_by_role("searchbox").fill("duel")
        await expect(shown).to_have_text("1 of 5 shown")
        await expect(page.locator(f"{CARD} h3")).to_have_text(["Orbit Duel"])
        await page.get_by_role("button", name="1 player").click()
        await expect(page.get_by_role("button", name="1 player")).to_be_focused()
        await expect(page.locator("#message")).to_contain_text("Nothing fits")
        await page.get_by_role("button", name="Clear filters").click()
        await expect(page.locator(CARD)).to_have_count(5)
        await expect(page.locator("#search")).to_be_focused()
        for chip, names in (
            ("2 or more", ["Orbit Duel"]),
            ("Touch screen", ["Test card", "Orbit Duel", "Tidewater", "Glass Cathedral"]),
        ):
            await page.get_by_role("button", name=chip).click()
            await expect(page.locator(f"{CARD} h3")).to_have_text(names)
            await page.get_by_role("button", name=chip).click()
        await expect(page.locator(CARD)).to_have_count(5)


async def test_details_before_play(up: FarplayProcess, open_player: OpenPlayer) -> None:
    async with open_player() as play:
        page = play.page
        await change_catalogue(page, several)
        await open_library(page, up.url)
        dialog = page.get_by_role("dialog")
        await page.locator(f'{CARD}[data-title="testcard"]').click(position={"x": 60, "y": 60})
        await expect(dialog).to_have_accessible_name("Test card")
        await expect(dialog.get_by_role("link", name="Play Test card")).to_be_focused()
        assert page.url == f"{up.url}/?title=testcard"
        first = dialog.locator(".legend_device").first
        await expect(first).to_contain_text("Keyboard")
        await expect(first).to_contain_text("Your device")
        await expect(first.locator("dt")).to_have_text(["Turn the block", "Play a tone"])
        await expect(first.locator("dd")).to_have_text(["X", "1 2 3 4"])
        await expect(dialog.locator(".need_check").first).to_contain_text("256 MiB of memory")
        await page.go_back()
        await expect(dialog).to_be_hidden()
        await expect(page).to_have_url(f"{up.url}/")

        # The closing dialog gives the focus back first.
        await expect(page.locator('[data-focus="details testcard"]')).to_be_focused()
        await page.locator('[data-focus="details cathedral"]').press("Enter")
        await expect(dialog).to_contain_text("This game needs a graphics card, and no machine here has one.")
        await expect(dialog.locator(".need_cross")).to_contain_text("A graphics card")
        await expect(dialog.locator(".play_link")).to_have_count(0)
        await page.keyboard.press("Escape")
        await expect(dialog).to_be_hidden()
        await expect(page.locator('[data-focus="details cathedral"]')).to_be_focused()
        await expect(page).to_have_url(f"{up.url}/")
        await page.goto(f"{up.url}/?title=tidewater")
        await expect(dialog).to_contain_text("Made for: Touch screen.")
        await page.get_by_role("button", name="Close").click()
        await expect(dialog).to_be_hidden()
        await expect(page).to_have_url(f"{up.url}/")


async def test_arrow_keys_and_a_pad_reach_everything(up: FarplayProcess, open_player: OpenPlayer) -> None:
    async with open_player(pads=True) as play:
        page = play.page
        await change_catalogue(page, several)
        await open_library(page, up.url)

        async def focused() -> str:
            return str(await page.evaluate("document.activeElement.dataset.focus"))

        await page.keyboard.press("ArrowDown")
        assert await focused() == "hero play"
        await page.keyboard.press("ArrowRight")
        assert await focused() == "hero details"
        await page.locator('[data-focus="details testcard"]').focus()
        visited = []
        for key in ("ArrowRight", "ArrowRight", "ArrowLeft", "ArrowDown", "ArrowUp"):
            await page.keyboard.press(key)
            visited.append(await focused())
        assert visited == [
            "details orbit-duel", "details tidewater", "details orbit-duel", "play orbit-duel", "details orbit-duel",
        ]  # fmt: skip
        await page.locator("#search").fill("duel")
        await page.keyboard.press("ArrowLeft")
        assert await focused() == "search", "the caret moves, not the focus"
        await page.locator("#search").fill("")

        await page.evaluate("fakeGamepads.set(0, [], [0, 0, 0, 0])")
        await page.locator('[data-focus="details testcard"]').focus()
        await page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        await page.evaluate("fakeGamepads.set(0, [15], [0, 0, 0, 0])")
        await expect(page.locator('[data-focus="details orbit-duel"]')).to_be_focused()
        await page.evaluate("fakeGamepads.set(0, [0], [0, 0, 0, 0])")
        await expect(page.get_by_role("dialog")).to_have_accessible_name("Orbit Duel")
        await page.evaluate("fakeGamepads.set(0, [1], [0, 0, 0, 0])")
        await expect(page.get_by_role("dialog")).to_be_hidden()


SIZES = [(390, 844), (320, 640), (844, 390), (820, 1180), (1920, 1080)]
"""Phone, small phone, phone on its side, tablet, TV."""


async def test_no_size_scrolls_sideways(up: FarplayProcess, open_player: OpenPlayer) -> None:
    async with open_player(touch=True) as play:
        page = play.page
        await change_catalogue(page, several)
        await open_library(page, up.url)
        for width, height in SIZES:
            await page.set_viewport_size(ViewportSize(width=width, height=height))
            assert await sideways(page) == 0, width
            box = await page.locator(f'{CARD} a[href*="/play/testcard"]').bounding_box()
            assert box is not None
            assert box["height"] >= 40, "a finger hits it"
            await page.locator('[data-focus="details testcard"]').click()
            await expect(page.locator(".legend_device").first).to_contain_text("Touch screen")
            assert await sideways(page) == 0, width
            assert await page.evaluate("details.scrollWidth - details.clientWidth") == 0, width
            await page.keyboard.press("Escape")
            await expect(page).to_have_url(f"{up.url}/")


async def sideways(page: Page) -> int:
    """Return by how many pixels the page is wider than the window."""
    return int(await page.evaluate("document.documentElement.scrollWidth - innerWidth"))


async def test_words_for_every_state(up: FarplayProcess, browser: Browser, open_player: OpenPlayer) -> None:
    async with open_player() as play:
        page, message = play.page, play.page.locator("#message")
        answer, asked = asyncio.Event(), 0

        async def late(route: Route) -> None:
            nonlocal asked
            asked += 1
            await answer.wait()
            await route.abort()

        async def asked_again() -> bool:
            return asked > before

        play.expected += BROKEN
        await intercept(page, TITLES_API, late)
        await page.goto(f"{up.url}/")
        await expect(page.locator(".card.skeleton")).to_have_count(4)
        assert await page.locator("#games").get_attribute("aria-busy") == "true"
        answer.set()
        await expect(message).to_contain_text("The server does not answer.")
        before = asked
        await page.get_by_role("button", name="Try again").click()
        await until(asked_again, 2, "another question for the catalogue")
        await page.unroute(TITLES_API)
        await expect(page.locator(CARD).first).to_be_visible(timeout=10_000)
        await expect(page.locator("#games")).to_have_attribute("aria-busy", "false")

        await change_catalogue(page, lambda _: [])
        await page.reload()
        await expect(message).to_contain_text("No games are installed yet.")
        await expect(message).to_contain_text("farplay up --title")

        no_node = {"availability": {"can_start": False, "reason": "no_node"}}
        await page.unroute(TITLES_API)
        await change_catalogue(page, lambda titles: [{**title, **no_node} for title in card_alone(titles)])
        await page.reload()
        await expect(page.locator(".hero")).to_contain_text("No machine is there to run games.")
        await expect(page.locator(f"{CARD} .refusal")).to_have_text("Cannot start now")

        broken = {"artwork_url": "/static/home.js"}
        await page.unroute(TITLES_API)
        await change_catalogue(page, lambda titles: [{**title, **broken} for title in card_alone(titles)])
        await page.reload()
        await expect(page.locator(f"{CARD} .artwork > svg")).to_be_visible()
    async with play_page(browser) as stranger:
        stranger.expected += ["401", "410"]
        await stranger.page.goto(f"{up.url}/")
        await expect(stranger.page.locator("#message")).to_contain_text("Open the link that farplay printed")
        await expect(stranger.page.locator("#games_bar")).to_be_hidden()
        await stranger.page.goto("about:blank")
        await stranger.page.goto(f"{up.url}/#owner=never-minted")
        await expect(stranger.page.locator("#message")).to_contain_text("This sign-in link is too old.")
