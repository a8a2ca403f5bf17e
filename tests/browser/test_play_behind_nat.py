"""The real product with its node behind a NAT: a page in another network plays it, directly and by a relay only."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser

from render_node.agent.io.capacity_probe import store_measurement
from tests.support.agent_process import MEASURED
from tests.support.chromium import chromium, play_page
from tests.support.coturn import PASSWORD, USER, Coturn, coturn
from tests.support.farplay_process import FarplayProcess
from tests.support.key_presses import timed_presses
from tests.support.nat_networks import OUTSIDE, NatNetworks, inside_network, nat_networks
from tests.support.player import sign_in

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(os.geteuid() != 0, reason="making networks needs root"),
]

PRESSES = 10


@asynccontextmanager
async def farplay_behind(
    networks: NatNetworks, turn: Coturn, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[FarplayProcess]:
    """Run a broker outside and a node behind the NAT."""
    monkeypatch.setenv("FARPLAY_ENROLMENT_TOKEN", "a token that is long enough for once")
    monkeypatch.setenv("FARPLAY_TURN_PASSWORD", PASSWORD)
    node_dir = folder / "node"
    node_dir.mkdir()
    store_measurement(node_dir, MEASURED)
    with inside_network(networks.outside):
        options = ["broker", "--json", "--host", OUTSIDE, "--port", "0", "--data-dir", str(folder / "broker")]
        broker = FarplayProcess(options, folder / "broker.log")
    try:
        with inside_network(networks.node):
            servers = ["--turn", f"turn:{OUTSIDE}:{turn.port}", "--turn-username", USER]
            options = ["node", "--json", "--broker", broker.url, "--data-dir", str(node_dir), *servers]
            node = FarplayProcess([*options, "--media-host", "0.0.0.0"], folder / "node.log")
        try:
            yield broker
        finally:
            assert node.stop() == 0, node.log_tail()
    finally:
        assert broker.stop() == 0, broker.log_tail()


async def play(browser: Browser, broker: FarplayProcess) -> tuple[int, dict[str, str]]:
    """Play the card; return the presses that it counted, and the pair of candidates that is used."""
    broker.ready["owner_url"] = f"{broker.url}/#owner={broker.ready['owner_token']}"
    owner = await sign_in(browser, broker)
    async with play_page(browser, signed_in=owner) as page:
        await page.page.goto(f"{broker.url}/play/testcard")
        first = await page.probe.until_playing()
        seen = await timed_presses(page, PRESSES, seed=1)
        print(
            "DEBUG",
            await page.page.evaluate(
                "JSON.stringify({...window.farplay.stats(), frames: 0, text: document.body.innerText.slice(0,300), focus: document.hasFocus(), act: document.activeElement?.id})"
            ),
            await page.probe.newest(),
        )
        assert len(seen) == PRESSES
        newest = await page.probe.newest()
        assert newest is not None
        assert first.number is not None
        assert newest.number is not None
        assert newest.number > first.number
        pair = await page.page.evaluate("window.farplay.stats().route")
        presses = await page.probe.presses()
    return presses, pair


@pytest.mark.timeout(90)
@pytest.mark.parametrize(("passes", "kind"), [(True, "prflx"), (False, "relay")])
async def test_a_page_in_another_network_plays(
    passes: bool, kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with nat_networks(passes=passes) as networks:
        with inside_network(networks.outside):
            turn = coturn(OUTSIDE).__enter__()
        async with farplay_behind(networks, turn, tmp_path, monkeypatch) as broker:
            with inside_network(networks.page):
                async with chromium(f"--unsafely-treat-insecure-origin-as-secure={broker.url}") as browser:
                    presses, pair = await play(browser, broker)
    print(pair)
    assert presses == PRESSES
