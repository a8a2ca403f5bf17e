"""What operators see and end over HTTP, with a fake node behind a real broker; and who may not."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy import select
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from session_broker.io import tables
from session_broker.io.database import open_database
from tests.support.deadlines import until
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
from wire.node_control import CheckPort, EndSession, Heartbeat, NodeHello, SessionFigures
from wire.schema import decode
from wire.session_control import TO_TAB, MediaReport, Refusal, Route, StateNews

OPERATOR_ROUTES = (("GET", "/overview"), ("GET", "/sessions/{id}"), ("DELETE", "/sessions/{id}"))


def first_hello(**changes: Any) -> NodeHello:
    greeting = hello(titles=(("duel", "2.1.0"),), token=ENROLMENT_TOKEN)
    capacity = replace(greeting.capacity, gpus=("GPU \x00 one",))
    return replace(greeting, capacity=capacity, **changes)


@contextlib.asynccontextmanager
async def place(folder: Path, first: NodeHello) -> AsyncIterator[tuple[httpx.AsyncClient, FakeNode]]:
    async with (
        live_broker(broker_config(folder)) as ready,
        signed_in(ready) as client,
        FakeNode.dial(ready.url, first) as node,
    ):
        yield client, node


async def play(client: httpx.AsyncClient) -> str:
    made = await client.post("/api/v1/sessions", json={"title_id": "duel"})
    assert made.status_code == 201, made.text
    return str(made.json()["session_id"])


async def overview(client: httpx.AsyncClient) -> dict[str, Any]:
    answer = await client.get("/api/v1/operator/overview")
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


async def become_a_plain_player(folder: Path) -> None:
    """Make every signed-in browser another player's, without any role."""
    engine = await open_database(f"sqlite+aiosqlite:///{folder / 'broker.sqlite3'}")
    async with engine.begin() as connection:
        tenant_id = (await connection.execute(select(tables.tenant.c.id))).scalar_one()
        other = {"id": "plr_other", "tenant_id": tenant_id, "roles": ["player"], "created_at_ms": 0}
        await connection.execute(tables.player.insert().values(other))
        await connection.execute(tables.browser_session.update().values(player_id="plr_other"))
    await engine.dispose()


async def test_nodes_and_sessions_with_their_figures(tmp_path: Path) -> None:
    async with place(tmp_path, first_hello()) as (client, node):
        session_id = await play(client)
        async with FakeTab.open(client, session_id) as tab:
            await tab.next(StateNews)
            report = MediaReport("peer_x", 60, 5, input_ms_p50=21.5, input_ms_p95=30.0, rtt_ms=0.4, route=Route.RELAY)
            await tab.send(report)
            figures = SessionFigures(session_id, 1, 59.9, 8e6, 4.0, 6.5)
            stranger = replace(figures, session_id="ses_" + "a" * 24)
            node.load = Heartbeat((), 40.5, 3 << 30, (stranger, figures))
            await node.beat()

            async def told() -> bool:
                (row,) = (await overview(client))["sessions"]
                return row["figures"] is not None and row["delays"] is not None

            await until(told, 5, "figures")
            body = await overview(client)
        (row,) = body["sessions"]
        assert row["figures"]["fps"] == 59.9
        assert row["delays"] == {"input_ms_p50": 21.5, "input_ms_p95": 30.0, "rtt_ms": 0.4}
        assert (row["title_names"], row["state"], row["node_id"]) == ({"en": "Duel"}, "running", node.node_id)
        assert row["participants"] == [
            {"role": "player", "number": 0, "seats": [0, 1], "has_tab": True, "peer": None, "route": "relay"}
        ]
        assert row["created_at_ms"] > 1e12
        (machine,) = body["nodes"]
        assert (machine["name"], machine["state"], machine["connected"]) == ("fake", "ready", True)
        assert (machine["slots"], machine["slots_used"], machine["cpu_percent"]) == (2, 1, 40.5)
        assert machine["gpus"] == ["GPU \N{REPLACEMENT CHARACTER} one"]
        assert (body["nodes_known"], body["sessions_live"], body["ended"]) == (1, 1, [])


async def test_an_unchanged_overview_is_not_sent_again(tmp_path: Path) -> None:
    async with live_broker(broker_config(tmp_path)) as ready, signed_in(ready) as client:
        first = await client.get("/api/v1/operator/overview")
        again = await client.get("/api/v1/operator/overview", headers={"If-None-Match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        await play(client)
        changed = await client.get("/api/v1/operator/overview", headers={"If-None-Match": first.headers["etag"]})
        assert changed.status_code == 200
        assert changed.json()["sessions"][0]["reason"] == "no_node"


async def test_an_operator_ends_a_session_and_reads_what_happened(tmp_path: Path) -> None:
    async with place(tmp_path, first_hello()) as (client, node):
        session_id = await play(client)
        async with FakeTab.open(client, session_id) as tab:
            await tab.next(StateNews)
            answer = await client.delete(f"/api/v1/operator/sessions/{session_id}")
            assert answer.status_code == 202
            while (news := await tab.next(StateNews)).reason is None:
                pass  # The news that it runs may come first.
            assert news.reason is Reason.ENDED_BY_OPERATOR
        assert (await node.heard_a(EndSession)).reason is Reason.ENDED_BY_OPERATOR

        async def ended() -> bool:
            return bool((await overview(client))["ended"])

        await until(ended, 5, "the end")
        story = (await client.get(f"/api/v1/operator/sessions/{session_id}")).json()
        events = [(each["event"], each["reason"]) for each in story["events"]]
        assert events[0] == ("created", None)
        assert events[-1] == ("ended", "ended_by_operator")
        assert {"event": "placement", "reason": None}.items() <= story["events"][1].items()
        (placed,) = story["placements"]
        assert (placed["node_name"], placed["state"]) == ("fake", "released")
        assert story["session"]["reason"] == "ended_by_operator"
        again = await client.delete(f"/api/v1/operator/sessions/{session_id}")
        assert again.status_code == 202


@pytest.mark.parametrize(("method", "path"), OPERATOR_ROUTES)
async def test_only_operators_may(tmp_path: Path, method: str, path: str) -> None:
    async with place(tmp_path, first_hello()) as (client, _):
        url = "/api/v1/operator" + path.format(id=await play(client))
        stranger = httpx.AsyncClient(base_url=client.base_url)
        assert (await stranger.request(method, url)).json()["reason"] == "not_signed_in"
        # The token for the metrics reads numbers; it neither looks at players nor ends their games.
        token = {"Authorization": "Bearer m"}
        assert (await stranger.request(method, url, headers=token)).json()["reason"] == "not_signed_in"
        assert (await stranger.get("/metrics", headers=token)).status_code == 200
        await stranger.aclose()
        await become_a_plain_player(tmp_path)
        answer = await client.request(method, url)
        assert (answer.status_code, answer.json()["reason"]) == (403, "forbidden")
        assert (await client.get("/metrics")).status_code == 403


@pytest.mark.parametrize("session_id", ["ses_" + "a" * 24, "nonsense", "%00"])
async def test_an_unknown_session_is_not_found(tmp_path: Path, session_id: str) -> None:
    async with live_broker(broker_config(tmp_path)) as ready, signed_in(ready) as client:
        for method in ("GET", "DELETE"):
            answer = await client.request(method, f"/api/v1/operator/sessions/{session_id}")
            assert (answer.status_code, answer.json()["reason"]) == (404, "unknown_session")


async def test_pages_learn_where_to_try_their_way_and_only_addresses(tmp_path: Path) -> None:
    port = CheckPort(("127.0.0.1", "evil\r\na=x", "example.org", "fe80::1%eth0", "::1"), 40000, "uf", "pw")
    async with place(tmp_path, first_hello(check_port=port)) as (client, _):
        plan = (await client.get("/api/v1/check")).json()
        assert plan["nodes_ready"] == 1
        (node,) = plan["nodes"]
        assert (node["hosts"], node["port"], node["ufrag"]) == (["127.0.0.1", "::1"], 40000, "uf")
        stranger = httpx.AsyncClient(base_url=client.base_url)
        assert (await stranger.get("/api/v1/check")).status_code == 401
        await stranger.aclose()


@contextlib.asynccontextmanager
async def guest_of(client: httpx.AsyncClient, title_id: str) -> AsyncIterator[tuple[str, httpx.AsyncClient]]:
    """Start a game and let a guest in; gives its address and the guest's browser."""
    made = await client.post("/api/v1/sessions", json={"title_id": title_id})
    session = made.headers["location"]
    path = (await client.post(f"{session}/invitations", json={"kind": "watch"})).json()["path"]
    invitation = f"/api/v1/invitations/{path.removeprefix('/join/')}/redemption"
    async with httpx.AsyncClient(base_url=client.base_url) as guest:
        assert (await guest.post(invitation, json={"watch": True})).status_code == 200
        yield session, guest


async def test_a_guest_tries_the_way_to_the_machine_of_their_game_alone(tmp_path: Path) -> None:
    port = CheckPort(("127.0.0.1",), 40000, "uf", "pw")
    async with (
        place(tmp_path, first_hello(check_port=port)) as (client, node),
        guest_of(client, "duel") as (session, guest),
        guest_of(client, "testcard") as (_, waiting),
    ):
        plan = (await guest.get("/api/v1/check")).json()
        assert (plan["nodes_ready"], [each["node_id"] for each in plan["nodes"]]) == (1, [node.node_id])
        assert (await waiting.get("/api/v1/check")).json() == {"nodes_ready": 0, "nodes": []}
        url = str(client.base_url).replace("http", "ws", 1).rstrip("/") + "/api/v1/check/socket"
        async with connect(url, additional_headers=cookie_header(guest)) as socket:
            await socket.send("x")
            assert await socket.recv() == "x"
        await client.delete(session)

        async def over() -> bool:
            answer = await guest.get("/api/v1/check")
            return (answer.status_code, answer.json().get("reason")) == (404, "unknown_session")

        await until(over, 5, "nowhere to try, once the game is over")


async def test_the_echo_socket_gives_back_a_little_and_then_closes(tmp_path: Path) -> None:
    async with live_broker(broker_config(tmp_path)) as ready, signed_in(ready) as client:
        url = f"{ready.url.replace('http', 'ws', 1)}/api/v1/check/socket"
        async with connect(url, additional_headers=cookie_header(client)) as socket:
            for number in range(32):
                await socket.send(f"{number}" + "x" * 200)
                assert await socket.recv() == (f"{number}" + "x" * 200)[:64]
            with pytest.raises(ConnectionClosed):
                await socket.recv()
            assert socket.close_code == 1000
        async with connect(url, additional_headers=cookie_header(client)) as socket:
            await socket.send(b"bytes")
            await socket.wait_closed()
        async with connect(url) as socket:
            refusal = decode(await socket.recv(), TO_TAB)
            assert isinstance(refusal, Refusal)
            assert refusal.reason is Reason.NOT_SIGNED_IN
