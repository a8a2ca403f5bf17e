"""A real broker on a real port, a fake node and fake tabs: the life of a session as they see it."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
from pathlib import Path

import pytest

from tests.support.fake_node import FAKE_SDP, FakeNode, hello
from tests.support.live_broker import ENROLMENT_TOKEN, FakeTab, broker_config, live_broker, signed_in
from wire.errors import Reason
from wire.node_control import (
    CloseNodePeer,
    EndSession,
    NodePeerAnswer,
    NodePeerState,
    OpenNodePeer,
    PlacementNews,
    RunningSession,
    StartSession,
)
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
    TakenOver,
    Welcome,
)
from wire.worker_control import PlacementState

pytestmark = pytest.mark.process


async def state_is(tab: FakeTab, wanted: SessionState) -> StateNews:
    while True:
        news = await tab.next(StateNews)
        if news.state is wanted:
            return news


async def test_from_click_to_peer_to_end(tmp_path: Path, database_url: str | None) -> None:
    async with (
        live_broker(broker_config(tmp_path, database_url=database_url)) as ready,
        FakeNode.dial(ready.url, hello(token=ENROLMENT_TOKEN)) as node,
        signed_in(ready) as client,
    ):
        made = await client.post("/api/v1/sessions", json={"title_id": "testcard"})
        assert made.status_code == 201
        session_id = made.json()["session_id"]
        again = await client.post("/api/v1/sessions", json={"title_id": "testcard"})
        assert (again.status_code, again.json()["session_id"]) == (200, session_id)
        async with FakeTab.open(client, session_id) as tab:
            welcome = await tab.next(Welcome)
            assert (welcome.title_name, welcome.seats, welcome.participant_index) == ("Test card", (0,), 0)
            await tab.send(OpenPeer(("H264", "VP8")))
            offer = await tab.next(Offer)
            opened = await node.heard_a(OpenNodePeer)
            assert offer.sdp == FAKE_SDP
            assert opened.peer_id == offer.peer_id
            assert opened.ticket_sha256 == hashlib.sha256(offer.ticket.encode()).hexdigest()
            await tab.send(Answer(offer.peer_id, offer.ticket, "v=0 answer"))
            assert (await node.heard_a(NodePeerAnswer)).sdp == "v=0 answer"
            assert (await tab.next(PeerNews)).state is PeerState.CONNECTED
            ended = await client.delete(f"/api/v1/sessions/{session_id}")
            assert ended.status_code == 202
            assert (await state_is(tab, SessionState.ENDED)).reason is Reason.ENDED_BY_PLAYER
            assert await tab.close_code() == 4002
        seen = await client.get(f"/api/v1/sessions/{session_id}")
        assert (seen.json()["state"], seen.json()["reason"]) == ("ended", "ended_by_player")


async def test_a_peer_asked_for_early_waits_until_the_title_runs(tmp_path: Path, database_url: str | None) -> None:
    async with (
        live_broker(broker_config(tmp_path, database_url=database_url)) as ready,
        FakeNode.dial(ready.url, hello(token=ENROLMENT_TOKEN), behave=False) as node,
        signed_in(ready) as client,
    ):
        session_id = (await client.post("/api/v1/sessions", json={"title_id": "testcard"})).json()["session_id"]
        start = await node.heard_a(StartSession)
        async with FakeTab.open(client, session_id) as tab:
            await tab.send(OpenPeer(("H264",)))
            await tab.next(StateNews)
            assert not any(isinstance(m, OpenNodePeer) for m in node.heard)
            await node.serve(session_id, start.epoch)
            await state_is(tab, SessionState.RUNNING)
            await node.heard_a(OpenNodePeer)


async def test_a_second_tab_takes_over_and_the_first_is_told(tmp_path: Path, database_url: str | None) -> None:
    async with (
        live_broker(broker_config(tmp_path, database_url=database_url)) as ready,
        FakeNode.dial(ready.url, hello(token=ENROLMENT_TOKEN)),
        signed_in(ready) as client,
    ):
        session_id = (await client.post("/api/v1/sessions", json={"title_id": "testcard"})).json()["session_id"]
        async with FakeTab.open(client, session_id) as first:
            seat = await first.next(Welcome)
            async with FakeTab.open(client, session_id) as second:
                assert (await second.next(Welcome)).participant_id == seat.participant_id
                await first.next(TakenOver)
                assert await first.close_code() == 4001
                await second.send(OpenPeer(("VP8",)))
                await second.next(Offer)


async def test_spectators_sit_apart_and_cannot_end(tmp_path: Path, database_url: str | None) -> None:
    async with (
        live_broker(broker_config(tmp_path, database_url=database_url)) as ready,
        FakeNode.dial(ready.url, hello(token=ENROLMENT_TOKEN)) as node,
        signed_in(ready) as client,
    ):
        session_id = (await client.post("/api/v1/sessions", json={"title_id": "testcard"})).json()["session_id"]
        async with FakeTab.open(client, session_id) as player:
            await player.next(Welcome)
            async with FakeTab.open(client, session_id, role="spectator") as watcher:
                seat = await watcher.next(Welcome)
                assert (seat.seats, seat.participant_index) == ((), 1)
                await watcher.send(OpenPeer(("VP8",)))
                offer = await watcher.next(Offer)
                await watcher.send(Leave(end=True))
                assert (await watcher.next(Refusal)).reason is Reason.FORBIDDEN
            await node.heard_a(CloseNodePeer, lambda m: m.peer_id == offer.peer_id)


async def test_the_node_dies_and_the_game_begins_anew_on_another(tmp_path: Path, database_url: str | None) -> None:
    async with (
        live_broker(broker_config(tmp_path, database_url=database_url)) as ready,
        signed_in(ready) as client,
        contextlib.AsyncExitStack() as first,
    ):
        dead = await first.enter_async_context(FakeNode.dial(ready.url, hello(token=ENROLMENT_TOKEN)))
        session_id = (await client.post("/api/v1/sessions", json={"title_id": "testcard"})).json()["session_id"]
        async with FakeTab.open(client, session_id) as tab:
            await state_is(tab, SessionState.RUNNING)
            await first.aclose()
            assert (await state_is(tab, SessionState.QUEUED)).reason is Reason.NODE_LOST
            stale = tuple(dead.running.values())
            token = (await client.post("/api/v1/operator/enrolments")).json()["token"]
            async with FakeNode.dial(ready.url, hello(token=token)) as other:
                assert (await other.heard_a(StartSession)).epoch == 2
                await state_is(tab, SessionState.RUNNING)
                await tab.send(OpenPeer(("H264",)))
                await tab.next(Offer)
                back = hello(node_id=dead.node_id, key=dead.key, sessions=stale)
                async with FakeNode.dial(ready.url, back) as returned:
                    ended = await returned.heard_a(EndSession)
                    assert (ended.epoch, ended.reason) == (1, Reason.SUPERSEDED)
        shown = (await client.get(f"/api/v1/sessions/{session_id}")).json()
        assert shown["state"] == "running"


async def test_a_node_that_comes_back_in_time_keeps_its_session(tmp_path: Path, database_url: str | None) -> None:
    async with (
        live_broker(broker_config(tmp_path, database_url=database_url, node_grace_s=5.0)) as ready,
        signed_in(ready) as client,
    ):
        async with FakeNode.dial(ready.url, hello(token=ENROLMENT_TOKEN)) as node:
            session_id = (await client.post("/api/v1/sessions", json={"title_id": "testcard"})).json()["session_id"]
            await node.heard_a(StartSession)
            async with FakeTab.open(client, session_id) as tab:
                await state_is(tab, SessionState.RUNNING)
        back = hello(node_id=node.node_id, key=node.key, sessions=tuple(node.running.values()))
        async with FakeNode.dial(ready.url, back), FakeTab.open(client, session_id) as tab:
            await tab.send(OpenPeer(("H264",)))
            await tab.next(Offer)


async def test_a_session_whose_pictures_go_on_outlives_its_nodes_socket(
    tmp_path: Path, database_url: str | None
) -> None:
    config = broker_config(tmp_path, database_url=database_url, node_grace_s=0.8)
    async with live_broker(config) as ready, signed_in(ready) as client:
        async with FakeNode.dial(ready.url, hello(token=ENROLMENT_TOKEN)) as node:
            session_id = (await client.post("/api/v1/sessions", json={"title_id": "testcard"})).json()["session_id"]
            await node.heard_a(StartSession)
        async with FakeTab.open(client, session_id) as tab:
            await state_is(tab, SessionState.RUNNING)
            loop = asyncio.get_running_loop()
            until = loop.time() + 1.5
            while loop.time() < until:
                await tab.send(MediaReport("peer_x", 100, 0))
                await asyncio.sleep(0.1)
            assert (await client.get(f"/api/v1/sessions/{session_id}")).json()["state"] == "running"
            assert (await state_is(tab, SessionState.QUEUED)).reason is Reason.NODE_LOST  # The reports stopped.


async def test_a_restarted_broker_adopts_what_the_node_still_runs(tmp_path: Path, database_url: str | None) -> None:
    config = broker_config(tmp_path, database_url=database_url)
    async with (
        live_broker(config) as ready,
        signed_in(ready) as client,
        FakeNode.dial(ready.url, hello(token=ENROLMENT_TOKEN)) as node,
    ):
        session_id = (await client.post("/api/v1/sessions", json={"title_id": "testcard"})).json()["session_id"]
        async with FakeTab.open(client, session_id) as tab:
            seat = await tab.next(Welcome)
            await state_is(tab, SessionState.RUNNING)
    stranger = RunningSession("ses_" + "a" * 24, 7, PlacementState.SERVING)
    running = (*node.running.values(), stranger)
    async with live_broker(config) as ready, signed_in(ready) as client, FakeTab.open(client, session_id) as tab:
        assert (await tab.next(Welcome)).participant_id == seat.participant_id
        assert (await tab.next(StateNews)).state is SessionState.RUNNING
        await tab.send(OpenPeer(("H264",)))
        async with FakeNode.dial(ready.url, hello(node_id=node.node_id, key=node.key, sessions=running)) as back:
            ended = await back.heard_a(EndSession)
            assert (ended.session_id, ended.epoch) == (stranger.session_id, 7)
            offer = await tab.next(Offer)
            # News of the peer that was made before the restart still reaches the page.
            old_peer = "peer_" + "b" * 24
            await back.send(NodePeerState(session_id, old_peer, PeerState.LOST, Reason.PEER_SILENT))
            assert (await tab.next(PeerNews)).peer_id == old_peer
            await tab.send(Answer(offer.peer_id, offer.ticket, "v=0"))
            assert (await tab.next(PeerNews)).state is PeerState.CONNECTED


async def test_a_title_that_crashes_ends_its_session_in_words(tmp_path: Path, database_url: str | None) -> None:
    async with (
        live_broker(broker_config(tmp_path, database_url=database_url)) as ready,
        FakeNode.dial(ready.url, hello(token=ENROLMENT_TOKEN)) as node,
        signed_in(ready) as client,
    ):
        session_id = (await client.post("/api/v1/sessions", json={"title_id": "testcard"})).json()["session_id"]
        async with FakeTab.open(client, session_id) as tab:
            await state_is(tab, SessionState.RUNNING)
            words = PlacementNews(session_id, 1, PlacementState.RELEASED, Reason.TITLE_CRASHED, "Trace\x00back")
            await node.send(words)
            ended = await state_is(tab, SessionState.ENDED)
            assert (ended.reason, ended.detail) == (Reason.TITLE_CRASHED, "Trace\ufffdback")
        # A page whose socket was away meanwhile, or that is loaded again.
        async with FakeTab.open(client, session_id) as late:
            assert await late.next(StateNews) == ended
            assert await late.close_code() == 4002
        again = await client.post("/api/v1/sessions", json={"title_id": "testcard"})
        assert again.status_code == 201


async def test_without_room_the_session_waits_and_says_why(tmp_path: Path, database_url: str | None) -> None:
    async with (
        live_broker(broker_config(tmp_path, database_url=database_url)) as ready,
        signed_in(ready) as client,
    ):
        session_id = (await client.post("/api/v1/sessions", json={"title_id": "testcard"})).json()["session_id"]
        async with FakeTab.open(client, session_id) as tab:
            news = await tab.next(StateNews)
            assert (news.state, news.reason) == (SessionState.QUEUED, Reason.NO_NODE)
            async with FakeNode.dial(ready.url, hello(token=ENROLMENT_TOKEN, titles=())) as node:
                while (await tab.next(StateNews)).reason is not Reason.TITLE_MISSING:
                    pass
            async with FakeNode.dial(ready.url, hello(node_id=node.node_id, key=node.key)):
                await state_is(tab, SessionState.RUNNING)
