"""Other devices in real Chromium: HTTPS by the local authority, a phone that joins by code, the shell, plain HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.support.chromium import PlayPage, chromium, play_page, trust_flag
from tests.support.deadlines import until
from tests.support.farplay_process import FarplayProcess
from tests.support.live_broker import broker_config, live_broker
from tests.support.page_probe import press_and_see
from tests.support.player import OpenPlayer
from web_client import STATIC_DIR

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

PHONE = "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Mobile Safari/537.36"
ELSEWHERE = "play.test"
"""A name that leads here but is no loopback name to a browser."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def trusting(up: FarplayProcess) -> AsyncIterator[Browser]:
    """A Chromium that took the trust step: it accepts this server's key."""
    async with chromium(
        trust_flag(up.ready["https_url"]), f"--host-resolver-rules=MAP {ELSEWHERE} 127.0.0.1"
    ) as started:
        yield started


async def shows(play: PlayPage, words: str, within_s: float = 10.0) -> None:
    async def said() -> bool:
        return words in await play.words()

    await until(said, within_s, f"the words {words!r}")


async def test_a_phone_joins_by_code_plays_and_is_signed_out(
    up: FarplayProcess, open_player: OpenPlayer, trusting: Browser
) -> None:
    async with open_player(trusting) as laptop, play_page(trusting, touch=True, user_agent=PHONE) as phone:
        await laptop.page.goto(f"{up.url}/devices")
        await shows(laptop, "Chrome on Linux")
        await laptop.page.get_by_role("button", name="Show the code").click()
        await shows(laptop, "Works once")
        link = await laptop.page.get_by_label("Or open this link there:").input_value()
        assert link.startswith(f"{up.ready['https_url']}/#owner=")

        await phone.page.goto(link)
        await shows(laptop, "Done. The device is signed in.")
        await shows(laptop, "Chrome on Android")
        assert "owner" not in phone.page.url
        (cookie,) = await until(phone.context.cookies, 5, "the phone's cookie")
        assert (cookie["name"].startswith("__Host-"), cookie["secure"]) == (True, True)

        await phone.page.goto(f"{up.ready['https_url']}/play/testcard")
        await phone.probe.until_playing()
        assert await phone.page.evaluate("isSecureContext && crossOriginIsolated")
        assert await press_and_see(phone.probe, phone.tap_key)

        phone.expected += ["401", "WebSocket"]
        await laptop.page.get_by_role("button", name="Sign out Chrome on Android").click()
        await shows(phone, "You are not signed in here.")
        ended = "document.getElementById('stage').srcObject.getVideoTracks()[0].readyState === 'ended'"
        await until(lambda: phone.page.evaluate(ended), 5, "the end of the phone's picture")

        async def not_listed() -> bool:
            return "Chrome on Android" not in await laptop.words()

        await until(not_listed, 5, "the laptop's list without the phone")


async def test_a_code_that_was_closed_is_worth_nothing(
    up: FarplayProcess, open_player: OpenPlayer, trusting: Browser
) -> None:
    async with open_player(trusting) as laptop, play_page(trusting, user_agent=PHONE) as phone:
        await laptop.page.goto(f"{up.url}/devices")
        await laptop.page.get_by_role("button", name="Show the code").click()
        await shows(laptop, "Works once")
        link = await laptop.page.get_by_label("Or open this link there:").input_value()
        async with laptop.page.expect_response(lambda answer: answer.request.method == "DELETE"):
            await laptop.page.get_by_role("button", name="Close").click()
        phone.expected += ["410", "401"]
        await phone.page.goto(link)
        await shows(phone, "too old")


async def test_the_trust_page_tells_whether_the_step_was_taken(
    up: FarplayProcess, browser: Browser, trusting: Browser
) -> None:
    async with play_page(trusting, user_agent=PHONE) as phone:
        await phone.page.goto(up.ready["trust_url"])
        await shows(phone, "This device trusts the server")
        assert await phone.page.locator("details[open]").get_attribute("data-platform") == "android"
        await phone.page.get_by_role("link", name="Open Farplay").click()
        await shows(phone, "Sign in first")
        phone.expected += ["401"]
    async with play_page(browser) as stranger:
        stranger.expected += ["ERR_CERT_AUTHORITY_INVALID"]
        async with stranger.page.expect_event("requestfailed"):
            await stranger.page.goto(up.ready["trust_url"])
        assert await stranger.page.locator("#trusted").is_hidden()
        async with stranger.page.expect_download() as download:
            await stranger.page.get_by_role("link", name="Get the certificate").click()
        assert (await download.value).suggested_filename == "farplay-ca.crt"


async def test_the_shell_speaks_when_the_server_is_away_and_keeps_nothing_else(
    tmp_path: Path, trusting: Browser
) -> None:
    async with play_page(trusting) as play:
        async with live_broker(broker_config(tmp_path, static_dir=STATIC_DIR)) as ready:
            await play.page.goto(f"{ready.url}/#owner={ready.owner_token}")
            await shows(play, "Duel")
            await until(lambda: play.page.evaluate("navigator.serviceWorker.controller !== null"), 10, "the worker")
            await play.page.reload()
            await shows(play, "Duel")
            kept = await play.page.evaluate(
                """async () => {
                    const names = await caches.keys();
                    const requests = await (await caches.open(names[0])).keys();
                    return [names.length, requests.map(({ url }) => url.slice(location.origin.length))];
                }"""
            )
            assert kept[0] == 1
            assert "/" in kept[1]
            assert [path for path in kept[1] if path != "/" and not path.startswith("/static/")] == []
        play.expected += ["ERR_CONNECTION", "Failed to load", "Failed to fetch"]
        await play.page.reload()
        await shows(play, "The server does not answer.")


async def test_plain_http_says_what_is_lost_and_loopback_how_to_add_devices(
    tmp_path: Path, trusting: Browser
) -> None:
    config = broker_config(tmp_path, static_dir=STATIC_DIR, allowed_hosts=(ELSEWHERE,))
    async with live_broker(config) as ready, play_page(trusting) as play:
        play.expected += ["Cross-Origin-Opener-Policy"]
        away = ready.url.replace("localhost", ELSEWHERE)
        await play.page.goto(f"{away}/#owner={ready.owner_token}")
        await shows(play, "Duel")
        await shows(play, "farplay up --lan")
        await play.page.goto(f"{away}/play/duel")
        await shows(play, "No machine is there")
        await play.page.get_by_text("The connection is not encrypted").click()
        await shows(play, "farplay up --lan")
        await play.page.goto(f"{away}/devices")
        await shows(play, "Signed in")
        for words in ("Esc and system keys", "go dark", "installed", "copied or pasted", "farplay up --lan"):
            assert words in await play.page.locator("#insecure_notice").inner_text()
        assert await play.page.locator("#install").is_hidden()

        token = await play.page.evaluate(
            """async () => {
                const init = { method: "POST", headers: { "Content-Type": "application/json" }, body: "{}" };
                const link = await (await fetch("/api/v1/device-links", init)).json();
                return link.url.split("#")[1];
            }"""
        )
        await play.page.goto(f"{ready.url}/#{token}")
        await shows(play, "Duel")
        await play.page.goto(f"{ready.url}/devices")
        await shows(play, "So far only this computer reaches this server.")
        assert await play.page.get_by_role("button", name="Show the code").is_hidden()
        assert await play.page.locator("#insecure_notice").is_hidden()
