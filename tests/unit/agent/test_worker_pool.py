"""The pool of warm workers: what a worker that ends too soon costs."""

from __future__ import annotations

import asyncio
from pathlib import Path
from unittest.mock import AsyncMock, Mock

import pytest

from render_node.agent.io.fork_client import ForkServer
from render_node.agent.io.worker_pool import WorkerPool
from render_node.config import NodeConfig
from tests.support.deadlines import patient
from wire.errors import WireError


async def test_a_worker_that_died_before_anybody_listened_is_told_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Mock(lost=asyncio.Event(), ready=AsyncMock(), fork=AsyncMock(return_value=Mock(gone=True)))
    monkeypatch.setattr(ForkServer, "start", Mock(return_value=server))
    pool = WorkerPool(NodeConfig("http://127.0.0.1:9", tmp_path, ()))
    async with asyncio.timeout(patient(1.0)):
        with pytest.raises(WireError, match="it died at once"):
            await pool.take()
