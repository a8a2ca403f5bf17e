"""A real broker and senders that mean harm or are broken: each is bounded to its own socket, in words."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from session_broker.core.rate_limit import STRIKES_MAX
from session_broker.io.accounts import Accounts
from session_broker.io.database import open_database
from session_broker.io.outbox import CLOSE_SLOW, Outbox
from session_broker.io.serve import BrokerReady
from tests.support.deadlines import patient, until
from tests.support.fake_node import FakeNode, hello
from tests.support.live_broker import (
    ENROLMENT_TOKEN,
    FakeTab,
    broker_config,
    cookie_header,
    live_broker,
    signed_in,
)
from wire.errors import Reason
from wire.limits import CONTROL_MESSAGE_MAX_BYTES, CONTROL_RATE_PER_S, SOCKET_MESSAGE_MAX_BYTES
from wire.node_control import NodeRefusal, NodeWelcome, PlacementNews
from wire.schema import decode, encode
from wire.session_control import TO_TAB, MediaReport, OpenPeer, Refusal, SessionState, StateNews, TabHello, Welcome
from wire.version import ProtocolRange
from wire.worker_control import PlacementState

pytestmark = pytest.mark.process

Place = tuple[BrokerReady, FakeNode, httpx.AsyncClient]

MALFORMED = [
    "",
    "{",
    "[]",
    '{"type": 5}',
    '{"type": "teleport"}',
    '{"type": "open_peer"}',
    '{"type": "open_peer", "video_codecs": "VP8"}',
    json.dumps({"type": "open_peer", "video_codecs": ["x" * 600]}),
    '{"type": "answer", "peer_id": 1e999, "ticket": "", "sdp": ""}',
    "[" * 50_000,
    "x" * (CONTROL_MESSAGE_MAX_BYTES + 1),
]


async def start(client: httpx.AsyncClient) -> str:
    made = await client.post("/api/v1/sessions", json={"title_id": "testcard"})
    session_id: str = made.json()["session_id"]
    return session_id


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    async with (
        live_broker(broker_config(tmp_path)) as ready,
        FakeNode.dial(ready.url, hello(token=ENROLMENT_TOKEN)) as node,
        signed_in(ready) as client,
    ):
        yield ready, node, client


async def still_plays(client: httpx.AsyncClient, session_id: str) -> bool:
    state: str = (await client.get(f"/api/v1/sessions/{session_id}")).json()["state"]
    return state == "running"


async def test_five_bad_messages_in_a_row_close_a_tab(place: Place) -> None:
    _, _, client = place
    session_id = await start(client)
    for at in range(0, len(MALFORMED), 4):
        async with FakeTab.open(client, session_id) as tab:
            for text in MALFORMED[at : at + 4]:
                await tab.socket.send(text)
                refusal = await tab.next(Refusal)
                assert refusal.reason in (Reason.MALFORMED, Reason.UNKNOWN_TYPE, Reason.TOO_LARGE)
            await tab.send(MediaReport("peer", 1, 0))
            for _ in range(5):
                await tab.socket.send(b"\x00binary")
            assert await tab.close_code() == 4000
    assert await still_plays(client, session_id)


async def test_a_giant_message_closes_only_its_tab(place: Place) -> None:
    _, _, client = place
    session_id = await start(client)
    async with FakeTab.open(client, session_id) as tab:
        await tab.next(Welcome)
        await tab.socket.send("x" * (SOCKET_MESSAGE_MAX_BYTES + 1))
        assert await tab.close_code() == 1009
    assert await still_plays(client, session_id)


async def test_a_flood_from_a_tab_is_refused_and_closed(place: Place) -> None:
    _, _, client = place
    session_id = await start(client)
    async with FakeTab.open(client, session_id) as tab:
        with pytest.raises(ConnectionClosed):  # noqa: PT012 - it closes somewhere in the flood
            for _ in range(20 * CONTROL_RATE_PER_S):
                await tab.send(MediaReport("peer", 1, 0))
            await tab.close_code()
            await tab.socket.recv()
        assert tab.socket.close_code == 4000
    metrics = await client.get("/metrics")
    refused = re.search(r'farplay_messages_refused_total{reason="too_many",side="tab"} (\d+)', metrics.text)
    assert refused is not None
    # One that came when there was a place again is taken, and those that are refused are counted anew from there.
    assert int(refused[1]) >= STRIKES_MAX
    assert await still_plays(client, session_id)


@pytest.mark.parametrize(
    ("first", "reason"),
    [
        (encode(OpenPeer(("VP8",))), Reason.BAD_STATE),
        (encode(TabHello(ProtocolRange(98, 99))), Reason.PROTOCOL_VERSION),
        (encode(TabHello(ProtocolRange(2, 1))), Reason.PROTOCOL_VERSION),
        ("nonsense", Reason.MALFORMED),
    ],
)
async def test_a_tab_that_does_not_say_hello(place: Place, first: str, reason: Reason) -> None:
    _, _, client = place
    async with FakeTab.open(client, await start(client), say_hello=False) as tab:
        await tab.socket.send(first)
        assert (await tab.next(Refusal)).reason is reason
        assert await tab.close_code() == 4000


async def test_a_tab_that_says_nothing(tmp_path: Path) -> None:
    async with (
        live_broker(broker_config(tmp_path, hello_timeout_s=0.5)) as ready,
        signed_in(ready) as client,
        FakeTab.open(client, await start(client), say_hello=False) as tab,
    ):
        assert (await tab.next(Refusal)).reason is Reason.MALFORMED
        assert await tab.close_code() == 4000


@pytest.mark.parametrize(
    ("path", "signed", "reason"),
    [
        ("SESSION/socket", False, Reason.NOT_SIGNED_IN),
        ("ses_unknown/socket", True, Reason.UNKNOWN_SESSION),
        ("ses_" + "a" * 24 + "/socket", True, Reason.UNKNOWN_SESSION),
        ("SESSION/socket?role=king", True, Reason.MALFORMED),
    ],
)
async def test_sockets_are_refused_in_words(place: Place, path: str, signed: bool, reason: Reason) -> None:
    ready, _, client = place
    path = path.replace("SESSION", await start(client))
    url = f"{ready.url.replace('http', 'ws', 1)}/api/v1/sessions/{path}"
    async with connect(url, additional_headers=cookie_header(client) if signed else {}) as socket:
        assert decode(await socket.recv(), TO_TAB) == Refusal(reason, detail=_any_detail(reason))
        await socket.wait_closed()
        assert socket.close_code == 4000


def _any_detail(reason: Reason) -> str:
    return {
        Reason.NOT_SIGNED_IN: "sign in with a link first",
        Reason.UNKNOWN_SESSION: "you have no such session",
        Reason.MALFORMED: "role must be player or spectator",
    }[reason]


async def test_foreign_origins_and_hosts_get_no_socket(place: Place) -> None:
    ready, _, client = place
    session_id = await start(client)
    base = ready.url.replace("http", "ws", 1)
    port = int(ready.url.rpartition(":")[2])
    path = f"/api/v1/sessions/{session_id}/socket"
    cases = [
        (f"{base}{path}", "http://evil.example"),
        (f"ws://evil.example:{port}{path}", None),
        (f"{base}/api/v1/nodes/socket", "http://evil.example"),
    ]
    for url, origin in cases:
        headers = {**cookie_header(client), **({"Origin": origin} if origin else {})}
        with pytest.raises(InvalidStatus) as refused:
            async with connect(url, host="127.0.0.1", port=port, additional_headers=headers):
                pass
        assert refused.value.response.status_code == 403
    async with connect(f"{base}/api/v1/nodes/socket", additional_headers={"Origin": ready.url}) as socket:
        assert json.loads(await socket.recv())["reason"] == "bad_origin"


@pytest.mark.parametrize(
    ("token", "node_id", "key"),
    [
        (None, None, None),
        ("wrong", None, None),
        (ENROLMENT_TOKEN, None, None),
        (None, "NODE", "wrong"),
        (None, "node_\x00", "wrong"),
    ],
)
async def test_a_node_without_a_good_credential(
    place: Place, token: str | None, node_id: str | None, key: str | None
) -> None:
    ready, node, _ = place
    first = hello(token=token, node_id=node.node_id if node_id == "NODE" else node_id, key=key)
    async with connect(ready.url.replace("http", "ws", 1) + "/api/v1/nodes/socket") as socket:
        await socket.send(encode(first))
        refusal = json.loads(await socket.recv())
        assert (refusal["type"], refusal["reason"]) == ("error", "bad_enrolment")
        await socket.wait_closed()
        assert socket.close_code == 4000


async def test_a_lying_node_is_closed_and_its_neighbour_plays_on(place: Place, tmp_path: Path) -> None:
    ready, node, client = place
    session_id = await start(client)
    async with FakeTab.open(client, session_id) as tab:
        while (await tab.next(StateNews)).state is not SessionState.RUNNING:
            pass
        evil_token = "second-node"
        engine = await open_database(f"sqlite+aiosqlite:///{tmp_path / 'broker.sqlite3'}")
        accounts = Accounts(engine)
        await accounts.add_enrolment((await accounts.ensure_owner()).tenant_id, evil_token)
        await engine.dispose()
        async with FakeNode.dial(ready.url, hello(token=evil_token), behave=False) as liar:
            for _ in range(5):
                await liar.send(PlacementNews(session_id, 1, PlacementState.RELEASED, Reason.TITLE_CRASHED))
            async with asyncio.timeout(patient(5.0)):
                await liar.socket.wait_closed()
            assert liar.socket.close_code == 4000

            async def refusals() -> list[Reason] | None:
                heard = [m.reason for m in liar.heard if isinstance(m, NodeRefusal)]
                return heard if len(heard) >= STRIKES_MAX else None

            assert await until(refusals, 5.0, "a refusal of each") == [Reason.FORBIDDEN] * 5
        assert await still_plays(client, session_id)
        await tab.send(OpenPeer(("VP8",)))
    assert any(isinstance(m, NodeWelcome) for m in node.heard)


async def test_a_flood_from_a_node_slows_only_that_node(place: Place) -> None:
    _, node, client = place
    session_id = await start(client)

    async def flood() -> None:
        while True:
            await node.send_raw(encode(PlacementNews("ses_" + "b" * 24, 1, PlacementState.RELEASED)))

    flooding = asyncio.create_task(flood())
    try:
        async with FakeTab.open(client, session_id) as tab, asyncio.timeout(patient(3.0)):
            await tab.next(Welcome)
            for _ in range(20):
                assert (await client.get("/healthz")).status_code == 200
    finally:
        flooding.cancel()
        node.socket.transport.abort()  # A polite goodbye would wait behind the flood.
        await asyncio.gather(flooding, return_exceptions=True)


async def test_a_tab_that_does_not_read_is_closed() -> None:
    calls: list[int] = []
    box = Outbox(4, lambda: calls.append(1))
    for _ in range(6):
        box.send(Refusal(Reason.MALFORMED))
    assert (calls, box.closing) == ([1], True)
    sent: list[object] = []

    class Socket:
        async def send_text(self, text: str) -> None:
            sent.append(text)

        async def close(self, code: int) -> None:
            sent.append(code)

    await box.run(Socket())  # type: ignore[arg-type]
    assert sent == [CLOSE_SLOW]
