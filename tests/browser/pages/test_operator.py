"""The operator's page in Chromium: it shows a session that is played and ends it, and nobody else may look."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest
from playwright.async_api import Browser, expect

from session_broker.core.pools.records import PoolNodeState, Trouble
from session_broker.core.tickets import digest
from session_broker.io.clock import wall_ms
from session_broker.io.routes.pools import PoolNodeRow, PoolRow, Pools
from tests.support.chromium import play_page
from tests.support.farplay_process import FarplayProcess
from tests.support.key_presses import timed_presses
from tests.support.player import OpenPlayer, play_title, session_id

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

PATIENCE_MS = 10_000
"""Figures come with a heartbeat every two seconds and are read every two."""


async def test_an_operator_sees_a_session_and_ends_it(up: FarplayProcess, open_player: OpenPlayer) -> None:
    async with open_player() as play, open_player() as desk:
        await play_title(play, up)
        await timed_presses(play, 8, seed=4)
        page = desk.page
        await page.goto(f"{up.url}/operator")
        row = page.locator(f'#sessions tr[data-key="{session_id(play)}"]')
        await expect(row.locator(".cell_game")).to_have_text("Test card")
        await expect(row.locator(".cell_state")).to_have_text("Running")
        await expect(row.locator(".cell_people")).to_have_text("1", timeout=PATIENCE_MS)
        await expect(row.locator(".cell_picture")).to_contain_text("fps · ", timeout=PATIENCE_MS)
        await expect(row.locator(".cell_delay")).to_contain_text(" ms", timeout=PATIENCE_MS)
        await expect(page.locator("#nodes .fact_encoders")).to_contain_text("libx264")
        await expect(page.locator("#tiles")).to_contain_text("1 of ")
        await expect(page.locator("#pools_section")).to_be_hidden()

        await row.get_by_role("button").click()
        details = page.locator("#details")
        await expect(details.locator("#details_events")).to_contain_text("Placement decided")
        await details.get_by_role("button", name="End session").click()
        await page.locator("#confirm").get_by_role("button", name="Keep it").click()
        await expect(row.locator(".cell_state")).to_have_text("Running")
        await details.get_by_role("button", name="End session").click()
        await page.locator("#confirm").get_by_role("button", name="End it").click()

        await expect(play.page.locator("#screen_words")).to_have_text("The operator ended the game.")
        await expect(details.locator("#details_facts")).to_contain_text("Ended", timeout=PATIENCE_MS)
        await expect(details.locator("#details_end")).to_be_hidden()
        await details.get_by_role("button", name="Close").click()
        ended = page.locator(f'#ended tr[data-key="{session_id(play)}"]')
        await expect(ended.locator(".cell_reason")).to_have_text("ended_by_operator", timeout=PATIENCE_MS)
        await expect(row).to_have_count(0)


async def test_pools_are_shown_where_there_are_any(up: FarplayProcess, open_player: OpenPlayer) -> None:
    node = PoolNodeRow(
        name="l4-a", node_id=None, state=PoolNodeState.STARTING, slots=0, slots_used=0, trouble=Trouble.NO_ROOM,
        words="2 Insufficient nvidia.com/gpu. <b>", created_at_ms=0,
    )  # fmt: skip
    pool = PoolRow(
        name="l4", adapter="kubernetes", priority=0, price_per_hour=0.71, regions=[], max_nodes=20, idle_wanted=4,
        states={PoolNodeState.READY: 3, PoolNodeState.STARTING: 1}, slots=12, slots_used=7, cost_per_hour=2.84,
        trouble="", nodes=[node],
    )  # fmt: skip
    async with open_player() as desk:
        page, shown = desk.page, Pools(pools=[pool]).model_dump_json()
        await page.route(
            "**/operator/pools", lambda route: route.fulfill(body=shown, content_type="application/json")
        )
        await page.goto(f"{up.url}/operator")
        row = page.locator('#pools tr[data-key="l4"]')
        await expect(row.locator(".cell_machines .cell_value")).to_have_text("3 ready · 1 starting")
        await expect(row.locator(".troubles li")).to_have_text(
            "l4-a: no room for it (2 Insufficient nvidia.com/gpu. <b>)"
        )
        await expect(row.locator(".cell_slots")).to_have_text("7 of 12")
        await expect(row.locator(".cell_cost")).to_have_text("2.84")


@pytest.fixture
def plain_cookie(up: FarplayProcess) -> Iterator[tuple[str, str]]:
    """Sign a browser in as a player without a role beside playing; returns name and value of its cookie."""
    token, player_id = secrets.token_urlsafe(32), f"plr_{secrets.token_hex(12)}"
    path = up.log_path.parent / "data" / "broker.sqlite3"
    with closing(sqlite3.connect(path, timeout=10)) as database:
        (tenant_id,) = database.execute("SELECT id FROM tenant").fetchone()
        until_ms = wall_ms() + 600_000
        database.execute("INSERT INTO player VALUES (?, ?, ?, ?)", (player_id, tenant_id, '["player"]', wall_ms()))
        database.execute(
            "INSERT INTO browser_session "
            "(token_sha256, tenant_id, player_id, created_at_ms, expires_at_ms, id, seen_at_ms) "
            "VALUES (?, ?, ?, ?, ?, ?, ?)",
            (digest(token), tenant_id, player_id, wall_ms(), until_ms, "dev_other", wall_ms()),
        )
        database.commit()
        yield f"farplay_{tenant_id.rpartition('_')[2][:8]}", token
        database.execute("DELETE FROM browser_session WHERE player_id = ?", (player_id,))
        database.execute("DELETE FROM player WHERE id = ?", (player_id,))
        database.commit()


async def test_nobody_else_may_look(up: FarplayProcess, browser: Browser, plain_cookie: tuple[str, str]) -> None:
    async with play_page(browser) as play:
        play.expected += [
            "/api/v1/me",
            "/api/v1/operator/overview",
            "/api/v1/operator/pools",
            "status of 401",
            "status of 403",
        ]
        await play.page.goto(f"{up.url}/operator")
        await expect(play.page.locator("#message_heading")).to_have_text("Sign in first")
        name, value = plain_cookie
        await play.context.add_cookies([{"name": name, "value": value, "url": up.url, "httpOnly": True}])
        await play.page.reload()
        await expect(play.page.locator("#message_heading")).to_have_text("Only operators may see this")
        assert await play.page.locator("#content").is_hidden()
        refused = await play.context.request.get(f"{up.url}/api/v1/operator/overview")
        assert (refused.status, (await refused.json())["reason"]) == (403, "forbidden")


async def test_the_page_rests_while_hidden(up: FarplayProcess, open_player: OpenPlayer) -> None:
    async with open_player() as desk:
        polls: list[str] = []
        desk.page.on("request", lambda request: polls.append(request.url) if "overview" in request.url else None)
        await desk.page.clock.install()
        await desk.page.goto(f"{up.url}/operator")
        live = desk.page.locator("#live")
        await expect(live).to_have_text("Live")
        async with desk.page.expect_response("**/operator/overview"):
            await desk.page.clock.run_for(2_100)
        hide = "Object.defineProperty(document, 'hidden', {configurable: true, value: %s});"
        tell = "document.dispatchEvent(new Event('visibilitychange'))"
        await desk.page.evaluate(hide % "true" + tell)
        await expect(live).to_have_text("Paused")
        before = len(polls)
        await desk.page.clock.run_for(20_000)
        assert len(polls) == before
        await desk.page.evaluate(hide % "false" + tell)
        await expect(live).to_have_text("Live")
        assert len(polls) > before
