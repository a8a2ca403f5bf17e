"""No page has an accessibility fault, in none of its states and languages, as axe sees it."""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser, Page, Route, ViewportSize, expect

from tests.support.axe import findings
from tests.support.chromium import intercept, play_page
from tests.support.farplay_process import FarplayProcess
from tests.support.library_page import TITLES_API, change_catalogue, open_library, several
from tests.support.player import OpenPlayer

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def assert_accessible(page: Page) -> None:
    found = await findings(page)
    assert not found, "\n".join(found)


async def speak_chinese(page: Page) -> None:
    """Load a page again in the other language."""
    await page.evaluate("localStorage.setItem('farplay.language', 'zh')")
    await page.reload()
    assert await page.evaluate("document.documentElement.lang") == "zh-Hans"


async def test_the_checker_finds_faults(browser: Browser) -> None:
    async with play_page(browser) as play:
        await play.page.set_content('<html lang="en"><title>x</title><main><button></button></main></html>')
        assert any("button-name" in each for each in await findings(play.page))


async def test_library(up: FarplayProcess, open_player: OpenPlayer) -> None:
    async with open_player() as play:
        page = play.page
        await change_catalogue(page, several)
        await open_library(page, up.url)
        await assert_accessible(page)
        await page.locator('[data-focus="details testcard"]').click()
        await expect(page.get_by_role("dialog")).to_be_visible()
        await assert_accessible(page)
        await page.keyboard.press("Escape")
        await page.get_by_role("button", name="简体中文").click()
        await page.set_viewport_size(ViewportSize(width=390, height=844))
        await assert_accessible(page)
        await page.locator("#search").fill("nothing of the kind")
        await expect(page.locator("#message .panel")).to_be_visible()
        await assert_accessible(page)


async def test_library_without_titles(up: FarplayProcess, browser: Browser, open_player: OpenPlayer) -> None:
    async with open_player() as play:
        page, answer = play.page, asyncio.Event()

        async def late(route: Route) -> None:
            await answer.wait()
            await route.abort()

        play.expected.append("ERR_FAILED")
        await intercept(page, TITLES_API, late)
        await page.goto(f"{up.url}/")
        await expect(page.locator(".card.skeleton")).to_have_count(4)
        await assert_accessible(page)
        answer.set()
        await expect(page.get_by_role("button", name="Try again")).to_be_visible()
        await assert_accessible(page)
        await page.unroute(TITLES_API)
        await change_catalogue(page, lambda _: [])
        await page.reload()
        await expect(page.locator("#message .panel")).to_be_visible()
        await assert_accessible(page)
    async with play_page(browser) as stranger:
        stranger.expected.append("401")
        await stranger.page.goto(f"{up.url}/")
        await expect(stranger.page.locator("#message .panel")).to_be_visible()
        await assert_accessible(stranger.page)


async def test_play_page(up: FarplayProcess, open_player: OpenPlayer) -> None:
    async with open_player() as play:
        page, answer = play.page, asyncio.Event()

        async def late(route: Route) -> None:
            await answer.wait()
            await route.continue_()

        await intercept(page, "**/api/v1/sessions", late)
        await page.goto(f"{up.url}/play/testcard")
        await expect(page.locator("#screen_steps [aria-current]")).to_be_visible()
        await assert_accessible(page)
        answer.set()
        await play.probe.until_playing()
        await assert_accessible(page)
        await page.locator("#button_end").evaluate("button => { button.click(); button.click(); }")
        await expect(page.locator("#screen_heading")).to_have_text("The game has ended")
        await assert_accessible(page)
        play.expected += ["404", "403", "WebSocket"]
        await page.goto(f"{up.url}/session/ses_nothing")
        await expect(page.locator("#screen_heading")).to_have_text("The game has ended")
        await assert_accessible(page)
        await page.goto("about:blank")


BESIDE_THE_GAME = {"/devices": "#list .device", "/check": "#legs li", "/operator": "#nodes li"}
"""Pages, and what each of them has once it is filled."""


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_pages_beside_the_game(language: str, up: FarplayProcess, open_player: OpenPlayer) -> None:
    async with open_player() as play:
        await play.context.add_init_script(f"localStorage.setItem('farplay.language', '{language}')")
        for address, part in BESIDE_THE_GAME.items():
            await play.page.goto(f"{up.url}{address}")
            await expect(play.page.locator(part).first).to_be_visible()
            await assert_accessible(play.page)


async def test_adding_a_device(up: FarplayProcess, open_player: OpenPlayer, browser: Browser) -> None:
    async with open_player() as play:
        await play.page.goto(f"{up.url}/devices")
        await play.page.get_by_role("button", name="Show the code").click()
        await play.page.locator("#trust summary").click()
        await expect(play.page.locator("#link_url")).to_be_visible()
        await assert_accessible(play.page)
        await play.page.get_by_role("button", name="Close").click()
    async with play_page(browser) as stranger:
        stranger.expected += ["ERR_CERT_AUTHORITY_INVALID"]
        await stranger.page.goto(up.ready["trust_url"])
        await expect(stranger.page.locator("#fingerprint span").first).to_be_visible()
        await stranger.page.locator("#systems details").evaluate_all(
            "all => all.forEach(each => { each.open = true; })"
        )
        await assert_accessible(stranger.page)
        await speak_chinese(stranger.page)
        await expect(stranger.page.locator("#fingerprint span").first).to_be_visible()
        await assert_accessible(stranger.page)


async def test_table_menu_and_invitation(up: FarplayProcess, open_player: OpenPlayer, browser: Browser) -> None:
    async with open_player() as play:
        page = play.page
        await page.goto(f"{up.url}/play/embertide")
        await expect(page.locator("#button_table")).to_be_visible(timeout=15_000)
        await assert_accessible(page)
        await page.locator("#button_table").click()
        await page.get_by_role("button", name="Invite to play").click()
        await expect(page.locator(".table_link")).to_be_visible()
        link = await page.locator(".table_link").input_value()
        await assert_accessible(page)
        await speak_chinese(page)
        await page.locator("#button_table").click(timeout=15_000)
        await expect(page.locator("#table_panel")).to_be_visible()
        await assert_accessible(page)
        await page.keyboard.press("Escape")
        await page.locator("#handle").click()
        await expect(page.locator("#panel")).to_be_visible()
        await assert_accessible(page)
        async with play_page(browser) as guest:
            await guest.page.goto(f"{up.url}{urlsplit(link).path}")
            await expect(guest.page.locator("#join_seat")).to_be_visible()
            await assert_accessible(guest.page)
            await speak_chinese(guest.page)
            await expect(guest.page.locator("#join_seat")).to_be_visible()
            await assert_accessible(guest.page)
            guest.expected += ["410"]
            await guest.page.goto(f"{up.url}/join/never-made")
            await expect(guest.page.locator("#join_failure")).to_be_visible()
            await assert_accessible(guest.page)
