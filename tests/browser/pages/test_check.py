"""The connection check in Chromium: everything works on loopback, and a node that does not answer is named."""

from __future__ import annotations

import signal

import pytest
from playwright.async_api import Page, expect

from tests.support.chromium import PlayPage
from tests.support.deadlines import until
from tests.support.farplay_process import FarplayProcess
from tests.support.player import OpenPlayer

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

WHOLE_MS = 25_000
"""All legs on a busy machine; a closed way takes six seconds to be sure of."""


async def states(page: Page) -> dict[str, str]:
    """Return what was found on each leg."""
    items = page.locator("#legs li")
    found: list[list[str]] = await items.evaluate_all(
        "all => all.map(each => [each.dataset.leg, each.dataset.state])"
    )
    return dict(found)


async def finished(page: Page) -> dict[str, str]:
    """Wait until all legs are tried and return what was found."""
    await expect(page.locator("#again")).to_be_enabled(timeout=WHOLE_MS)
    return await states(page)


async def test_everything_works_on_this_machine(up: FarplayProcess, open_player: OpenPlayer) -> None:
    async with open_player() as play:
        await play.page.goto(f"{up.url}/check")
        found = await finished(play.page)
        # How steady the delay is depends on what else this machine does.
        assert found.pop("delay") in ("ok", "note")
        assert set(found.values()) == {"ok"}, found
        delay = await play.page.locator('li[data-leg="delay"] .leg_words').inner_text()
        assert " ms there and back, varying by " in delay

        await play.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=up.url)
        await play.page.get_by_role("button", name="Copy as text").click()
        await expect(play.page.locator("#copy")).to_have_text("Copied")
        copied = str(await play.page.evaluate("navigator.clipboard.readText()"))
        assert "[ok] UDP to the game's machine: The machine answers over UDP." in copied
        assert up.url in copied


async def test_a_node_that_does_not_answer_is_named(up: FarplayProcess, open_player: OpenPlayer) -> None:
    (node,) = up.named("node")
    async with open_player() as play:
        node.send_signal(signal.SIGSTOP)
        try:
            await play.page.goto(f"{up.url}/check")
            await expect(play.page.locator("#summary_words")).to_have_text(
                "This does not work: UDP to the game's machine", timeout=WHOLE_MS
            )
            await expect(play.page.locator("#summary_advice")).to_contain_text("firewall")
            found = await finished(play.page)
        finally:
            node.send_signal(signal.SIGCONT)
        assert found["socket"] == "ok"
        assert (found["udp"], found["delay"]) == ("fails", "skipped")
        await until(lambda: answers(play, up), 15, "the node, back again")
        await play.page.get_by_role("button", name="Check again").click()
        await expect(play.page.locator("#summary")).not_to_have_attribute("data-state", "fails")
        assert (await finished(play.page))["udp"] == "ok"


async def answers(play: PlayPage, up: FarplayProcess) -> bool:
    """Tell whether the broker has its node back."""
    plan = await play.context.request.get(f"{up.url}/api/v1/check")
    return bool((await plan.json())["nodes"])


async def test_without_a_sign_in_the_rest_is_still_tried(up: FarplayProcess, open_player: OpenPlayer) -> None:
    async with open_player() as play:
        play.expected += ["/api/v1/me", "status of 401"]
        await play.context.clear_cookies()
        await play.page.goto(f"{up.url}/check")
        found = await finished(play.page)
        assert found["http"] == found["webrtc"] == found["codecs"] == "ok"
        assert (found["sign_in"], found["socket"], found["udp"]) == ("fails", "skipped", "skipped")
        await expect(play.page.locator("#summary_words")).to_have_text("This does not work: Sign-in")
