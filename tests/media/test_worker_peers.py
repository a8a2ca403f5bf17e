"""A worker's table of peers: in order, bounded, and given back."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from types import SimpleNamespace
from typing import Any, cast

import pytest

from render_node.session.io.agent_link import AgentLink
from render_node.session.io.input_path import InputPath
from render_node.session.io.media_fanout import MediaFanout
from render_node.session.io.session_worker import SessionWorker
from tests.support.deadlines import until
from wire.errors import Reason
from wire.limits import PEERS_MAX
from wire.sandbox import Profile, SandboxSpec
from wire.schema import Message
from wire.session_control import PeerState, Role
from wire.worker_control import (
    ClosePeer,
    EncoderSpec,
    IceSpec,
    OpenWorkerPeer,
    PeerOffer,
    StartWorker,
    TitleSpec,
    WorkerPeerState,
)

pytestmark = pytest.mark.media

START = StartWorker(
    "ses_a", 1, TitleSpec("duel", "1.0.0", "pygame", "/nowhere", "main.py"), "/nowhere",
    IceSpec("127.0.0.1", 0, 0, ("127.0.0.1",)), EncoderSpec(), SandboxSpec(Profile.POD, ()),
)  # fmt: skip


class Bench:
    """A worker without a title; what it tells its agent lies in ``told``."""

    def __init__(self) -> None:
        self.told: list[Message] = []
        self.worker = SessionWorker(START, cast(AgentLink, SimpleNamespace(send=self.told.append)))
        self.worker._inputs = InputPath(lambda _: True)
        title = SimpleNamespace(take_frame=lambda _: None, release_frame=lambda: None)
        self.worker._media = MediaFanout(
            cast(Any, title),
            self.worker._table,
            self.worker._inputs,
            EncoderSpec(),
            60,
            on_failed=print,
            on_first_frame=lambda: None,
        )

    @property
    def peers(self) -> set[str]:
        return set(self.worker._table.peers)

    def open(self, peer: str, person: int, *, ttl_s: float = 30.0) -> None:
        role = Role.SPECTATOR if person else Role.PLAYER
        seats = () if person else (0,)
        self.worker.take(OpenWorkerPeer(peer, f"part_{person}", person, role, seats, "0" * 64, ttl_s, ("H264",)))

    def offered(self) -> list[str]:
        return [message.peer_id for message in self.told if isinstance(message, PeerOffer)]

    def ends(self) -> dict[str, Reason | None]:
        ended = [m for m in self.told if isinstance(m, WorkerPeerState) and m.state is PeerState.LEFT]
        return {message.peer_id: message.reason for message in ended}

    async def settled(self) -> None:
        async def done() -> bool:
            return not self.worker._tasks

        await until(done, 5.0, "all steps of peers")


@pytest.fixture
async def bench() -> AsyncIterator[Bench]:
    made = Bench()
    yield made
    for peer_id in list(made.peers):
        await made.worker._close_peer(peer_id, PeerState.LEFT, Reason.LEFT)
    await made.worker._media.close()


async def test_the_player_comes_back_to_a_full_table(bench: Bench) -> None:
    for person in range(PEERS_MAX):
        bench.open(f"peer_{person}", person)
    bench.open("one_too_many", PEERS_MAX)
    bench.open("back", 0)
    await bench.settled()
    assert bench.ends() == {"one_too_many": Reason.TOO_MANY, "peer_0": Reason.REPLACED}
    assert "back" in bench.offered()
    assert len(bench.peers) == PEERS_MAX


async def test_two_quick_requests_leave_one_peer(bench: Bench) -> None:
    bench.open("first", 0)
    await bench.settled()
    bench.open("second", 0)
    bench.open("third", 0)
    await bench.settled()
    assert bench.peers == {"third"}
    assert bench.offered()[-1] == "third"


async def test_a_peer_that_is_closed_while_it_opens_stays_closed(bench: Bench) -> None:
    bench.open("first", 0)
    await bench.settled()
    bench.open("second", 0)
    bench.worker.take(ClosePeer("second", Reason.LEFT))
    await bench.settled()
    assert bench.peers == set()
    assert bench.offered() == ["first"]


async def test_unanswered_peers_give_their_places_back(bench: Bench) -> None:
    for person in range(PEERS_MAX):
        bench.open(f"peer_{person}", person, ttl_s=0.0)
    await bench.settled()
    bench.worker._close_unanswered(asyncio.get_running_loop().time() + 1.0)
    await bench.settled()
    assert bench.peers == set()
    assert set(bench.ends().values()) == {Reason.CONNECT_TIMEOUT}
