"""No page of the player's has a serious accessibility fault, in none of its states, as axe sees it."""

from __future__ import annotations

import asyncio

import pytest
from playwright.async_api import Browser, Page, Route, ViewportSize, expect

from tests.support.axe import serious_findings
from tests.support.chromium import intercept, play_page
from tests.support.farplay_process import FarplayProcess
from tests.support.library_page import TITLES_API, change_catalogue, open_library, several
from tests.support.player import OpenPlayer

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]


async def assert_accessible(page: Page) -> None:
    findings = await serious_findings(page)
    assert not findings, "\n".join(findings)


async def test_the_checker_finds_faults(browser: Browser) -> None:
    async with play_page(browser) as play:
        await play.page.set_content('<html lang="en"><title>x</title><main><button></button></main></html>')
        assert any("button-name" in each for each in await serious_findings(play.page))


async def test_library(up: FarplayProcess, open_player: OpenPlayer) -> None:
    async with open_player() as play:
        page = play.page
        await change_catalogue(page, several)
        await open_library(page, up.url)
        await assert_accessible(page)
        await page.locator('[data-focus="details testcard"]').click()
        await expect(page.get_by_role("dialog")).to_be_visible()
        await page.evaluate("Promise.all(document.getAnimations().map(each => each.finished))")
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
