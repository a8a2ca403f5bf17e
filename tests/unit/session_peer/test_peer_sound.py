"""When a peer's packets of sound carry earlier ones, and when they are left as they are."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from render_node.session.core.sent_packets import PacketKind
from render_node.session.io.peer_sound import PeerSound
from render_node.session.io.rtp_sender import RtpSender
from render_node.session.io.send_path import SendPath
from render_node.session.media import OpusPacket

OPUS, RED = 96, 124


class FakeSender:
    payload_type = OPUS

    def __init__(self, red_payload_type: int | None) -> None:
        self.red_payload_type = red_payload_type
        self.sent: list[tuple[int, bytes]] = []

    def frame(
        self, payloads: tuple[bytes, ...], rtp_ts: int, *, payload_type: int | None = None, **_: Any
    ) -> SimpleNamespace:
        (payload,) = payloads
        self.sent.append((payload_type or self.payload_type, payload))
        return SimpleNamespace(media=[rtp_ts], parity=[])


class FakePath:
    def __init__(self) -> None:
        self.left: list[tuple[list[int], PacketKind]] = []

    def send(self, packets: list[int], kind: PacketKind) -> None:
        self.left.append((packets, kind))


def sound(red_payload_type: int | None) -> tuple[PeerSound, FakeSender, FakePath]:
    sender, path = FakeSender(red_payload_type), FakePath()
    made = PeerSound(cast(SendPath, path))
    made.begin(cast(RtpSender, sender))
    return made, sender, path


def test_a_packet_carries_those_before_it_only_while_that_is_wanted() -> None:
    made, sender, path = sound(RED)
    for index, depth in enumerate((0, 1, 0)):
        made.send(OpusPacket(index * 480, b"%d" % index), depth=depth)
    head = bytes((0x80 | OPUS, 0x07, 0x80, 1, OPUS))
    assert sender.sent == [(OPUS, b"0"), (RED, head + b"01"), (OPUS, b"2")]
    assert path.left == [([index * 480], PacketKind.AUDIO) for index in range(3)]


@pytest.mark.parametrize("depth", [0, 2])
def test_a_peer_that_does_not_take_it_gets_plain_packets(depth: int) -> None:
    made, sender, _ = sound(None)
    for index in range(3):
        made.send(OpusPacket(index * 480, b"%d" % index), depth=depth)
    assert sender.sent == [(OPUS, b"%d" % index) for index in range(3)]


def test_nothing_is_sent_before_and_after() -> None:
    made, sender, path = sound(RED)
    made.end()
    made.send(OpusPacket(0, b"late"), depth=1)
    PeerSound(cast(SendPath, path)).send(OpusPacket(0, b"early"), depth=1)
    assert not sender.sent
    assert not path.left
