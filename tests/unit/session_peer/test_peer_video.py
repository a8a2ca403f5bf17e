"""What a peer is sent of the frames of one rung, and of another one after it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from render_node.session.core.dependency_descriptor import FrameDescriptor
from render_node.session.core.rung_choice import RungKey, Tier
from render_node.session.core.sent_packets import PacketKind
from render_node.session.io import monotonic
from render_node.session.io.peer_video import PeerVideo
from render_node.session.io.rtp_sender import RtpSender
from render_node.session.io.send_path import SendPath
from render_node.session.media import EncodedFrame, FrameTimes
from wire.session_control import VideoCodec

FULL, REDUCED = RungKey(VideoCodec.VP8), RungKey(VideoCodec.VP8, Tier.REDUCED)


class FakePath:
    """Has room, and notes the frames that left."""

    def __init__(self) -> None:
        self.sent: list[int | None] = []
        self.reported: list[int] = []
        self.behind = False
        self.congested = False

    def is_behind(self) -> bool:
        return self.behind

    def is_congested(self) -> bool:
        return self.congested

    def send(self, packets: Any, kind: PacketKind, *, frame_id: int | None = None) -> None:
        if kind is PacketKind.VIDEO:
            self.sent.append(frame_id)

    def take_probe(self) -> None:
        return None

    def frame_report(self, frame_id: int) -> None:
        self.reported.append(frame_id)


class Bench:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now_us = 1_000_000
        monkeypatch.setattr(monotonic, "now_us", lambda: self.now_us)
        self.path = FakePath()
        self.keyframes_wanted = 0
        self.lost: list[tuple[int, int]] = []
        self.described: list[FrameDescriptor | None] = []
        self.video = PeerVideo(
            VideoCodec.VP8,
            cast(SendPath, self.path),
            on_keyframe_needed=self._keyframe,
            on_frames_lost=lambda first, newest: self.lost.append((first, newest)),
        )
        sender = SimpleNamespace(
            next_seq=0, frame=self._packets, extension_ids=SimpleNamespace(dependency_descriptor=9)
        )
        self.video.begin(cast(RtpSender, sender))

    def _keyframe(self) -> None:
        self.keyframes_wanted += 1

    def _packets(self, payloads: Any, rtp_ts: int, *, descriptor: FrameDescriptor | None, **_: Any) -> Any:
        self.described.append(descriptor)
        return SimpleNamespace(media=[b""], parity=[])

    def send(self, rung: RungKey, frame_id: int, *, keyframe: bool = False) -> bool:
        self.now_us += 16_667
        rtp_ts = self.now_us * 90 // 1000
        frame = EncodedFrame(frame_id, rtp_ts, bytes(100), keyframe, 0, 0, 0, FrameTimes(0, 0, 0))
        return self.video.send(rung, frame, lambda left_us: None)


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(monkeypatch)


def test_nothing_is_sent_before_a_keyframe(bench: Bench) -> None:
    assert [bench.send(FULL, 70), bench.send(FULL, 71, keyframe=True), bench.send(FULL, 72)] == [False, True, True]
    assert bench.keyframes_wanted == 1


def test_another_rung_begins_with_a_keyframe_and_the_count_goes_on(bench: Bench) -> None:
    bench.send(FULL, 500, keyframe=True)
    bench.send(FULL, 501)
    bench.now_us += 3_000_000
    wanted = bench.keyframes_wanted
    assert not bench.send(REDUCED, 7), "it builds on pictures that the peer never had"
    assert bench.keyframes_wanted == wanted + 1
    assert bench.send(REDUCED, 8, keyframe=True)
    assert bench.send(REDUCED, 9)
    bench.now_us += 3_000_000
    assert not bench.send(FULL, 800)
    assert bench.send(FULL, 801, keyframe=True)
    sent = [each for each in bench.path.sent if each is not None]
    assert sent == sorted(set(sent)), "a decoder takes a number that went back for an old frame"
    assert sent[-1] - sent[0] < 10
    for number, described in zip(sent, bench.described, strict=True):
        assert described is not None
        assert int.from_bytes(described.only[1:3]) == number


def test_a_rung_is_asked_by_its_own_numbers(bench: Bench) -> None:
    bench.send(FULL, 500, keyframe=True)
    bench.send(REDUCED, 7, keyframe=True)
    bench.send(REDUCED, 8)
    bench.path.behind = True
    bench.send(REDUCED, 9)
    bench.path.behind = False
    bench.video.help(bench.now_us)
    assert bench.lost == [(9, 9)]
    assert bench.video.confirmed_id(heard_us=None, rtt_us=20_000) == 0
    bench.now_us += 1_000_000
    assert bench.video.confirmed_id(heard_us=bench.now_us, rtt_us=20_000) == 8


def test_a_report_names_a_frame_that_was_sent(bench: Bench) -> None:
    bench.send(FULL, 500, keyframe=True)
    bench.video.reported(bench.now_us * 90 // 1000 + 1)
    assert bench.path.reported == []
    bench.video.reported(bench.now_us * 90 // 1000)
    assert bench.path.reported == bench.path.sent


def test_a_full_socket_takes_no_frame_and_no_help_is_asked_for_meanwhile(bench: Bench) -> None:
    assert bench.send(FULL, 1, keyframe=True)
    bench.path.congested = True
    assert not bench.send(FULL, 2)
    assert (bench.video.frames_dropped, bench.lost) == (1, [])
    bench.path.congested = False
    bench.video.help(bench.now_us)
    assert bench.lost == [(2, 2)]
