"""Several replicas on one PostgreSQL: sockets at any of them, sessions at one, and every way in which they move."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from sqlalchemy import text

from session_broker.io.database import open_database
from session_broker.io.serve import BrokerReady
from tests.support.deadlines import patient, until
from tests.support.fake_node import FAKE_SDP, FakeNode, hello
from tests.support.live_broker import ENROLMENT_TOKEN, FakeTab, broker_config, live_broker, signed_in
from tests.support.postgres import PostgresServer
from wire.errors import Reason
from wire.node_control import CheckPort, EndSession, NodePeerAnswer, OpenNodePeer, StartSession
from wire.session_control import (
    Answer,
    Leave,
    MediaReport,
    Offer,
    OpenPeer,
    PeerNews,
    PeerState,
    Refusal,
    SessionState,
    StateNews,
    TableNews,
    Welcome,
)

pytestmark = pytest.mark.process

CHECK_PORT = CheckPort(("192.0.2.7",), 40_000, "ufrag", "password")
DUEL = (("duel", "2.1.0"), ("testcard", "1.0.0"))


class Place:
    """Three replicas, and the owner's browser, which may talk to any."""

    def __init__(self, ready: list[BrokerReady], clients: list[httpx.AsyncClient]) -> None:
        self.urls = [each.url for each in ready]
        self.clients = clients


@contextlib.asynccontextmanager
async def place(folder: Path, url: str, **changes: object) -> AsyncIterator[Place]:
    config = broker_config(folder, database_url=url, **changes)
    async with contextlib.AsyncExitStack() as stack:
        ready = [await stack.enter_async_context(live_broker(config)) for _ in range(3)]
        first = await stack.enter_async_context(signed_in(ready[0]))
        others = [
            httpx.AsyncClient(base_url=each.url, cookies=first.cookies, timeout=patient(5.0)) for each in ready[1:]
        ]
        for other in others:
            await stack.enter_async_context(other)
        yield Place(ready, [first, *others])


async def state_is(tab: FakeTab, wanted: SessionState, timeout_s: float = 5.0) -> StateNews:
    while True:
        news = await tab.next(StateNews, timeout_s=timeout_s)
        if news.state is wanted:
            return news


async def start(client: httpx.AsyncClient, title_id: str = "testcard") -> str:
    made = await client.post("/api/v1/sessions", json={"title_id": title_id})
    assert made.status_code == 201, made.text
    session_id: str = made.json()["session_id"]
    return session_id


async def connect(tab: FakeTab, node: FakeNode) -> None:
    await tab.send(OpenPeer(("H264",)))
    offer = await tab.next(Offer)
    assert offer.sdp == FAKE_SDP
    await tab.send(Answer(offer.peer_id, offer.ticket, "v=0 answer"))
    assert (await node.heard_a(NodePeerAnswer, lambda m: m.peer_id == offer.peer_id)).sdp == "v=0 answer"
    assert (await tab.next(PeerNews)).state is PeerState.CONNECTED


async def owner_of(url: str, session_id: str) -> tuple[str | None, str | None]:
    """Return the session's owner and the home of the node that it is on."""
    engine = await open_database(url)
    query = (
        "SELECT s.owner, n.home FROM session s LEFT JOIN placement p ON p.session_id = s.id AND p.epoch = s.epoch"
        " LEFT JOIN node n ON n.id = p.node_id WHERE s.id = :id"
    )
    async with engine.connect() as connection:
        row = (await connection.execute(text(query), {"id": session_id})).one()
    await engine.dispose()
    return row[0], row[1]


@pytest.mark.parametrize("bus_notify", [True, False])
async def test_from_click_to_end_with_every_part_at_another_replica(
    tmp_path: Path, postgres_url: str, bus_notify: bool
) -> None:
    async with (
        place(tmp_path, postgres_url, bus_notify=bus_notify) as at,
        FakeNode.dial(at.urls[0], hello(token=ENROLMENT_TOKEN)) as node,
    ):
        session_id = await start(at.clients[1])
        again = await at.clients[2].post("/api/v1/sessions", json={"title_id": "testcard"})
        assert (again.status_code, again.json()["session_id"]) == (200, session_id)
        async with FakeTab.open(at.clients[2], session_id) as tab:
            assert (await tab.next(Welcome)).title_name == "Test card"
            await state_is(tab, SessionState.RUNNING)
            await connect(tab, node)
            owner, home = await owner_of(postgres_url, session_id)
            assert owner == home
            ended = await at.clients[1].delete(f"/api/v1/sessions/{session_id}")
            assert ended.status_code == 202, ended.text
            assert (await state_is(tab, SessionState.ENDED)).reason is Reason.ENDED_BY_PLAYER
            assert await tab.close_code() == 4002
        assert len([m for m in node.heard if isinstance(m, StartSession)]) == 1
        story = (await at.clients[2].get(f"/api/v1/operator/sessions/{session_id}")).json()
        happened = [each["event"] for each in story["events"]]
        assert [e for e in happened if e in ("created", "starting", "running", "ended")] == [
            "created", "starting", "running", "ended",
        ]  # fmt: skip


async def test_a_node_that_dials_in_elsewhere_brings_its_sessions_along(tmp_path: Path, postgres_url: str) -> None:
    async with (
        place(tmp_path, postgres_url) as at,
        FakeNode.dial(at.urls[0], hello(token=ENROLMENT_TOKEN)) as node,
    ):
        session_id = await start(at.clients[0])
        async with (
            FakeTab.open(at.clients[0], session_id) as tab,
            FakeTab.open(at.clients[2], session_id, role="spectator") as watcher,
        ):
            await state_is(tab, SessionState.RUNNING)
            await watcher.next(Welcome)
            back = hello(node_id=node.node_id, key=node.key, sessions=tuple(node.running.values()))
            async with FakeNode.dial(at.urls[1], back) as moved:
                await tab.next(Welcome)
                await watcher.next(Welcome)
                await connect(tab, moved)
                owner, home = await owner_of(postgres_url, session_id)
                assert owner == home
                await tab.send(Leave(end=True))
                assert (await state_is(tab, SessionState.ENDED)).reason is Reason.ENDED_BY_PLAYER


async def test_a_session_that_waits_starts_on_a_node_that_comes_elsewhere(tmp_path: Path, postgres_url: str) -> None:
    async with place(tmp_path, postgres_url) as at:
        session_id = await start(at.clients[0])
        async with FakeTab.open(at.clients[0], session_id) as tab:
            assert (await state_is(tab, SessionState.QUEUED)).reason is Reason.NO_NODE
            await tab.send(OpenPeer(("H264",)))
            async with FakeNode.dial(at.urls[1], hello(token=ENROLMENT_TOKEN)) as node:
                await state_is(tab, SessionState.RUNNING)
                # The request for a peer was made before the session moved.
                await node.heard_a(OpenNodePeer)
                await tab.next(Offer)


async def test_one_title_asked_for_at_three_replicas_at_once_is_one_session(
    tmp_path: Path, postgres_url: str
) -> None:
    async with place(tmp_path, postgres_url) as at:
        made = await asyncio.gather(*(c.post("/api/v1/sessions", json={"title_id": "duel"}) for c in at.clients * 3))
        assert {each.status_code for each in made} <= {200, 201}
        assert len({each.json()["session_id"] for each in made}) == 1
        assert [each.status_code for each in made].count(201) == 1


KEEP_WHAT_IS_SENT = (
    "CREATE TABLE sent (body text)",
    "CREATE FUNCTION keep() RETURNS trigger LANGUAGE plpgsql AS"
    " 'BEGIN INSERT INTO sent VALUES (NEW.body); RETURN NEW; END'",
    "CREATE TRIGGER keep BEFORE INSERT ON bus_message FOR EACH ROW EXECUTE FUNCTION keep()",
)


@contextlib.asynccontextmanager
async def all_that_is_sent(url: str) -> AsyncIterator[list[str]]:
    """Give a list that at the end holds what was ever written to the bus."""
    engine, bodies = await open_database(url), list[str]()
    async with engine.begin() as connection:
        for statement in KEEP_WHAT_IS_SENT:
            await connection.execute(text(statement))
    yield bodies
    async with engine.connect() as connection:
        bodies.extend(await connection.scalars(text("SELECT body FROM sent")))
    await engine.dispose()


async def test_no_cookie_is_written_to_the_bus(tmp_path: Path, postgres_url: str) -> None:
    async with (
        all_that_is_sent(postgres_url) as bodies,
        place(tmp_path, postgres_url) as at,
        FakeNode.dial(at.urls[0], hello(token=ENROLMENT_TOKEN, titles=DUEL)),
        httpx.AsyncClient(base_url=at.urls[2]) as guest,
        httpx.AsyncClient(base_url=at.urls[1]) as stranger,
    ):
        session_id = await start(at.clients[0], "duel")
        link = await invite(at.clients[1], session_id)
        redeemed = await guest.post(f"{link}/redemption", json={})
        assert "httponly" in redeemed.headers["set-cookie"].lower()
        again = await guest.post(f"{link}/redemption", json={})
        assert (again.json(), "set-cookie" in again.headers) == (redeemed.json(), False)
        for url in at.urls:
            async with httpx.AsyncClient(base_url=url, cookies=guest.cookies) as there:
                assert (await there.get("/api/v1/me")).json()["guest_of"] == session_id
        assert (await guest.delete(f"/api/v1/sessions/{session_id}")).status_code == 404
        assert (await stranger.delete(f"/api/v1/sessions/{session_id}")).status_code == 401
        cookies = [*guest.cookies.values(), *at.clients[0].cookies.values()]
    assert len(cookies) == 2
    assert any('"type":"http_asked"' in body for body in bodies)
    assert any('"type":"http_answered"' in body and '"signs_in":"dev_' in body for body in bodies)
    assert not [body for body in bodies for cookie in cookies if cookie in body]
    assert not [body for body in bodies if "cookie" in body]


async def invite(host: httpx.AsyncClient, session_id: str) -> str:
    made = await host.post(f"/api/v1/sessions/{session_id}/invitations", json={"kind": "seat"})
    assert made.status_code == 201, made.text
    return str(made.json()["path"]).replace("/join/", "/api/v1/invitations/")


async def test_an_invitation_holds_at_every_replica(tmp_path: Path, postgres_url: str) -> None:
    async with (
        place(tmp_path, postgres_url) as at,
        FakeNode.dial(at.urls[0], hello(token=ENROLMENT_TOKEN, titles=DUEL)),
        httpx.AsyncClient(base_url=at.urls[2]) as guest,
    ):
        session_id = await start(at.clients[0], "duel")
        link = await invite(at.clients[1], session_id)
        assert (await guest.get(link)).json()["free_seat"] == 1
        assert (await guest.post(f"{link}/redemption", json={})).json()["seats"] == [1]
        async with FakeTab.open(guest, session_id) as tab, FakeTab.open(at.clients[1], session_id) as host:
            assert (await tab.next(Welcome)).seats == (1,)
            await tab.send(Leave(end=True))
            assert (await tab.next(Refusal)).reason is Reason.FORBIDDEN
            while len((table := await host.next(TableNews)).participants) < 2:
                pass
            other = next(p for p in table.participants if not p.host)
            sent = await at.clients[2].delete(f"/api/v1/sessions/{session_id}/participants/{other.participant_id}")
            assert sent.status_code == 204, sent.text
            assert (await tab.next(Refusal)).reason is Reason.KICKED
            assert await tab.close_code() == 4000


async def test_a_stranger_learns_nothing_from_any_replica(tmp_path: Path, postgres_url: str) -> None:
    async with place(tmp_path, postgres_url) as at, httpx.AsyncClient(base_url=at.urls[1]) as stranger:
        session_id = await start(at.clients[0], "duel")
        for method, path in (("DELETE", ""), ("GET", ""), ("GET", "/invitations")):
            answer = await stranger.request(method, f"/api/v1/sessions/{session_id}{path}")
            assert answer.json()["reason"] == "not_signed_in"


async def test_signing_a_device_out_closes_its_tabs_at_every_replica(tmp_path: Path, postgres_url: str) -> None:
    async with place(tmp_path, postgres_url) as at, FakeNode.dial(at.urls[0], hello(token=ENROLMENT_TOKEN)):
        session_id = await start(at.clients[0])
        async with FakeTab.open(at.clients[2], session_id) as tab:
            await state_is(tab, SessionState.RUNNING)
            answer = await at.clients[1].post("/api/v1/sign-out")
            assert answer.status_code == 204, answer.text
            assert (await tab.next(Refusal)).reason is Reason.NOT_SIGNED_IN


async def test_the_tabs_word_counts_at_the_owner_while_its_node_is_silent(tmp_path: Path, postgres_url: str) -> None:
    async with place(tmp_path, postgres_url, node_grace_s=1.5) as at:
        async with FakeNode.dial(at.urls[0], hello(token=ENROLMENT_TOKEN)):
            session_id = await start(at.clients[0])
            tab_there = FakeTab.open(at.clients[1], session_id)
            tab = await tab_there.__aenter__()
            await state_is(tab, SessionState.RUNNING)
            await tab.send(MediaReport("peer_x", 1, 0))
        loop = asyncio.get_running_loop()
        said_until = loop.time() + 2.5
        while loop.time() < said_until:
            await tab.send(MediaReport("peer_x", 100, 0))
            await asyncio.sleep(0.1)
        shown = (await at.clients[2].get(f"/api/v1/sessions/{session_id}")).json()
        assert shown["state"] == "running", "while pictures came it was not given up"
        assert (await state_is(tab, SessionState.QUEUED)).reason is Reason.NODE_LOST
        await tab_there.__aexit__(None, None, None)


async def test_a_game_whose_node_died_begins_anew_on_a_node_of_another_replica(
    tmp_path: Path, postgres_url: str
) -> None:
    async with place(tmp_path, postgres_url) as at, contextlib.AsyncExitStack() as first:
        dead = await first.enter_async_context(FakeNode.dial(at.urls[0], hello(token=ENROLMENT_TOKEN)))
        session_id = await start(at.clients[1])
        token = (await at.clients[1].post("/api/v1/operator/enrolments")).json()["token"]
        async with contextlib.AsyncExitStack() as later:
            tab = await later.enter_async_context(FakeTab.open(at.clients[2], session_id))
            await state_is(tab, SessionState.RUNNING)
            other = await later.enter_async_context(FakeNode.dial(at.urls[1], hello(token=token)))
            stale = tuple(dead.running.values())
            await first.aclose()
            assert (await state_is(tab, SessionState.QUEUED)).reason is Reason.NODE_LOST
            assert (await other.heard_a(StartSession)).epoch == 2
            await state_is(tab, SessionState.RUNNING)
            await connect(tab, other)
            back = hello(node_id=dead.node_id, key=dead.key, sessions=stale)
            async with FakeNode.dial(at.urls[2], back) as returned:
                ended = await returned.heard_a(EndSession)
                assert (ended.epoch, ended.reason) == (1, Reason.SUPERSEDED)
            owner, home = await owner_of(postgres_url, session_id)
            assert owner == home
            assert not [m for m in other.heard if isinstance(m, EndSession)]


async def test_a_replica_that_ends_in_good_order_leaves_its_sessions_to_the_others(
    tmp_path: Path, postgres_url: str
) -> None:
    config = broker_config(tmp_path, database_url=postgres_url)
    async with live_broker(config) as ready, signed_in(ready) as client:
        async with live_broker(config) as passing, httpx.AsyncClient(base_url=passing.url) as there:
            there.cookies = client.cookies
            waiting = await start(there)
        async with FakeTab.open(client, waiting) as tab:
            assert (await state_is(tab, SessionState.QUEUED)).reason is Reason.NO_NODE

        async def ended() -> bool:
            answer = await client.delete(f"/api/v1/sessions/{waiting}")
            return answer.status_code == 202 and answer.json()["state"] == "ended"

        await until(ended, 3.0, "the session ends at its new owner")


async def test_an_outage_of_the_database_longer_than_a_lease_buries_nobody(
    tmp_path: Path, postgres: PostgresServer, postgres_url: str
) -> None:
    async with (
        place(tmp_path, postgres_url, replica_lease_s=3.0) as at,
        FakeNode.dial(at.urls[0], hello(token=ENROLMENT_TOKEN)) as node,
    ):
        session_id = await start(at.clients[0])
        async with FakeTab.open(at.clients[1], session_id) as tab:
            await state_is(tab, SessionState.RUNNING)
            before = await owner_of(postgres_url, session_id)
            await asyncio.to_thread(postgres.stop)
            assert (await at.clients[2].get("/readyz")).status_code == 503
            await tab.send(OpenPeer(("H264",)))  # What a tab says meanwhile is kept.
            await asyncio.sleep(3.5)
            await asyncio.to_thread(postgres.start)
            offer = await tab.next(Offer, timeout_s=20.0)
            await tab.send(Answer(offer.peer_id, offer.ticket, "v=0 answer"))
            assert (await tab.next(PeerNews, timeout_s=20.0)).state is PeerState.CONNECTED

            async def see_each_other() -> bool:
                overview = (await at.clients[1].get("/api/v1/operator/overview")).json()
                return (overview["replicas"], overview["replicas_silent"]) == (3, 0)

            await until(see_each_other, 20.0, "the replicas see each other")
            assert await owner_of(postgres_url, session_id) == before
            await tab.send(Leave(end=True))
            assert (await state_is(tab, SessionState.ENDED, timeout_s=20.0)).reason is Reason.ENDED_BY_PLAYER
        assert len([m for m in node.heard if isinstance(m, StartSession)]) == 1


async def test_operators_see_and_do_the_same_at_every_replica(tmp_path: Path, postgres_url: str) -> None:
    async with (
        place(tmp_path, postgres_url) as at,
        FakeNode.dial(at.urls[0], replace(hello(slots=1, token=ENROLMENT_TOKEN), check_port=CHECK_PORT)) as node,
    ):
        playing, waiting = await start(at.clients[1]), await start(at.clients[2], "duel")
        for client in at.clients:

            async def sees_all(client: httpx.AsyncClient = client) -> bool:
                overview = (await client.get("/api/v1/operator/overview")).json()
                queue = (await client.get("/api/v1/operator/queue")).json()["waiting"]
                check = (await client.get("/api/v1/check")).json()
                return (
                    (overview["replicas"], overview["replicas_silent"]) == (3, 0)
                    and [row["node_id"] for row in overview["nodes"]] == [node.node_id]
                    and {row["session_id"] for row in overview["sessions"]} == {playing, waiting}
                    and [(row["session_id"], row["place"]) for row in queue] == [(waiting, 1)]
                    and [(way["node_id"], way["hosts"]) for way in check["nodes"]] == [(node.node_id, ["192.0.2.7"])]
                )

            await until(sees_all, 5.0, "node, session and queue are seen")
        path = f"/api/v1/operator/nodes/{node.node_id}/drain"
        assert (await at.clients[2].put(path, json={"deadline_s": 0})).status_code == 204
        await node.heard_a(EndSession, lambda m: m.reason is Reason.NODE_SHUTDOWN)
        assert (await at.clients[1].delete(path)).status_code == 204
        unknown = await at.clients[0].put(f"/api/v1/operator/nodes/node_{'b' * 24}/drain", json={})
        assert (unknown.status_code, unknown.json()["reason"]) == (404, "not_found")
        raised = await at.clients[0].put(f"/api/v1/operator/sessions/{waiting}/priority", json={"priority": 3})
        assert raised.status_code == 204, raised.text
        ended = await at.clients[1].delete(f"/api/v1/operator/sessions/{waiting}")
        assert ended.json()["session"]["reason"] == "ended_by_operator"
