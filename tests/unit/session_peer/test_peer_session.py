"""A peer's turns: one that fails is not the last, since they are what notices that the peer is gone."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from render_node.session.core.liveness import SILENT_US
from render_node.session.core.send_side import RateLimits
from render_node.session.io import monotonic
from render_node.session.io.peer_session import REPORT_US, PeerCallbacks, PeerSession
from wire.errors import Reason
from wire.session_control import PeerState, VideoCodec
from wire.worker_control import IceSpec


async def test_a_peer_whose_reports_fail_is_lost_in_time_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    now_us, states = [10_000_000], []
    monkeypatch.setattr(monotonic, "now_us", lambda: now_us[0])
    callbacks = PeerCallbacks(
        lambda data, received_us: None, lambda state, reason: states.append((state, reason)), lambda: None
    )
    limits = RateLimits(300_000, 4_000_000, 8_000_000)
    peer = PeerSession("peer_a", codec=VideoCodec.VP8, ice=IceSpec("127.0.0.1"), limits=limits, callbacks=callbacks)

    def fail(**_: Any) -> None:
        raise OSError("no way")

    async def close() -> None:
        """Close nothing."""

    closable = SimpleNamespace(close=close, heard_us=now_us[0])
    peer._built = SimpleNamespace(  # type: ignore[assignment]
        pc=closable, ice=closable, video=SimpleNamespace(send_report=fail), audio=None
    )
    peer.state = PeerState.CONNECTED
    for _ in range(2):
        now_us[0] += REPORT_US
        peer._tick()
        assert peer._timer is not None
        peer._timer.cancel()
    now_us[0] += SILENT_US
    peer._tick()
    assert peer._timer is None
    await peer.close(Reason.PEER_SILENT)
    assert states == [(PeerState.LOST, Reason.PEER_SILENT)]
