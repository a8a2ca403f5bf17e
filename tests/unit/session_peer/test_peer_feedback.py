"""What a peer's RTCP makes the session do: repeats, keyframes, answers, all of it bounded."""

from __future__ import annotations

from typing import cast

import pytest
from aiortc.rtp import RtcpPsfbPacket, RtcpReceiverInfo, RtcpRrPacket, RtcpRtpfbPacket

from render_node.session.core.frame_protection import FrameProtection
from render_node.session.core.frame_receipts import FrameReceipts
from render_node.session.core.ntp import ntp_from_unix_us
from render_node.session.core.rtcp import ReferenceTime, build_dlrr
from render_node.session.core.sent_packets import PacketKind
from render_node.session.io.peer_feedback import ROUND_TRIP_ANSWERS_PER_S, PeerFeedback
from render_node.session.io.rtp_sender import RtpSender
from render_node.session.io.send_path import SendPath

SSRC = 9
NTP = ntp_from_unix_us(1_700_000_000_000_000)


def question(asker: int = 7, middle: int = 0xE3E4F1F2) -> bytes:
    body = asker.to_bytes(4, "big") + b"\x04\0\0\x02" + b"\xe1\xe2" + middle.to_bytes(4, "big") + b"\xf3\xf4"
    return bytes.fromhex("80cf0004") + body


class FakeSender:
    ssrc = SSRC

    def __init__(self) -> None:
        self.protection = FrameProtection(None)
        self.repeated: list[int] = []
        self.rtcp: list[bytes] = []
        self.gave_up = 0

    def is_stuck(self, seqs: tuple[int, ...], *, now_us: int, rtt_us: int) -> bool:
        return 777 in seqs

    def give_up(self) -> None:
        self.gave_up += 1

    def repeat(self, seqs: tuple[int, ...], *, now_us: int, rtt_us: int) -> tuple[int, ...]:
        return seqs

    def send_rtcp(self, packet: bytes) -> None:
        self.rtcp.append(packet)


class FakePath:
    """Takes repeats as the numbers that were asked for."""

    def __init__(self, sender: FakeSender) -> None:
        self._sender = sender
        self.filled_us = -1

    def filled_queue_since(self, since_us: int) -> bool:
        return self.filled_us >= since_us

    def send(self, seqs: tuple[int, ...], kind: PacketKind) -> None:
        assert kind is PacketKind.RTX
        self._sender.repeated += seqs


class Bench:
    def __init__(self) -> None:
        self.sender = FakeSender()
        self.path = FakePath(self.sender)
        self.receipts = FrameReceipts()
        self.outages: list[tuple[int, ...]] = []
        self.feedback = PeerFeedback(self.receipts, lambda *frames: self.outages.append(frames))

    def receive(self, data: bytes, now_us: int = 0) -> bool:
        return self.feedback.receive(
            data, cast(RtpSender, self.sender), cast(SendPath, self.path), now_us=now_us, now_ntp=NTP
        )


def test_a_round_trip_question_is_answered_at_once() -> None:
    bench = Bench()
    assert not bench.receive(question(7, 0xE3E4F1F2))
    assert bench.sender.rtcp == [build_dlrr(SSRC, ReferenceTime(7, 0xE3E4F1F2), 0)]
    assert bench.sender.protection.policy.asks_again_soon


def test_a_flood_of_round_trip_questions_draws_few_answers() -> None:
    bench = Bench()
    for datagram in range(1000):
        bench.receive(question() * 32, datagram * 1000)
    assert len(bench.sender.rtcp) <= ROUND_TRIP_ANSWERS_PER_S * 1.2
    # Chrome's own rate is far below the bound.
    patient = Bench()
    for turn in range(50):
        patient.receive(question(), turn * 20_000)
    assert len(patient.sender.rtcp) == 50


def test_nacks_and_keyframe_requests_for_another_stream_are_not_ours() -> None:
    bench = Bench()
    assert bench.receive(bytes(RtcpPsfbPacket(fmt=1, ssrc=1, media_ssrc=SSRC)))
    assert not bench.receive(bytes(RtcpPsfbPacket(fmt=1, ssrc=1, media_ssrc=SSRC + 1)))
    bench.receive(bytes(RtcpRtpfbPacket(fmt=1, ssrc=1, media_ssrc=SSRC, lost=[5, 6])))
    bench.receive(bytes(RtcpRtpfbPacket(fmt=1, ssrc=1, media_ssrc=SSRC + 1, lost=[7])))
    assert bench.sender.repeated == [5, 6]


def report(lost: int, highest_seq: int, last_sr: int = 0) -> bytes:
    info = RtcpReceiverInfo(
        ssrc=SSRC, fraction_lost=26, packets_lost=lost, highest_sequence=highest_seq, jitter=9, lsr=last_sr, dlsr=0
    )  # fmt: skip
    return bytes(RtcpRrPacket(ssrc=1, reports=[info]))


def test_reports_smooth_the_round_trip_and_tell_the_loss_between_them() -> None:
    bench = Bench()
    sent = (NTP >> 16) & 0xFFFFFFFF
    for turn, delay_ms in enumerate((20, 40)):
        asked = (sent - (delay_ms << 16) // 1000) & 0xFFFFFFFF
        bench.receive(report(3 + turn * 2, 5 + turn * 100, asked), turn)
    assert abs(bench.feedback.rtt_us - 25_000) < 50
    assert bench.feedback.fraction_lost == 26 / 256
    assert bench.sender.protection.policy.loss == 0.02


def test_an_outage_is_no_reason_for_parity() -> None:
    bench = Bench()
    for frame_id in range(1, 11):
        bench.receipts.sent(frame_id, frame_id * 10, 10, 0)
    bench.receive(report(0, 10))
    bench.receive(nack(*range(20, 80)), 1)
    assert bench.outages
    bench.receive(report(61, 110), 2)
    assert bench.sender.protection.policy.loss == pytest.approx(0.01, rel=1e-3)
    bench.receive(report(81, 210), 3)
    assert bench.sender.protection.policy.loss == pytest.approx(0.105, rel=1e-3)


def test_what_a_queue_of_our_own_drops_is_no_reason_for_parity() -> None:
    bench = Bench()
    bench.receive(report(0, 10), 1_000_000)
    bench.path.filled_us = 1_200_000
    bench.receive(report(30, 110), 2_000_000)
    assert bench.sender.protection.policy.loss == 0
    bench.receive(report(35, 210), 3_000_000)
    assert bench.sender.protection.policy.loss == 0.05


def nack(*seqs: int) -> bytes:
    return bytes(RtcpRtpfbPacket(fmt=1, ssrc=1, media_ssrc=SSRC, lost=list(seqs)))


def test_what_is_not_worth_repeating_is_given_up_from_its_first_frame_on() -> None:
    bench = Bench()
    for frame_id in range(1, 31):
        bench.receipts.sent(frame_id, frame_id * 10, 10, frame_id * 16_667)
    bench.receive(nack(*range(100, 130)), 600_000)
    assert bench.sender.repeated == list(range(100, 130))
    assert not bench.outages
    bench.receive(nack(*range(130, 150)), 610_000)
    assert bench.outages == [(13, 30)]
    assert bench.sender.gave_up == 1
    assert bench.sender.repeated == list(range(100, 130))
    # What is asked for a while later stands for itself.
    bench.receive(nack(5), 900_000)
    assert bench.sender.repeated[-1] == 5


def test_single_losses_over_time_are_no_outage() -> None:
    bench = Bench()
    bench.receipts.sent(1, 0, 1000, 0)
    for turn in range(200):
        bench.receive(nack(turn), turn * 20_000)
    assert not bench.outages
    assert len(bench.sender.repeated) == 200


def test_what_is_asked_for_in_vain_is_given_up() -> None:
    bench = Bench()
    bench.receipts.sent(1, 770, 5, 0)
    bench.receipts.sent(2, 775, 5, 0)
    bench.receive(nack(776))
    assert not bench.outages
    bench.receive(nack(777))
    assert bench.outages == [(2, 2)]
    assert bench.sender.repeated == [776]
    assert bench.receipts.packets_per_frame == 5
