"""Whose losses make a rung recover and how often, and which pictures it leaves out."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import cast
from unittest.mock import Mock, call

import pytest
import pytest_asyncio

from render_node.session.core.input_receiver import InputReceiver
from render_node.session.core.rung_choice import REDUCED_FPS, REDUCED_MAX_BPS, RungKey, Tier
from render_node.session.core.slicing import Slicing
from render_node.session.io import monotonic, rung
from render_node.session.io.participants import Participant, Peer, Table
from render_node.session.io.rung import RECOVERIES_PER_S, Rung
from render_node.session.io.title_process import TitleProcess
from wire.frame_story import Display
from wire.session_control import PeerState, Role, VideoCodec
from wire.version import PROTOCOL_MAX
from wire.worker_control import EncoderSpec


class Bench:
    def __init__(self, monkeypatch: pytest.MonkeyPatch, tier: Tier = Tier.FULL) -> None:
        self.table = Table()
        self.encoder = Mock()
        self.now_us = 10_000_000
        monkeypatch.setattr(rung, "EncoderRung", lambda *_, **__: self.encoder)
        monkeypatch.setattr(monotonic, "now_us", lambda: self.now_us)
        title = cast(TitleProcess, Mock())
        key = RungKey(VideoCodec.VP8, tier)
        self.rung = Rung(key, EncoderSpec(), 60, title, self.table, on_sent=Mock(), on_failed=Mock())
        self.encoder.submit.reset_mock()

    def lose(self, role: Role, times: int = 1, every_us: int = 16_667) -> None:
        for _ in range(times):
            self.now_us += every_us
            self.rung.frames_lost(role, 5, 6)

    def add_peer(
        self,
        confirmed_id: int | None = None,
        *,
        role: Role = Role.PLAYER,
        bps: int = 10_000_000,
        tier: Tier = Tier.FULL,
    ) -> Mock:
        number = len(self.table.peers)
        session = Mock(video_bps=bps, display=Display(60, 100))
        session.is_behind.return_value = False
        session.confirmed_id.return_value = confirmed_id
        participant = Participant(f"part_{number}", number, role, InputReceiver(number, (), role))
        peer = Peer(session, participant, VideoCodec.VP8, 0.0, PROTOCOL_MAX, PeerState.CONNECTED)
        peer.choice.tier = tier
        self.table.peers[f"peer_{number}"] = peer
        return session


@pytest_asyncio.fixture
async def bench(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bench]:
    made = Bench(monkeypatch)
    yield made
    made.rung._timer.cancel()
    made.rung._still_timer.cancel()


async def test_a_players_losses_make_recoveries_at_a_bounded_rate(bench: Bench) -> None:
    bench.encoder.recover.return_value = True
    bench.lose(Role.PLAYER, times=600)
    assert RECOVERIES_PER_S * 9 <= bench.encoder.recover.call_count <= RECOVERIES_PER_S * 11
    bench.encoder.request_keyframe.assert_not_called()


async def test_a_spectators_losses_disturb_the_players_no_more_than_its_keyframes(bench: Bench) -> None:
    bench.encoder.recover.return_value = True
    bench.lose(Role.SPECTATOR, times=600)
    assert bench.encoder.recover.call_count <= 5


@pytest.mark.parametrize("role", list(Role))
async def test_where_nothing_is_confirmed_it_is_a_keyframe(bench: Bench, role: Role) -> None:
    bench.encoder.recover.return_value = False
    bench.lose(role)
    bench.encoder.request_keyframe.assert_called_once()


async def test_a_reference_counts_once_every_peer_has_it_who_does_not_wait_for_a_keyframe(bench: Bench) -> None:
    for confirmed_id in (40, 33, None, 51):
        bench.add_peer(confirmed_id)
    bench.rung.confirm()
    bench.encoder.confirm.assert_called_once_with(33)


async def test_a_picture_without_room_is_left_out_until_there_is_room(bench: Bench) -> None:
    session = bench.add_peer()
    session.takes_frame.return_value = False
    bench.rung.flipped()
    bench.rung.flipped()
    bench.rung.room_again()
    bench.encoder.submit.assert_not_called()
    session.takes_frame.return_value = True
    bench.rung.room_again()
    bench.rung.room_again()
    bench.encoder.submit.assert_called_once()


async def test_nobody_waits_for_a_player_who_fell_behind(bench: Bench) -> None:
    fast, stalled = bench.add_peer(), bench.add_peer()
    fast.takes_frame.return_value = True
    stalled.takes_frame.return_value = False
    bench.rung.flipped()
    bench.encoder.submit.assert_not_called()
    stalled.is_behind.return_value = True
    bench.rung.flipped()
    bench.encoder.submit.assert_called_once()
    fast.is_behind.return_value = True
    bench.rung.flipped()
    bench.encoder.submit.assert_called_once()
    stalled.takes_frame.return_value = True
    bench.rung.flipped()
    assert bench.encoder.submit.call_count == 2


async def test_the_last_picture_before_a_title_stands_still_is_not_left_out(bench: Bench) -> None:
    bench.add_peer().takes_frame.return_value = True
    bench.rung._every = 2
    bench.rung.flipped()
    bench.rung._timer.cancel()
    bench.rung._adapt()
    bench.encoder.submit.assert_not_called()
    bench.rung._timer.cancel()
    bench.rung._adapt()
    bench.encoder.submit.assert_called_once()


async def test_a_spectators_network_holds_no_player_back(bench: Bench) -> None:
    bench.add_peer().takes_frame.return_value = True
    watching = bench.add_peer(role=Role.SPECTATOR, bps=300_000)
    watching.takes_frame.return_value = False
    bench.rung.flipped()
    bench.encoder.submit.assert_called_once()
    bench.rung.fit_bitrate()
    bench.encoder.set_bitrate.assert_called_with(EncoderSpec().target_bps)


async def test_at_a_low_rate_every_other_picture_is_left_out(bench: Bench) -> None:
    bench.add_peer(bps=500_000).takes_frame.return_value = True
    bench.rung._source = 1280, 720
    for _ in range(20):
        bench.now_us += 250_000
        bench.encoder.stats.encoded_bytes = bench.now_us // 16
        bench.rung._timer.cancel()
        bench.rung._adapt()
    scale, fps = bench.encoder.set_point.call_args.args
    assert (scale < 1, fps) == (True, 30)
    for _ in range(10):
        bench.rung.flipped()
    assert bench.encoder.submit.call_count == 5


def adapt(bench: Bench, seconds: int) -> int:
    """Let the rung look at what it encodes for so long; return the frame rate that it asks its encoder for."""
    bench.rung._source = 1280, 720
    for _ in range(4 * seconds):
        bench.now_us += 250_000
        bench.encoder.stats.encoded_bytes = bench.now_us
        bench.rung._timer.cancel()
        bench.rung._adapt()
    return int(bench.encoder.set_point.call_args.args[1])


async def test_frames_beyond_the_usual_rate_are_for_a_table_where_every_display_shows_them(bench: Bench) -> None:
    bench.rung._fps = 120
    bench.encoder.stats.encode_ms_p50 = 3.0
    first = bench.add_peer()
    first.takes_frame.return_value = True
    assert adapt(bench, 20) == 60
    first.display = Display(120, 100)
    assert adapt(bench, 20) == 120
    second = bench.add_peer()
    assert adapt(bench, 2) == 60
    second.display = Display(144, 100)
    bench.add_peer(role=Role.SPECTATOR)
    assert adapt(bench, 20) == 120
    second.display = Display(144, 50)
    assert adapt(bench, 2) == 60


@pytest_asyncio.fixture
async def reduced(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bench]:
    made = Bench(monkeypatch, Tier.REDUCED)
    yield made
    made.rung._timer.cancel()
    made.rung._still_timer.cancel()


async def test_the_reduced_rung_follows_its_own_spectators(reduced: Bench) -> None:
    player = reduced.add_peer(bps=500_000)
    reduced.rung.fit_bitrate()
    reduced.encoder.set_bitrate.assert_called_with(REDUCED_MAX_BPS)
    watching = reduced.add_peer(role=Role.SPECTATOR, bps=900_000, tier=Tier.REDUCED)
    reduced.rung.fit_bitrate()
    reduced.encoder.set_bitrate.assert_called_with(900_000)
    watching.takes_frame.return_value = False
    reduced.rung.flipped()
    reduced.encoder.submit.assert_not_called()
    player.takes_frame.assert_not_called()
    reduced.rung._source = 1280, 720
    reduced.encoder.stats.encoded_bytes = 0
    reduced.rung._timer.cancel()
    reduced.rung._adapt()
    assert reduced.encoder.set_point.call_args.args == (1, REDUCED_FPS)


async def test_a_spectator_who_gets_a_seat_is_fed_by_the_players_rung(bench: Bench) -> None:
    bench.add_peer(role=Role.SPECTATOR, tier=Tier.REDUCED)
    assert bench.table.rungs() == {RungKey(VideoCodec.VP8, Tier.REDUCED)}
    (peer,) = bench.table.peers.values()
    peer.participant.role = Role.PLAYER
    assert bench.table.of_rung(RungKey(VideoCodec.VP8)) == [peer]


def stand_still(bench: Bench, for_us: int) -> int:
    """Let time pass without a new picture, its timer served each 5 ms; return how often it was encoded again."""
    bench.encoder.encode_again.reset_mock()
    for _ in range(for_us // 5_000):
        bench.now_us += 5_000
        bench.rung._still_timer.cancel()
        bench.rung._watch_still()
    return int(bench.encoder.encode_again.call_count)


async def test_a_picture_that_stands_still_is_sharpened_and_then_seldom_sent(bench: Bench) -> None:
    bench.add_peer().takes_frame.return_value = True
    for _ in range(30):
        bench.rung.flipped()
        assert stand_still(bench, 35_000) == 0
    assert 20 <= stand_still(bench, 500_000) <= 30
    assert stand_still(bench, 10_000_000) <= 21


async def test_nothing_is_sharpened_where_there_is_no_room_or_nobody_plays(bench: Bench) -> None:
    session = bench.add_peer()
    session.takes_frame.return_value = False
    bench.rung.flipped()
    assert stand_still(bench, 2_000_000) == 0
    session.takes_frame.return_value = True
    bench.rung.pause(True)
    assert stand_still(bench, 2_000_000) == 0
    bench.rung.pause(False)
    assert stand_still(bench, 2_000_000) > 0


@pytest.mark.parametrize(("bps", "slices"), [(10_000_000, 2), (4_000_000, 1)])
async def test_a_picture_is_shared_by_threads_where_the_network_carries_it_all(
    bench: Bench, bps: int, slices: int
) -> None:
    bench.rung._slicing = Slicing(2, bench.now_us)
    bench.encoder.stats.encode_ms.return_value = 4.0
    peer = bench.add_peer()
    peer.takes_frame.return_value = True
    adapt(bench, 10)
    bench.encoder.set_slices.assert_called_with(2)
    peer.video_bps = bps
    bench.rung.fit_bitrate()
    bench.encoder.set_slices.assert_called_with(slices)
    assert bench.encoder.method_calls[-1] == call.set_bitrate(bench.rung.target_bps)
