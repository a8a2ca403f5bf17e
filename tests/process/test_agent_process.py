"""A real agent, fork server and forked (fake) workers against a fake broker: deaths, lies, outages, ends."""

from __future__ import annotations

import asyncio
import signal
import stat
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import psutil
import pytest

from tests.support import deadlines
from tests.support.agent_process import STOP, AgentProcess
from tests.support.deadlines import patient
from tests.support.fake_broker import NODE_ID, NODE_KEY, FakeBroker
from wire.errors import Reason
from wire.limits import CONTROL_MESSAGE_MAX_BYTES, SOCKET_MESSAGE_MAX_BYTES
from wire.node_control import (
    EndSession,
    Heartbeat,
    NodePeerOffer,
    NodeRefusal,
    OpenNodePeer,
    PlacementNews,
    StartSession,
)
from wire.session_control import Role
from wire.worker_control import PlacementState

pytestmark = pytest.mark.process

SERVING, RELEASED = PlacementState.SERVING, PlacementState.RELEASED


@pytest.fixture
async def broker() -> AsyncIterator[FakeBroker]:
    opened = FakeBroker()
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
async def agent(broker: FakeBroker, tmp_path: Path) -> AsyncIterator[AgentProcess]:
    started = AgentProcess(broker.url, tmp_path / "node")
    await broker.node()
    yield started
    await started.end()
    assert await started.left_behind() == []


async def start(broker: FakeBroker, session_id: str, title_id: str = "good") -> None:
    await broker.send(StartSession(session_id, 1, title_id, "1.0.0", f"plr_{session_id}"))


async def play(broker: FakeBroker, session_id: str, title_id: str = "good") -> None:
    await start(broker, session_id, title_id)
    await news(broker, session_id, SERVING)


async def news(broker: FakeBroker, session_id: str, state: PlacementState) -> PlacementNews:
    return await broker.next(PlacementNews, lambda told: (told.session_id, told.state) == (session_id, state))


async def worker_of(broker: FakeBroker, session_id: str, peer_id: str = "peer_1") -> psutil.Process:
    """Return the worker process of a session; fake offers name it."""
    await broker.send(OpenNodePeer(session_id, peer_id, "part_1", 0, Role.PLAYER, (0,), "", 30.0, ("VP8",)))
    offer = await broker.next(NodePeerOffer, lambda told: told.session_id == session_id)
    return psutil.Process(int(offer.sdp.split()[-1]))


async def until(condition: Callable[[], bool]) -> None:
    async def look() -> bool:
        return condition()

    await deadlines.until(look, 5.0, "the condition")


async def test_a_session_plays_and_ends(broker: FakeBroker, agent: AgentProcess, tmp_path: Path) -> None:
    await until(lambda: len(agent.workers()) == 1)
    (warm,) = agent.workers()
    await play(broker, "ses_a")
    worker = await worker_of(broker, "ses_a")
    assert worker.pid == warm.pid, "the warm worker was not the one that was used"
    assert (tmp_path / "node" / "saves" / "plr_ses_a" / "good").is_dir()
    beat = await broker.next(Heartbeat, lambda beat: bool(beat.sessions))
    assert (beat.sessions[0].session_id, beat.sessions[0].state) == ("ses_a", SERVING)
    await until(lambda: len(agent.workers()) == 2)
    await broker.send(EndSession("ses_a", 1, Reason.ENDED_BY_PLAYER))
    assert (await news(broker, "ses_a", RELEASED)).reason is Reason.ENDED_BY_PLAYER
    await until(lambda: not worker.is_running())


async def test_a_killed_worker_is_told_and_costs_no_other(broker: FakeBroker, agent: AgentProcess) -> None:
    await play(broker, "ses_a")
    await play(broker, "ses_b")
    (await worker_of(broker, "ses_a")).kill()
    assert (await news(broker, "ses_a", RELEASED)).reason is Reason.WORKER_LOST
    beat = await broker.next(Heartbeat)
    assert [session.session_id for session in beat.sessions] == ["ses_b"]
    await play(broker, "ses_c")


async def test_a_killed_fork_server_comes_back(broker: FakeBroker, agent: AgentProcess) -> None:
    await play(broker, "ses_a")
    worker = await worker_of(broker, "ses_a")
    server = agent.fork_server()
    agent.children()
    server.kill()
    assert (await news(broker, "ses_a", RELEASED)).reason is Reason.WORKER_LOST
    await until(lambda: not worker.is_running())
    await play(broker, "ses_b")
    assert agent.fork_server().pid != server.pid


async def test_a_killed_warm_worker_is_replaced(broker: FakeBroker, agent: AgentProcess) -> None:
    await until(lambda: len(agent.workers()) == 1)
    (warm,) = agent.workers()
    warm.kill()
    await until(lambda: [each.pid for each in agent.workers()] not in ([], [warm.pid]))
    await play(broker, "ses_a")


async def test_everything_dies_with_a_killed_agent(broker: FakeBroker, tmp_path: Path) -> None:
    agent = AgentProcess(broker.url, tmp_path / "node")
    await broker.node()
    await play(broker, "ses_a")
    await worker_of(broker, "ses_a")
    assert len(agent.children()) >= 2
    await agent.end(signal.SIGKILL)
    assert await agent.left_behind() == []


async def test_a_clean_end_tells_the_broker_and_leaves_nothing(broker: FakeBroker, tmp_path: Path) -> None:
    agent = AgentProcess(broker.url, tmp_path / "node")
    await broker.node()
    await play(broker, "ses_a")
    await play(broker, "ses_deaf", "deaf")
    agent.children()
    agent.process.send_signal(signal.SIGTERM)
    assert (await news(broker, "ses_a", RELEASED)).reason is Reason.NODE_SHUTDOWN
    assert (await news(broker, "ses_deaf", RELEASED)).reason is Reason.NODE_SHUTDOWN
    await asyncio.to_thread(agent.process.wait, patient(5.0))
    assert agent.process.returncode == 0, agent.log_path.read_text()
    assert await agent.left_behind() == []


async def test_a_worker_that_ignores_stop_has_its_time_and_is_killed(broker: FakeBroker, agent: AgentProcess) -> None:
    await play(broker, "ses_a", "deaf")
    worker = await worker_of(broker, "ses_a")
    began = time.monotonic()
    await broker.send(EndSession("ses_a", 1, Reason.ENDED_BY_PLAYER))
    assert (await news(broker, "ses_a", RELEASED)).reason is Reason.ENDED_BY_PLAYER
    assert time.monotonic() - began > STOP.ask_s + STOP.terminate_s
    await until(lambda: not worker.is_running())


async def test_a_worker_that_says_released_and_stays_is_killed(broker: FakeBroker, agent: AgentProcess) -> None:
    await until(lambda: len(agent.workers()) == 1)
    before = {each.pid for each in agent.workers()}
    await start(broker, "ses_a", "linger")
    told = await news(broker, "ses_a", RELEASED)
    assert (told.reason, told.detail) == (Reason.TITLE_QUIT, "bye")
    await until(lambda: before.isdisjoint(each.pid for each in agent.workers()))


async def test_no_picture_ends_the_session(broker: FakeBroker, tmp_path: Path) -> None:
    agent = AgentProcess(broker.url, tmp_path / "node", start_timeout_s=1.0)
    await broker.node()
    await start(broker, "ses_a", "no-picture")
    assert (await news(broker, "ses_a", RELEASED)).reason is Reason.START_TIMEOUT
    await agent.end()


async def test_a_misbehaving_worker_loses_only_its_own_session(broker: FakeBroker, agent: AgentProcess) -> None:
    await play(broker, "ses_good")
    neighbour = await worker_of(broker, "ses_good")
    for how in ("garbage", "oversized", "wrong-peer", "illegal-state", "flood", "die"):
        await until(lambda: len(agent.workers()) == 2)
        warm = {each.pid for each in agent.workers()} - {neighbour.pid}
        await start(broker, f"ses_{how}", how)
        assert (await news(broker, f"ses_{how}", RELEASED)).reason is Reason.WORKER_LOST, how
        await until(lambda warm=warm: warm.isdisjoint(each.pid for each in agent.workers()))  # type: ignore[misc]
        assert (await worker_of(broker, "ses_good", f"peer_{how}")).pid == neighbour.pid, how


async def test_sessions_go_on_without_a_broker(broker: FakeBroker, agent: AgentProcess) -> None:
    await play(broker, "ses_a")
    await play(broker, "ses_b")
    first, second = await worker_of(broker, "ses_a"), await worker_of(broker, "ses_b")
    await broker.close()
    second.kill()
    await until(lambda: not second.is_running())
    await broker.open()
    hello = await broker.node()
    listed = [(session.session_id, session.epoch, session.state) for session in hello.sessions]
    assert listed == [("ses_a", 1, SERVING), ("ses_b", 1, RELEASED)]
    assert (await news(broker, "ses_b", RELEASED)).reason is Reason.WORKER_LOST
    assert (await worker_of(broker, "ses_a", "peer_2")).pid == first.pid


async def test_nonsense_from_a_broker_is_survived(broker: FakeBroker, agent: AgentProcess) -> None:
    await play(broker, "ses_a")
    for nonsense in (
        "",
        "{}",
        '{"type":"welcome"}',
        '{"type":"start_session","epoch":"x"}',
        "x" * (CONTROL_MESSAGE_MAX_BYTES + 1),
        "x" * (SOCKET_MESSAGE_MAX_BYTES + 1),
    ):
        await broker.send(nonsense)
    await broker.node()
    await until(lambda: len(broker.hellos) == 2)
    assert [session.session_id for session in broker.hellos[-1].sessions] == ["ses_a"]
    await play(broker, "ses_b")


async def test_enrols_once_and_keeps_the_key_to_itself(broker: FakeBroker, tmp_path: Path) -> None:
    for _ in range(2):
        broker.welcomed.clear()
        agent = AgentProcess(broker.url, tmp_path / "node")
        await broker.node()
        # The first one comes when the welcome was read.
        await broker.next(Heartbeat)
        await agent.end()
    first, second = broker.hellos
    assert (first.enrolment_token, first.node_id, first.node_key) == ("token", None, None)
    assert (second.enrolment_token, second.node_id, second.node_key) == (None, NODE_ID, NODE_KEY)
    kept = tmp_path / "node" / "node_credential.json"
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert NODE_KEY not in agent.log_path.read_text()
    assert "token" not in agent.log_path.read_text()


async def test_a_broker_with_new_data_gets_the_token_again(broker: FakeBroker, tmp_path: Path) -> None:
    data_dir = tmp_path / "node"
    data_dir.mkdir()
    (data_dir / "node_credential.json").write_text('{"node_id": "node_old", "node_key": "old"}')
    taken = broker.answer
    broker.answer = lambda hello: (
        NodeRefusal(Reason.BAD_ENROLMENT, "who are you?") if hello.node_key == "old" else taken(hello)
    )
    agent = AgentProcess(broker.url, data_dir)
    await broker.node()
    await agent.end()
    assert [hello.enrolment_token for hello in broker.hellos] == [None, "token"]


async def test_a_node_that_cannot_make_workers_is_not_offered(broker: FakeBroker, tmp_path: Path) -> None:
    agent = AgentProcess(broker.url, tmp_path / "node", entry="tests.support.fake_worker:run_stillborn")
    status = await asyncio.to_thread(agent.process.wait, patient(10.0))
    assert status == 1
    assert broker.hellos == []
    assert "before it was ready" in agent.log_path.read_text()


async def test_the_machine_is_measured_once(broker: FakeBroker, tmp_path: Path) -> None:
    measured_ns = []
    for _ in range(2):
        broker.welcomed.clear()
        agent = AgentProcess(broker.url, tmp_path / "node", measured=None)
        hello = await broker.node()
        await agent.end()
        measured_ns.append((tmp_path / "node" / "capacity.json").stat().st_mtime_ns)
    assert measured_ns[0] == measured_ns[1]
    assert "libx264" in hello.capacity.h264_encoders
    assert hello.capacity.encode_ms_720p > 0.1
    assert hello.capacity.sandbox in ("userns", "pod")
