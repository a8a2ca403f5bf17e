"""The real product with its node behind a NAT, and a page elsewhere: by a relay alone, and through the NAT."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from render_node.agent.io.capacity_probe import store_measurement
from tests.support.agent_process import MEASURED
from tests.support.chromium import PlayPage, chromium, play_page
from tests.support.coturn import PASSWORD, USER, Coturn, coturn
from tests.support.deadlines import until
from tests.support.farplay_process import FarplayProcess
from tests.support.key_presses import timed_presses
from tests.support.nat_networks import OUTSIDE, NatNetworks, nat_networks
from tests.support.network_namespace import inside_network
from tests.support.player import sign_in

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(os.geteuid() != 0, reason="making networks needs root"),
]

PRESSES = 5


@contextmanager
def ended(process: FarplayProcess) -> Iterator[FarplayProcess]:
    try:
        yield process
    finally:
        assert process.stop() == 0, process.log_tail()


def start_broker(networks: NatNetworks, folder: Path) -> FarplayProcess:
    options = ["--json", "--host", OUTSIDE, "--port", "0", "--data-dir", str(folder / "broker")]
    with inside_network(networks.outside):
        return FarplayProcess(["broker", *options], folder / "broker.log")


def start_node(networks: NatNetworks, broker: FarplayProcess, turn: Coturn, folder: Path) -> FarplayProcess:
    node_dir = folder / "node"
    node_dir.mkdir()
    store_measurement(node_dir, MEASURED)
    servers = ["--turn", f"turn:{OUTSIDE}:{turn.port}", "--turn-username", USER]
    options = ["--json", "--broker", broker.url, "--data-dir", str(node_dir), "--media-host", "0.0.0.0", *servers]
    with inside_network(networks.node):
        return FarplayProcess(["node", *options], folder / "node.log")


async def plays_by(play: PlayPage, route: str, presses: int) -> int:
    """Wait until the page plays by a route and press; return the frame's number, and check what the card counted."""
    first = await play.probe.until_playing()
    assert first.number is not None
    assert len(await timed_presses(play, PRESSES, seed=1)) == PRESSES
    # The block may be legible in a picture whose count is not.
    await play.probe.until_state(lambda frame, _: (frame.presses or 0) >= presses, 2, "all presses")
    assert await play.probe.presses() == presses

    async def is_told() -> bool:
        return bool(await play.page.evaluate(f"window.farplay.stats().route === '{route}'"))

    await until(is_told, 5, f"the route {route}")
    return first.number


@pytest.fixture
def behind_nat(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[NatNetworks, FarplayProcess]]:
    """A broker and a TURN server outside, a node behind the NAT."""
    monkeypatch.setenv("FARPLAY_ENROLMENT_TOKEN", "a token that is long enough for once")
    monkeypatch.setenv("FARPLAY_TURN_PASSWORD", PASSWORD)
    with ExitStack() as stack:
        networks = stack.enter_context(nat_networks())
        with inside_network(networks.outside):
            turn = stack.enter_context(coturn(OUTSIDE))
        broker = stack.enter_context(ended(start_broker(networks, tmp_path)))
        stack.enter_context(ended(start_node(networks, broker, turn, tmp_path)))
        broker.ready["owner_url"] = f"{broker.url}/#owner={broker.ready['owner_token']}"
        yield networks, broker


@pytest.mark.timeout(90)
async def test_a_page_in_another_network_plays_by_the_relay_and_through_the_nat(
    behind_nat: tuple[NatNetworks, FarplayProcess],
) -> None:
    networks, broker = behind_nat
    with inside_network(networks.page):
        async with chromium(f"--unsafely-treat-insecure-origin-as-secure={broker.url}") as browser:
            owner = await sign_in(browser, broker)
            async with play_page(browser, signed_in=owner) as play:
                await play.page.goto(f"{broker.url}/play/testcard")
                number = await plays_by(play, "relay", PRESSES)
                networks.let_through()
                await play.page.reload()
                assert await plays_by(play, "nat", 2 * PRESSES) > number, "the same game goes on"
