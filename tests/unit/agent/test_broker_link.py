"""A link to the broker lives through every failure but its own end."""

from __future__ import annotations

import asyncio
from typing import cast
from unittest.mock import Mock

import pytest

from render_node.agent.io.broker_link import BrokerLink, LinkCallbacks


async def test_a_failure_while_it_closes_does_not_keep_it_alive(monkeypatch: pytest.MonkeyPatch) -> None:
    async def fails_to_close() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            raise OSError("reset while closing")

    link = BrokerLink("http://localhost:1", cast(LinkCallbacks, Mock()))
    monkeypatch.setattr(link, "_connection", fails_to_close)
    running = asyncio.create_task(link.run())
    await asyncio.sleep(0)
    running.cancel()
    done, _ = await asyncio.wait([running], timeout=2)
    assert done
    assert running.cancelled()
