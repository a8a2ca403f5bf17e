"""No room: a queue in words with a way out and back, which starts the game by itself; and a player's own limit."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, StorageState, expect

from farplay.child_process import ChildProcess
from farplay.secrets_passing import ENROLMENT_VARIABLE
from farplay.title_folders import installed_titles
from render_node.agent.io.capacity_probe import store_measurement
from tests.support.agent_process import MEASURED
from tests.support.chromium import PlayPage, play_page
from tests.support.farplay_process import ROOT
from tests.support.key_presses import timed_presses
from tests.support.live_broker import ENROLMENT_TOKEN, broker_config, live_broker
from tests.support.notebook import NOTEBOOK
from tests.support.player import session_id
from web_client import STATIC_DIR

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

TITLES = (ROOT / "games" / "testcard", NOTEBOOK, ROOT / "tests" / "support" / "two_seats")
READY_S, STOP_S = 30.0, 8.0
PICTURE_MS = 15_000


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def one_slot(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[tuple[str, str]]:
    """A server whose one node runs one game at a time and whose players may have two; its address and sign-in."""
    folder = tmp_path_factory.mktemp("one_slot")
    titles = installed_titles(TITLES, with_bundled=False)
    config = broker_config(folder, static_dir=STATIC_DIR, titles=titles, sessions_per_player=2)
    async with live_broker(config) as ready:
        node_dir = folder / "node"
        node_dir.mkdir()
        store_measurement(node_dir, MEASURED)
        options = ["--broker", ready.url, "--data-dir", str(node_dir), "--slots", "1", "--media-host", "127.0.0.1"]
        options += ["--no-bundled", *(word for path in TITLES for word in ("--title", str(path)))]
        log_path = folder / "node.log"
        secrets = {ENROLMENT_VARIABLE: ENROLMENT_TOKEN}
        node = await ChildProcess.start("node", options, log_path=log_path, secrets=secrets)
        try:
            await node.ready(READY_S)
            yield ready.url, f"{ready.url}/#owner={ready.owner_token}"
        finally:
            await node.stop(STOP_S)
        assert await node.wait() == 0, node.last_words()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def player(one_slot: tuple[str, str], browser: Browser) -> StorageState:
    async with play_page(browser) as play:
        await play.page.goto(one_slot[1])
        await expect(play.page.locator(".card:not(.skeleton)")).to_have_count(len(TITLES))
        return await play.context.storage_state()


async def end_game(page: Page) -> None:
    """End the game by the menu's button, which asks once more."""
    await page.locator("#button_end").evaluate("button => { button.click(); button.click(); }")
    await expect(page.get_by_role("heading", name="The game has ended")).to_be_visible()


async def until_picture(play: PlayPage) -> None:
    """Wait until nothing covers the picture."""
    await expect(play.page.locator("#screen")).to_be_hidden(timeout=PICTURE_MS)


async def test_a_game_without_room_waits_its_turn_and_starts_by_itself(
    one_slot: tuple[str, str], player: StorageState, browser: Browser
) -> None:
    url, _ = one_slot
    async with play_page(browser, signed_in=player) as first, play_page(browser, signed_in=player) as second:
        await first.page.goto(f"{url}/play/notebook")
        await until_picture(first)

        page = second.page
        await page.goto(f"{url}/play/testcard")
        queued = page.get_by_text("All machines are busy. You are next in line, and the game starts by itself.")
        await expect(queued).to_be_visible()
        await expect(page.get_by_role("heading", name="Test card")).to_be_visible()
        await expect(page.get_by_text("Finding a machine")).to_have_attribute("aria-current", "step")
        session = session_id(second)

        await page.get_by_role("link", name="All games").click()
        card = page.locator('.card[data-title="testcard"]')
        await expect(card.locator(".badge")).to_have_text("Waiting for a machine")
        await card.get_by_role("link", name="Continue Test card").click()
        await expect(queued).to_be_visible()

        await end_game(first.page)
        await second.probe.until_playing()
        assert len(await timed_presses(second, 3, seed=1)) == 3
        assert session_id(second) == session
        await end_game(page)


async def test_a_player_with_too_many_games_is_told_to_end_one(
    one_slot: tuple[str, str], player: StorageState, browser: Browser
) -> None:
    url, _ = one_slot
    async with play_page(browser, signed_in=player) as play:
        origin, request = {"Origin": url}, play.context.request
        others = [
            await request.post(f"{url}/api/v1/sessions", data={"title_id": title_id}, headers=origin)
            for title_id in ("notebook", "two-seats")
        ]
        play.expected.append("409")
        await play.page.goto(f"{url}/play/testcard")
        await expect(play.page.get_by_role("heading", name="No room right now")).to_be_visible()
        await expect(play.page.get_by_text("End one of them and try again.")).to_be_visible()
        await expect(play.page.get_by_role("link", name="All games")).to_be_visible()

        for other in others:
            assert (await request.delete(f"{url}{other.headers['location']}", headers=origin)).ok
        await play.page.get_by_role("button", name="Try again").click()
        await play.probe.until_playing()
        await end_game(play.page)
