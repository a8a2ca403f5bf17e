"""A shared table over real sockets, and what of it outlives a broker."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from session_broker.io.serve import BrokerReady
from tests.support.deadlines import patient
from tests.support.fake_node import FakeNode, hello
from tests.support.free_port import free_port
from tests.support.live_broker import ENROLMENT_TOKEN, FakeTab, broker_config, live_broker, signed_in
from wire.errors import Reason
from wire.node_control import DismissNodeParticipant, OpenNodePeer, SetNodeSeats
from wire.session_control import Leave, OpenPeer, Refusal, Role, SessionState, StateNews, TableNews, Welcome

pytestmark = pytest.mark.process

DUEL = (("duel", "2.1.0"),)


async def invite(host: httpx.AsyncClient, session_id: str, kind: str = "seat") -> str:
    made = await host.post(f"/api/v1/sessions/{session_id}/invitations", json={"kind": kind})
    path: str = made.json()["path"]
    return path.replace("/join/", "/api/v1/invitations/") + "/redemption"


async def start(host: httpx.AsyncClient) -> str:
    session_id: str = (await host.post("/api/v1/sessions", json={"title_id": "duel"})).json()["session_id"]
    return session_id


def guest_of(ready: BrokerReady, cookies: httpx.Cookies | None = None) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=ready.url, cookies=cookies, timeout=patient(5.0))


async def test_a_guests_seat_outlives_the_broker_and_so_does_being_sent_away(
    tmp_path: Path, database_url: str | None
) -> None:
    # One port, so that the cookies of both are those of this broker in each of its lives.
    config = broker_config(tmp_path, database_url=database_url, port=free_port())
    async with (
        live_broker(config) as ready,
        signed_in(ready) as host,
        guest_of(ready) as guest,
        FakeNode.dial(ready.url, hello(titles=DUEL, token=ENROLMENT_TOKEN)) as node,
    ):
        session_id = await start(host)
        link = await invite(host, session_id)
        assert (await guest.post(link, json={})).json()["seats"] == [1]
        async with FakeTab.open(guest, session_id) as tab:
            welcome = await tab.next(Welcome)
            while (await tab.next(StateNews)).state is not SessionState.RUNNING:
                pass
            await tab.send(OpenPeer(("VP8",)))
            opened = await node.heard_a(OpenNodePeer)
            assert (opened.participant_index, opened.role, opened.seats) == (1, Role.PLAYER, (1,))
            await tab.send(Leave(end=True))
            assert (await tab.next(Refusal)).reason is Reason.FORBIDDEN
    back = hello(titles=DUEL, node_id=node.node_id, key=node.key, sessions=tuple(node.running.values()))
    async with (
        live_broker(config) as ready,
        guest_of(ready, host.cookies) as host,
        guest_of(ready, guest.cookies) as guest,
        FakeNode.dial(ready.url, back) as node,
    ):
        told = await node.heard_a(SetNodeSeats, lambda m: m.participant_id == welcome.participant_id)
        assert told.seats == (1,)
        async with FakeTab.open(guest, session_id) as tab:
            assert (await tab.next(Welcome)).participant_id == welcome.participant_id
            (me,) = (p for p in (await tab.next(TableNews)).participants if p.me)
            assert (me.number, me.guest, me.seats) == (1, True, (1,))
            away = f"/api/v1/sessions/{session_id}/participants/{welcome.participant_id}"
            assert (await host.delete(away)).status_code == 204
            assert (await tab.next(Refusal)).reason is Reason.KICKED
            assert await tab.close_code() == 4000
        gone = await node.heard_a(DismissNodeParticipant)
        assert (gone.participant_id, gone.reason) == (welcome.participant_id, Reason.KICKED)
        async with FakeTab.open(guest, session_id, say_hello=False) as tab:
            assert (await tab.next(Refusal)).reason is Reason.KICKED
    async with live_broker(config) as ready, guest_of(ready, guest.cookies) as guest:
        assert (await guest.get(f"/api/v1/sessions/{session_id}")).json()["reason"] == "kicked"
        assert (await guest.post(link, json={})).json()["reason"] == "invitation_revoked"


async def test_a_watcher_is_known_again_after_a_restart(tmp_path: Path, database_url: str | None) -> None:
    config = broker_config(tmp_path, database_url=database_url, port=free_port())
    async with live_broker(config) as ready, signed_in(ready) as host, guest_of(ready) as guest:
        session_id = await start(host)
        await guest.post(await invite(host, session_id, "watch"), json={})
        async with FakeTab.open(guest, session_id, role="player") as tab:
            welcome = await tab.next(Welcome)
            assert (welcome.role, welcome.seats) == (Role.SPECTATOR, ())
    async with (
        live_broker(config) as ready,
        guest_of(ready, guest.cookies) as guest,
        FakeTab.open(guest, session_id) as tab,
    ):
        again = await tab.next(Welcome)
        assert again.participant_index > welcome.participant_index, "a number is never given twice"


async def test_strangers_and_forged_roles_find_no_table(tmp_path: Path, database_url: str | None) -> None:
    async with (
        live_broker(broker_config(tmp_path, database_url=database_url)) as ready,
        signed_in(ready) as host,
        guest_of(ready) as guest,
    ):
        session_id, other = await start(host), await host.post("/api/v1/sessions", json={"title_id": "testcard"})
        async with FakeTab.open(guest, session_id, say_hello=False) as tab:
            assert (await tab.next(Refusal)).reason is Reason.NOT_SIGNED_IN
        await guest.post(await invite(host, session_id, "watch"), json={})
        async with FakeTab.open(guest, other.json()["session_id"], say_hello=False) as tab:
            assert (await tab.next(Refusal)).reason is Reason.UNKNOWN_SESSION
