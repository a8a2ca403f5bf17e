"""Rumble at the worker: it reaches whoever holds its seat and nobody else."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from render_node.session.core.input_receiver import InputReceiver
from render_node.session.io.input_path import InputPath
from render_node.session.io.media_fanout import MediaFanout
from render_node.session.io.participants import Participant, Peer, Table
from wire.frame_story import Cursor, SeatRumble, Story, decode_story
from wire.session_control import PeerState, Role, VideoCodec
from wire.version import PROTOCOL_MAX
from wire.worker_control import EncoderSpec


class Bench:
    """A fan-out without a title, and peers that keep what they are told in ``heard``, by participant."""

    def __init__(self) -> None:
        self.table = Table()
        self.heard: dict[int, list[Story]] = {}
        inputs = InputPath(lambda _: True)
        self.media = MediaFanout(
            cast(Any, None), self.table, inputs, EncoderSpec(), 60, on_failed=print, on_first_frame=lambda: None
        )

    def sit(self, number: int, seats: tuple[int, ...], *, protocol: int = PROTOCOL_MAX) -> Peer:
        """Bring somebody with a connected peer to the table."""
        role = Role.PLAYER if seats else Role.SPECTATOR
        heard = self.heard.setdefault(number, [])
        session = SimpleNamespace(send_story=lambda data: heard.append(decode_story(data)))
        person = Participant(f"part_{number}", number, role, InputReceiver(number, seats, role))
        peer = Peer(cast(Any, session), person, VideoCodec.H264, 0.0, protocol, PeerState.CONNECTED)
        self.table.peers[f"peer_{number}"] = peer
        return peer


@pytest.fixture
def bench() -> Bench:
    return Bench()


def test_only_the_seats_holder_is_shaken(bench: Bench) -> None:
    bench.sit(0, (0, 2))
    bench.sit(1, (1,))
    bench.sit(2, ())
    for seat in (0, 1, 2, 3):
        bench.media.title_story(SeatRumble(seat, 1, 2, 3, 4))
    assert bench.heard == {
        0: [SeatRumble(0, 1, 2, 3, 4), SeatRumble(2, 1, 2, 3, 4)],
        1: [SeatRumble(1, 1, 2, 3, 4)],
        2: [],
    }


def test_rumble_follows_a_seat_that_moves(bench: Bench) -> None:
    host, guest = bench.sit(0, (0, 1)), bench.sit(1, ())
    host.participant.receiver.set_seats(Role.PLAYER, (0,), 0)
    guest.participant.receiver.set_seats(Role.PLAYER, (1,), 0)
    bench.media.title_story(SeatRumble(1, 0, 2, 3, 4))
    assert bench.heard == {0: [], 1: [SeatRumble(1, 0, 2, 3, 4)]}


def test_nobody_is_shaken_without_a_peer_or_while_nobody_plays(bench: Bench) -> None:
    peer = bench.sit(0, (0,))
    peer.state = PeerState.CONNECTING
    bench.media.title_story(SeatRumble(0, 0, 2, 3, 4))
    peer.state = PeerState.CONNECTED
    bench.media.pause(True)
    bench.media.title_story(SeatRumble(0, 0, 2, 3, 4))
    assert bench.heard == {0: []}
    bench.media.pause(False)
    bench.media.title_story(SeatRumble(0, 0, 2, 3, 4))
    assert bench.heard == {0: [SeatRumble(0, 0, 2, 3, 4)]}


def test_a_cursor_goes_to_everybody(bench: Bench) -> None:
    bench.sit(0, (0,))
    bench.sit(1, ())
    bench.media.title_story(Cursor(True, False))
    assert bench.heard == {0: [Cursor(True, False)], 1: [Cursor(True, False)]}
