"""A device that is signed out by another one stops at once: its tab is told, its peer is closed at the node."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from session_broker.io.serve import BrokerReady
from tests.support.fake_node import FakeNode, hello
from tests.support.live_broker import ENROLMENT_TOKEN, FakeTab, broker_config, live_broker, signed_in
from wire.errors import Reason
from wire.node_control import CloseNodePeer, NodePeerAnswer
from wire.session_control import Answer, Offer, OpenPeer, Refusal, Welcome

pytestmark = pytest.mark.process

ELSEWHERE = "play.test"
"""A name under which other devices would reach the broker."""


async def link_token(client: httpx.AsyncClient, ready: BrokerReady) -> str:
    """Make a link for another device and return its token."""
    place = f"{ELSEWHERE}:{urlsplit(ready.url).port}"
    headers = {"Host": place, "Origin": f"http://{place}"}
    link = (await client.post("/api/v1/device-links", json={}, headers=headers)).json()
    assert link["url"].startswith(f"http://{place}/#owner=")
    return str(link["url"].partition("#owner=")[2])


async def test_what_a_signed_out_device_plays_stops(tmp_path: Path) -> None:
    async with (
        live_broker(broker_config(tmp_path, allowed_hosts=(ELSEWHERE,))) as ready,
        FakeNode.dial(ready.url, hello(token=ENROLMENT_TOKEN)) as node,
        signed_in(ready) as laptop,
        httpx.AsyncClient(base_url=ready.url) as phone,
    ):
        token = await link_token(laptop, ready)
        assert (await phone.post("/api/v1/sign-in/link", json={"token": token})).status_code == 204
        session_id = (await phone.post("/api/v1/sessions", json={"title_id": "testcard"})).json()["session_id"]
        async with FakeTab.open(phone, session_id) as tab:
            await tab.send(OpenPeer(("H264",)))
            offer = await tab.next(Offer)
            await tab.send(Answer(offer.peer_id, offer.ticket, "v=0 answer"))
            await node.heard_a(NodePeerAnswer)
            devices = (await laptop.get("/api/v1/devices")).json()["devices"]
            (other,) = [each["device_id"] for each in devices if not each["current"]]
            assert (await laptop.delete(f"/api/v1/devices/{other}")).status_code == 204
            assert (await tab.next(Refusal)).reason is Reason.NOT_SIGNED_IN
            assert await tab.close_code() == 1000
            closed = await node.heard_a(CloseNodePeer)
            assert closed.peer_id == offer.peer_id
        # The session itself is the player's and goes on where they are still signed in.
        async with FakeTab.open(laptop, session_id) as tab:
            await tab.next(Welcome)
