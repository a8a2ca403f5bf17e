"""A link to the broker lives through every failure but its own end."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import cast
from unittest.mock import Mock

import pytest

from render_node.agent.io import broker_link
from render_node.agent.io.broker_link import BrokerLink, LinkCallbacks
from tests.support.deadlines import patient
from wire.node_control import NodeWelcome
from wire.schema import encode
from wire.version import PROTOCOL_MAX


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
