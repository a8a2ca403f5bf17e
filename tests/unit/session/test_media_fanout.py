"""Whose losses make a rung recover, and how often."""

from __future__ import annotations

from typing import cast
from unittest.mock import Mock

import pytest

from render_node.session.core.keyframe_policy import KeyframePolicy
from render_node.session.core.rate_limit import TokenBucket
from render_node.session.io.input_path import InputPath
from render_node.session.io.media_fanout import RECOVERIES_PER_S, MediaFanout, _Rung
from render_node.session.io.participants import Participant, Peer, Table
from render_node.session.io.title_process import TitleProcess
from wire.session_control import PeerState, Role, VideoCodec
from wire.worker_control import EncoderSpec


class Bench:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.table = Table()
        title, inputs = cast(TitleProcess, Mock()), cast(InputPath, Mock())
        self.media = MediaFanout(title, self.table, inputs, EncoderSpec(), 60, on_failed=Mock())
        self.encoder = Mock()
        recoveries = TokenBucket(RECOVERIES_PER_S, RECOVERIES_PER_S / 2)
        self.media._rungs[VideoCodec.VP8] = _Rung(self.encoder, title, KeyframePolicy(), recoveries)
        self.now_us = 10_000_000
        monkeypatch.setattr("time.monotonic_ns", lambda: self.now_us * 1000)

    def lose(self, role: Role, times: int = 1, every_us: int = 16_667) -> None:
        for _ in range(times):
            self.now_us += every_us
            self.media.frames_lost(VideoCodec.VP8, role, 5, 6)

    def add_peer(self, confirmed_id: int | None) -> None:
        peer_id = f"peer_{len(self.table.peers)}"
        session, participant = Mock(), cast(Participant, Mock())
        session.confirmed_id.return_value = confirmed_id
        session.send_video.return_value = 0
        self.table.peers[peer_id] = Peer(session, participant, VideoCodec.VP8, 0.0, PeerState.CONNECTED)


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(monkeypatch)


def test_a_players_losses_make_recoveries_at_a_bounded_rate(bench: Bench) -> None:
    bench.encoder.recover.return_value = True
    bench.lose(Role.PLAYER, times=600)
    assert RECOVERIES_PER_S * 9 <= bench.encoder.recover.call_count <= RECOVERIES_PER_S * 11
    bench.encoder.request_keyframe.assert_not_called()


def test_a_spectators_losses_disturb_the_players_no_more_than_its_keyframes(bench: Bench) -> None:
    bench.encoder.recover.return_value = True
    bench.lose(Role.SPECTATOR, times=600)
    assert bench.encoder.recover.call_count <= 5


@pytest.mark.parametrize("role", list(Role))
def test_where_nothing_is_confirmed_it_is_a_keyframe(bench: Bench, role: Role) -> None:
    bench.encoder.recover.return_value = False
    bench.lose(role)
    bench.encoder.request_keyframe.assert_called_once()


def test_a_reference_counts_once_every_peer_has_it_who_does_not_wait_for_a_keyframe(bench: Bench) -> None:
    for confirmed_id in (40, 33, None, 51):
        bench.add_peer(confirmed_id)
    bench.media._confirm(VideoCodec.VP8)
    bench.encoder.confirm.assert_called_once_with(33)
