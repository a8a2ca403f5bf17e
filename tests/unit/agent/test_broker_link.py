"""A link to the broker lives through every failure but its own end."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import cast
from unittest.mock import Mock

import pytest

from render_node.agent.io import broker_link
from render_node.agent.io.broker_link import ARRIVED_S, BrokerLink, LinkCallbacks
from tests.support.deadlines import patient
from wire.errors import Reason
from wire.node_control import Heartbeat, NodeWelcome, PlacementNews
from wire.schema import Message, encode
from wire.version import PROTOCOL_MAX
from wire.worker_control import PlacementState


@pytest.mark.parametrize("fails", [True, False])
async def test_what_happens_while_it_closes_does_not_keep_it_alive(
    monkeypatch: pytest.MonkeyPatch, fails: bool
) -> None:
    connections = 0

    async def closes_badly() -> None:
        """Let another error take the cancellation's place, or swallow it as a library may."""
        nonlocal connections
        connections += 1
        assert connections == 1, "it dialled again"
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        if fails:
            raise OSError("reset while closing")

    link = BrokerLink("http://localhost:1", cast(LinkCallbacks, Mock()))
    monkeypatch.setattr(link, "_connection", closes_badly)
    running = asyncio.create_task(link.run())
    await asyncio.sleep(0)
    running.cancel()
    done, _ = await asyncio.wait([running], timeout=patient(2.0))
    assert done
    assert running.cancelled()


class SilentSocket:
    """Says what is set, then nothing."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.said: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    async def send(self, _text: str) -> None:
        """Take it."""

    async def recv(self) -> str:
        self.asked.set()
        return await self.said

    async def __aiter__(self) -> AsyncIterator[str]:
        await asyncio.Event().wait()
        yield ""


async def test_it_ends_though_the_welcome_comes_in_the_same_moment(monkeypatch: pytest.MonkeyPatch) -> None:
    socket = SilentSocket()

    @contextlib.asynccontextmanager
    async def connect(*_: object, **__: object) -> AsyncIterator[SilentSocket]:
        yield socket

    monkeypatch.setattr(broker_link, "connect", connect)
    monkeypatch.setattr(broker_link, "encode", Mock())
    running = asyncio.create_task(BrokerLink("http://localhost:1", cast(LinkCallbacks, Mock())).run())
    await socket.asked.wait()
    await asyncio.sleep(0)
    socket.said.set_result(encode(NodeWelcome(protocol=PROTOCOL_MAX, node_id="nod_a", heartbeat_s=1.0)))
    running.cancel()
    done, _ = await asyncio.wait([running], timeout=patient(2.0))
    running.cancel()
    assert done


async def test_what_was_sent_just_before_the_connection_broke_counts_as_unheard(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Breaks(SilentSocket):
        async def __aiter__(self) -> AsyncIterator[str]:
            await broken.wait()
            raise OSError("reset")
            yield ""

    @contextlib.asynccontextmanager
    async def connect(*_: object, **__: object) -> AsyncIterator[SilentSocket]:
        socket = Breaks()
        socket.said.set_result(encode(NodeWelcome(protocol=PROTOCOL_MAX, node_id="nod_a", heartbeat_s=30.0)))
        yield socket

    welcomed, broken = asyncio.Event(), asyncio.Event()
    lost: asyncio.Future[list[Message]] = asyncio.get_running_loop().create_future()
    told = Mock()
    told.hello.return_value = told.heartbeat.return_value = Heartbeat((), 0, 0)
    told.on_welcome = lambda _welcome: welcomed.set()
    told.on_lost = lost.set_result
    monkeypatch.setattr(broker_link, "connect", connect)
    link = BrokerLink("http://localhost:1", cast(LinkCallbacks, told))
    end = PlacementNews("ses_a", 1, PlacementState.RELEASED, Reason.TITLE_CRASHED)
    running = asyncio.create_task(link.run())
    try:
        async with asyncio.timeout(patient(2.0)):
            await welcomed.wait()
            link.send(end)
            await link.flushed(patient(2.0))
            broken.set()
            assert end in await lost
    finally:
        running.cancel()
        await asyncio.wait([running])


async def test_what_was_sent_longer_ago_than_pings_take_is_taken_to_have_arrived() -> None:
    link = BrokerLink("http://localhost:1", cast(LinkCallbacks, Mock()))
    now_s = asyncio.get_running_loop().time()
    old, new = Heartbeat((), 1, 0), Heartbeat((), 2, 0)
    link._sent.extend([(now_s - ARRIVED_S - 1, old), (now_s - ARRIVED_S / 2, new)])
    assert link._sent_lately() == [new]
