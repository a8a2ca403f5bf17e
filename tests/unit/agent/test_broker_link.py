"""A link to the broker lives through every failure but its own end."""

from __future__ import annotations

import asyncio
import contextlib
from typing import cast
from unittest.mock import Mock

import pytest

from render_node.agent.io.broker_link import BrokerLink, LinkCallbacks


@pytest.mark.parametrize("fails", [True, False])
async def test_what_happens_while_it_closes_does_not_keep_it_alive(
    monkeypatch: pytest.MonkeyPatch, fails: bool
) -> None:
    connections = 0

    async def closes_badly() -> None:
        """Let another error take the cancellation's place, or swallow it as ``wait_for`` may."""
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
    done, _ = await asyncio.wait([running], timeout=2)
    assert done
    assert running.cancelled()
