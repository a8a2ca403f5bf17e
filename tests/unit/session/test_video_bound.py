"""What a rung may send: its own target, or less where a seated player on it allows less."""

from __future__ import annotations

from typing import cast

from render_node.session.core.input_receiver import InputReceiver
from render_node.session.core.rung_choice import RungKey
from render_node.session.io.participants import Participant, Peer, Table
from render_node.session.io.peer_session import PeerSession
from wire.session_control import Role, VideoCodec
from wire.version import PROTOCOL_MAX

TARGET_BPS = 8_000_000
NO_CONNECTION = cast(PeerSession, None)
"""The bound depends on who sits where, not on their connections."""


def table(*people: tuple[Role, VideoCodec, int | None]) -> Table:
    made = Table()
    for index, (role, codec, video_max_bps) in enumerate(people):
        person = Participant(f"part_{index}", index, role, InputReceiver(index, (0,), role), video_max_bps)
        made.peers[f"peer_{index}"] = Peer(NO_CONNECTION, person, codec, answer_by_s=0.0, protocol=PROTOCOL_MAX)
    return made


def test_the_least_bound_of_the_seated_players_of_a_rung_holds() -> None:
    made = table(
        (Role.PLAYER, VideoCodec.H264, 4_000_000),
        (Role.PLAYER, VideoCodec.H264, 2_500_000),
        (Role.PLAYER, VideoCodec.H264, None),
        (Role.PLAYER, VideoCodec.VP8, 2_000_000),
        (Role.SPECTATOR, VideoCodec.H264, 100_000),
    )
    assert made.video_bps(RungKey(VideoCodec.H264), TARGET_BPS) == 2_500_000
    assert made.video_bps(RungKey(VideoCodec.VP8), TARGET_BPS) == 2_000_000


def test_a_bound_above_the_target_raises_nothing() -> None:
    rung = RungKey(VideoCodec.H264)
    assert table((Role.PLAYER, VideoCodec.H264, 12_000_000)).video_bps(rung, TARGET_BPS) == TARGET_BPS
    assert table().video_bps(rung, TARGET_BPS) == TARGET_BPS


def test_where_nobody_plays_the_spectators_bounds_hold() -> None:
    made = table((Role.SPECTATOR, VideoCodec.VP8, 1_500_000), (Role.PLAYER, VideoCodec.H264, None))
    assert made.video_bps(RungKey(VideoCodec.VP8), TARGET_BPS) == 1_500_000
