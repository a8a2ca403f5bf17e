"""Two versions side by side: node and tab of the version before at this broker, this agent at a broker before."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from tests.support.agent_process import AgentProcess
from tests.support.deadlines import TIME_FACTOR
from tests.support.frozen_protocol import FrozenProtocol
from tests.support.live_broker import ENROLMENT_TOKEN, broker_config, cookie_header, live_broker, signed_in
from wire.version import PROTOCOL_MAX, PROTOCOL_MIN

pytestmark = pytest.mark.process

EARLIER = [FrozenProtocol(version) for version in range(PROTOCOL_MIN, PROTOCOL_MAX)]


class OldSide:
    """One end of a socket, which reads everything as its version does."""

    def __init__(
        self, protocol: FrozenProtocol, socket: ClientConnection | ServerConnection, *, says: str, hears: str
    ) -> None:
        self._protocol = protocol
        self._socket = socket
        self._says = says
        self._hears = hears

    async def say(self, label: str, **fields: Any) -> None:
        await self._socket.send(self._protocol.say(self._says, label, **fields))

    async def hear(self, label: str, **wanted: Any) -> dict[str, Any]:
        """Return the next such message; all before it must be understood as well."""
        async with asyncio.timeout(10 * TIME_FACTOR):
            while True:
                body = self._protocol.hear(self._hears, await self._socket.recv())
                if body["type"] == label and all(body[name] == value for name, value in wanted.items()):
                    return body

    async def hear_the_rest(self) -> None:
        """Understand all that is still said, until the other side closes."""
        async with asyncio.timeout(10 * TIME_FACTOR):
            with contextlib.suppress(ConnectionClosed):
                while True:
                    self._protocol.hear(self._hears, await self._socket.recv())


@contextlib.asynccontextmanager
async def old_node(old: FrozenProtocol, url: str) -> AsyncIterator[OldSide]:
    async with connect(url.replace("http", "ws", 1) + "/api/v1/nodes/socket", ping_interval=None) as socket:
        node = OldSide(old, socket, says="from_node", hears="to_node")
        example = old.families["from_node"]["hello"]["example"]
        capacity = {
            **example["capacity"],
            "slots": 1,
            "memory_bytes": 2**32,
            "title_kinds": ["pygame"],
            "sandbox": "userns",
        }
        await node.say(
            "hello", protocol={"min": 1, "max": old.version}, capacity=capacity, sessions=[], archives=[],
            titles=[{"title_id": "testcard", "version": "1.0.0"}], enrolment_token=ENROLMENT_TOKEN,
        )  # fmt: skip
        welcome = await node.hear("welcome")
        assert welcome["protocol"] == old.version
        yield node


@pytest.mark.parametrize("old", EARLIER, ids=lambda old: f"version {old.version}")
async def test_a_node_and_a_tab_of_the_version_before_play_at_todays_broker(
    tmp_path: Path, old: FrozenProtocol
) -> None:
    async with (
        live_broker(broker_config(tmp_path)) as ready,
        signed_in(ready) as client,
        old_node(old, ready.url) as node,
    ):
        made = await client.post("/api/v1/sessions", json={"title_id": "testcard"})
        session_id = made.json()["session_id"]
        url = f"{ready.url.replace('http', 'ws', 1)}/api/v1/sessions/{session_id}/socket?role=player"
        async with connect(url, additional_headers=cookie_header(client), ping_interval=None) as socket:
            tab = OldSide(old, socket, says="from_tab", hears="to_tab")
            await tab.say("hello", protocol={"min": 1, "max": old.version})
            assert (await tab.hear("welcome"))["protocol"] == old.version
            start = await node.hear("start_session", session_id=session_id)
            at = {"session_id": session_id, "epoch": start["epoch"]}
            await node.say("placement_state", **at, state="serving", paused=False, violations=0)
            await tab.hear("state", state="running")
            await tab.say("open_peer", video_codecs=["H264"])
            asked = await node.hear("open_peer", session_id=session_id)
            peer = {"session_id": session_id, "peer_id": asked["peer_id"]}
            await node.say("peer_offer", **peer, sdp="v=0 offer")
            offer = await tab.hear("offer", sdp="v=0 offer")
            await tab.say("answer", peer_id=offer["peer_id"], ticket=offer["ticket"], sdp="v=0 answer")
            assert (await node.hear("peer_answer"))["ticket"] == offer["ticket"]
            await node.say("peer_state", **peer, state="connected")
            await tab.hear("peer_state", state="connected")
            await tab.say("media_report", peer_id=offer["peer_id"], frames_decoded=60, silent_ms=5)
            await tab.say("set_quality", video_max_bps=2_000_000)
            await node.hear("set_quality", video_max_bps=2_000_000)
            running = {**at, "state": "serving", "paused": False}
            await node.say("heartbeat", sessions=[running], figures=[], archives=None)
            (row,) = (await client.get("/api/v1/operator/overview")).json()["nodes"]
            refused = await client.put(f"/api/v1/operator/nodes/{row['node_id']}/upgrade", json={})
            assert refused.status_code == 409
            assert "Drain it" in refused.json()["detail"], "what it does not know is not asked of it"
            path = f"/api/v1/operator/nodes/{row['node_id']}/drain"
            assert (await client.put(path, json={"deadline_s": 0})).status_code == 204
            await node.hear("end_session", session_id=session_id)
            await node.say("placement_state", **at, state="released", reason="node_shutdown")
            await tab.hear("state", state="ended")
            await tab.hear_the_rest()


@pytest.mark.parametrize("old", EARLIER, ids=lambda old: f"version {old.version}")
async def test_todays_agent_runs_sessions_for_a_broker_of_the_version_before(
    tmp_path: Path, old: FrozenProtocol
) -> None:
    arrived: asyncio.Future[OldSide] = asyncio.get_running_loop().create_future()

    async def on_node(socket: ServerConnection) -> None:
        arrived.set_result(OldSide(old, socket, says="to_node", hears="from_node"))
        await socket.wait_closed()

    async with serve(on_node, "127.0.0.1", 0) as server:
        port = next(iter(server.sockets)).getsockname()[1]
        agent = AgentProcess(f"http://127.0.0.1:{port}", tmp_path / "node")
        try:
            async with asyncio.timeout(20 * TIME_FACTOR):
                broker = await arrived
            hello = await broker.hear("hello")
            assert hello["protocol"]["min"] <= old.version <= hello["protocol"]["max"]
            await broker.say("welcome", protocol=old.version, node_id="node_a", node_key="key", heartbeat_s=0.2)
            at = {"session_id": f"ses_{'a' * 24}", "epoch": 1}
            await broker.say(
                "start_session",
                **at,
                title_id="good",
                title_version="1.0.0",
                player_key="p",
                release=None,
                options=[],
            )
            await broker.hear("placement_state", state="serving")
            await broker.hear("heartbeat")
            who = {"participant_id": "part_a", "participant_index": 0, "role": "player", "seats": [0]}
            await broker.say(
                "open_peer", session_id=at["session_id"], peer_id="peer_a", **who, ticket_sha256="0" * 64,
                ticket_ttl_s=30.0, video_codecs=["H264"], video_max_bps=None,
            )  # fmt: skip
            await broker.hear("peer_offer", peer_id="peer_a")
            await broker.say("end_session", **at, reason="ended_by_player")
            await broker.hear("placement_state", state="released")
        finally:
            await agent.end()
