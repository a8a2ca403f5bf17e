"""Small policies: keyframes, liveness, peer states."""

from __future__ import annotations

import pytest

from render_node.session.core.keyframe_policy import (
    PLAYER_INTERVAL_US,
    SPECTATOR_INTERVAL_US,
    KeyframePolicy,
)
from render_node.session.core.liveness import SILENT_US, Liveness
from render_node.session.core.peer_states import end_state, may_follow
from wire.errors import Reason
from wire.session_control import PeerState, Role


def test_a_storm_of_player_requests_makes_one_keyframe_per_interval() -> None:
    policy = KeyframePolicy()
    granted = [now for now in range(0, 1_000_000, 10_000) if policy.request(Role.PLAYER, now)]
    assert granted == list(range(0, 1_000_000, PLAYER_INTERVAL_US))


def test_spectators_together_get_one_per_two_seconds() -> None:
    policy = KeyframePolicy()
    granted = [now for now in range(0, 6_000_000, 10_000) if policy.request(Role.SPECTATOR, now)]
    assert granted == list(range(0, 6_000_000, SPECTATOR_INTERVAL_US))


def test_a_spectator_never_shortens_a_players_wait_and_a_player_is_not_held_up() -> None:
    policy = KeyframePolicy()
    assert policy.request(Role.SPECTATOR, 0)
    assert policy.request(Role.PLAYER, PLAYER_INTERVAL_US)
    assert not policy.request(Role.SPECTATOR, SPECTATOR_INTERVAL_US)
    assert policy.request(Role.SPECTATOR, PLAYER_INTERVAL_US + SPECTATOR_INTERVAL_US)


def test_a_keyframe_made_anyway_counts() -> None:
    policy = KeyframePolicy()
    policy.note_keyframe(0)
    assert not policy.request(Role.PLAYER, PLAYER_INTERVAL_US - 1)


def test_silence() -> None:
    liveness = Liveness()
    assert not liveness.is_lost(10**12)
    liveness.heard(5)
    assert not liveness.is_lost(5 + SILENT_US)
    assert liveness.is_lost(6 + SILENT_US)
    liveness.heard(7 + SILENT_US)
    liveness.heard(6)
    assert not liveness.is_lost(7 + 2 * SILENT_US)


@pytest.mark.parametrize("state", PeerState)
def test_peer_states(state: PeerState) -> None:
    allowed = {
        PeerState.INVITED: {PeerState.CONNECTING, PeerState.LOST, PeerState.LEFT},
        PeerState.CONNECTING: {PeerState.CONNECTED, PeerState.LOST, PeerState.LEFT},
        PeerState.CONNECTED: {PeerState.LOST, PeerState.LEFT},
    }.get(state, set())
    assert {new for new in PeerState if may_follow(state, new)} == allowed


def test_ends() -> None:
    assert end_state(Reason.PEER_SILENT) is PeerState.LOST
    assert end_state(Reason.REPLACED) is PeerState.LEFT
