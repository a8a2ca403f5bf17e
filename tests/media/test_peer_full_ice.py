"""Peer sessions of a node behind a NAT, with a real coturn; stock aiortc is the browser."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator

import pytest
from aiortc import RTCSessionDescription

from render_node.session.io import ice_servers
from render_node.session.io.turn_relay import TurnRelay
from render_node.session.io.udp_port import UdpPort
from tests.media.peer_pair import Pair, no_leaks, poll
from tests.support.coturn import Coturn, coturn
from tests.support.deadlines import patient
from wire.session_control import PeerState
from wire.worker_control import IceMode, IceSpec, TurnServer, TurnTransport

__all__ = ["no_leaks"]
pytestmark = [pytest.mark.media, pytest.mark.usefixtures("no_leaks", "unhurried")]

HOST = "127.0.0.1"


@pytest.fixture(scope="module")
def server() -> Iterator[Coturn]:
    with coturn() as running:
        yield running


def spec(turn: TurnServer) -> IceSpec:
    return IceSpec(HOST, 0, 0, (HOST,), IceMode.FULL, None, turn)


async def plays(pair: Pair, frames: int = 60) -> None:
    await poll(lambda: pair.peer.state is PeerState.CONNECTED, 5)
    shown = len(pair.browser.frames)
    await pair.looper.run(lambda: len(pair.browser.frames) >= shown + frames, 15)
    if pair.browser.input is not None:
        await pair.looper.run(lambda: pair.browser.input.readyState == "open", 5)
        pair.browser.input.send(b"pressed")
        await pair.looper.run(lambda: [data for data, _ in pair.inputs] == [b"pressed"], 5)


async def test_a_browser_is_told_all_ways_and_plays_by_the_one_that_it_chooses(server: Coturn) -> None:
    pair = Pair(ice=spec(server.server()))
    offer = await pair.peer.offer()
    assert "a=ice-lite" not in offer
    assert " typ host" in offer
    assert " typ relay" in offer
    await pair.peer.accept_answer(await pair.browser.answer(offer))
    await plays(pair)
    chosen = pair.browser.dtls.transport._connection._nominated[1].remote_addr
    assert chosen in [(each.host, each.port) for each in pair.ice.local_candidates]
    await pair.close()


@pytest.mark.parametrize("transport", [TurnTransport.UDP, TurnTransport.TCP])
async def test_by_the_relay_alone(server: Coturn, transport: TurnTransport, monkeypatch: pytest.MonkeyPatch) -> None:
    pair = Pair(ice=spec(server.server(transport)))
    offer = re.sub(r"a=candidate:.* typ host.*\r\n", "", await pair.peer.offer())
    # The server is found; from now on our own socket reaches nobody.
    monkeypatch.setattr(UdpPort, "address_of", lambda self, host: None)
    await pair.peer.accept_answer(await pair.browser.answer(offer))
    await plays(pair)
    nominated = pair.ice._nominated
    assert nominated is not None
    assert isinstance(nominated.leg, TurnRelay)
    assert nominated.leg.dropped == 0
    assert pair.peer.path.wire_bytes > 100_000
    await pair.close()


async def test_it_answers_offers_as_well(server: Coturn) -> None:
    pair = Pair(ice=spec(server.server()))
    pc = pair.browser.pc
    pc.addTransceiver("video", direction="recvonly")
    await pc.setLocalDescription(await pc.createOffer())
    answer = await pair.peer.answer(pc.localDescription.sdp)
    assert "a=ice-lite" not in answer
    await pc.setRemoteDescription(RTCSessionDescription(answer, "answer"))
    await plays(pair, 30)
    await pair.close()


async def test_a_dead_server_costs_an_offer_a_moment_and_players_nearby_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ice_servers, "GATHER_S", 1.5)
    pair = Pair(ice=spec(TurnServer("192.0.2.1", 3478, username="a", password="b")))
    async with asyncio.timeout(patient(ice_servers.GATHER_S)):
        offer = await pair.peer.offer()
    assert " typ relay" not in offer
    await pair.peer.accept_answer(await pair.browser.answer(offer))
    await plays(pair, 30)
    await pair.close()
