"""A broker for other devices: what a signed-out one plays stops; a renewed certificate is taken up at once."""

from __future__ import annotations

import asyncio
import ssl
from datetime import UTC, datetime
from ipaddress import ip_address
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from farplay.certificates import HostNames
from farplay.local_ca import ServingCertificate, keep_local_certificate
from session_broker.config import TlsConfig
from session_broker.io.serve import BrokerReady
from tests.support.deadlines import until
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


def make_certificate(folder: Path) -> ServingCertificate:
    names = HostNames(("localhost",), (ip_address("127.0.0.1"),))
    return keep_local_certificate(folder, names, names.addresses[0], datetime.now(UTC))


async def test_a_renewed_certificate_is_taken_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("session_broker.io.certificate_watch.CHECK_S", 0.05)
    old, new = make_certificate(tmp_path / "old"), make_certificate(tmp_path / "new")
    tls = TlsConfig(old.certificate_file, old.key_file, "127.0.0.1", host="127.0.0.1", port=0)
    async with live_broker(broker_config(tmp_path, tls=tls)) as ready:
        assert ready.reach is not None
        port = int(urlsplit(ready.reach.https_url).port or 0)

        async def served() -> str:
            return await asyncio.to_thread(ssl.get_server_certificate, ("127.0.0.1", port))

        assert await served() == old.certificate_file.read_text()
        # Between the two steps of a renewal the files do not fit; the old certificate goes on.
        new.certificate_file.replace(old.certificate_file)
        wanted = old.certificate_file.read_text()
        assert await served() != wanted
        new.key_file.replace(old.key_file)

        async def renewed() -> bool:
            return await served() == wanted

        await until(renewed, 5.0, "the renewed certificate")


@pytest.mark.parametrize("believed", [True, False])
async def test_cookies_are_kept_to_tls_where_a_trusted_proxy_says_so(
    believed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORWARDED_ALLOW_IPS", "127.0.0.1" if believed else "192.0.2.1")
    async with (
        live_broker(broker_config(tmp_path, allowed_hosts=(ELSEWHERE,))) as ready,
        httpx.AsyncClient(base_url=ready.url.replace("localhost", "127.0.0.1")) as proxy,
    ):
        headers = {"Host": ELSEWHERE, "Origin": f"https://{ELSEWHERE}", "X-Forwarded-Proto": "https"}
        signed = await proxy.post("/api/v1/sign-in/link", json={"token": ready.owner_token}, headers=headers)
        assert signed.status_code == 204, signed.text
        cookie = signed.headers["set-cookie"]
        assert (cookie.startswith("__Host-"), "; Secure" in cookie) == (believed, believed)
