"""Regions in Chromium: the library measures them, a game goes to the near one, and pages say so."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from farplay.child_process import ChildProcess
from farplay.secrets_passing import ENROLMENT_VARIABLE
from farplay.title_folders import installed_titles
from render_node.agent.io.capacity_probe import store_measurement
from session_broker.core.regions import RegionRules
from tests.support.agent_process import MEASURED
from tests.support.chromium import play_page
from tests.support.deadlines import until
from tests.support.fake_node import FakeNode, hello
from tests.support.farplay_process import ROOT
from tests.support.free_port import free_port
from tests.support.live_broker import ENROLMENT_TOKEN, broker_config, live_broker, signed_in
from tests.support.player import session_id
from web_client import STATIC_DIR

pytestmark = [pytest.mark.browser, pytest.mark.asyncio(loop_scope="session")]

READY_S, STOP_S = 30.0, 8.0


async def test_a_player_plays_in_the_region_that_is_near(tmp_path: Path, browser: Browser) -> None:
    port, silent = free_port(), free_port()
    # Another origin than the page's, as the addresses of regions are.
    rules = RegionRules(
        {"far": f"http://127.0.0.1:{silent}/", "near": f"http://127.0.0.1:{port}/healthz"}, rtt_max_ms=2000.0
    )
    titles = installed_titles((ROOT / "games" / "testcard",), with_bundled=False)
    config = broker_config(tmp_path / "broker", port=port, static_dir=STATIC_DIR, titles=titles, regions=rules)
    node_dir = tmp_path / "node"
    node_dir.mkdir()
    store_measurement(node_dir, MEASURED)
    async with live_broker(config) as ready, signed_in(ready) as operator, play_page(browser) as play:
        play.expected += [f"127.0.0.1:{silent}"]
        options = ["--broker", ready.url, "--data-dir", str(node_dir), "--region", "near", "--slots", "1"]
        options += ["--media-host", "127.0.0.1", "--no-bundled", "--title", str(ROOT / "games" / "testcard")]
        secrets = {ENROLMENT_VARIABLE: ENROLMENT_TOKEN}
        node = await ChildProcess.start("node", options, log_path=tmp_path / "node.log", secrets=secrets)
        try:
            await node.ready(READY_S)
            token = (await operator.post("/api/v1/operator/enrolments")).json()["token"]
            far = replace(hello(token=token, slots=64), region="far")
            async with FakeNode.dial(ready.url, far):
                page = play.page
                for name, value in operator.cookies.items():
                    await play.context.add_cookies([{"name": name, "value": value, "url": ready.url}])
                await page.goto(ready.url)
                await expect(page.locator(".card:not(.skeleton)")).to_have_count(1)

                async def measured() -> bool:
                    kept = await page.evaluate("localStorage.getItem('farplay.regions')")
                    return kept is not None

                await until(measured, 10, "round trips")
                await page.goto(f"{ready.url}/play/testcard")
                await play.probe.until_playing()
                history = (await operator.get(f"/api/v1/operator/sessions/{session_id(play)}")).json()
                (placed,) = (each["data"] for each in history["events"] if each["event"] == "placement")
                assert (placed["region"], placed["refused"]) == ("near", {"too_far": 1})
                assert 0.0 <= placed["round_trip_ms"] < rules.rtt_max_ms
                await page.keyboard.press("Control+Alt+KeyS")
                await expect(page.locator("#figures_link")).to_contain_text("Regionnear")

                await page.goto(f"{ready.url}/check")
                leg = page.locator('li[data-leg="regions"] .leg_words')
                await expect(leg).to_have_text(re.compile(r"There and back: near \d+ ms\. No answer from: far\."))
        finally:
            await node.stop(STOP_S)
        assert await node.wait() == 0, node.last_words()
