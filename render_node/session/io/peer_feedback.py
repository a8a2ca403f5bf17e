"""What a peer's RTCP says about our streams, and the answers that need no decision."""

from __future__ import annotations

from collections.abc import Callable

from render_node.session.core.frame_receipts import FrameReceipts
from render_node.session.core.outage import OutageWatch
from render_node.session.core.rate_limit import TokenBucket
from render_node.session.core.rtcp import (
    KeyframeRequest,
    MalformedFeedback,
    Nack,
    ReceptionReport,
    ReferenceTime,
    build_dlrr,
    parse_rtcp,
    round_trip_us,
)
from render_node.session.core.sent_packets import PacketKind
from render_node.session.core.transport_feedback import TransportFeedback
from render_node.session.io.rtp_sender import RtpSender
from render_node.session.io.send_path import SendPath

COMPOUNDS_PER_S = 500
"""RTCP datagrams read per second and peer; Chrome sends under 100 even when it loses a lot."""

ROUND_TRIP_ANSWERS_PER_S = 100
"""Questions for the round trip answered per second and peer. Chrome asks with each of its reports, at most every
20 ms while it misses packets; a datagram of nothing but questions must not draw one answer each."""

RTT_WEIGHT = 0.25
"""Share of the newest round trip in the smoothed one."""


class PeerFeedback:
    """Newest quality of the video stream as its receiver reports it.

    Args:
        receipts: Is told what the peer misses.
        on_outage: Called with first and newest frame when too much is missing, or for too long, to be repeated.
    """

    def __init__(self, receipts: FrameReceipts, on_outage: Callable[[int, int], None]) -> None:
        self._receipts = receipts
        self._on_outage = on_outage
        self._outage = OutageWatch()
        self.rtt_us = 0
        """Smoothed round trip; 0 until the first report that answers one of ours."""
        self.fraction_lost = 0.0
        """Share of packets lost in the newest report interval."""
        self.keyframe_requests = 0
        self.nacked = 0
        """Sequence numbers asked for again."""
        self.malformed = 0
        """Reports that contradict themselves."""
        self._compounds = TokenBucket(COMPOUNDS_PER_S, COMPOUNDS_PER_S)
        self._given_up_told = 0
        self._last_report: ReceptionReport | None = None
        self._last_report_us = 0
        self._answers = TokenBucket(ROUND_TRIP_ANSWERS_PER_S, ROUND_TRIP_ANSWERS_PER_S / 10)

    def receive(self, data: bytes, video: RtpSender, path: SendPath, *, now_us: int, now_ntp: int) -> bool:
        """Take a decrypted compound packet; answer NACKs and round-trip questions.

        Returns:
            Whether a keyframe is asked for.
        """
        if not self._compounds.take(now_us):
            return False
        wants_keyframe = False
        for item in parse_rtcp(data):
            match item:
                case KeyframeRequest(ssrc) if ssrc == video.ssrc:
                    self.keyframe_requests += 1
                    wants_keyframe = True
                case Nack(ssrc, seqs) if ssrc == video.ssrc:
                    self._missed(seqs, video, path, now_us)
                case ReceptionReport() if item.ssrc == video.ssrc:
                    self._reported(item, now_ntp)
                    self._tell_loss(item, video, path, now_us)
                case TransportFeedback():
                    path.feedback(item)
                case MalformedFeedback():
                    self.malformed += 1
                case ReferenceTime() if self._answers.take(now_us):
                    video.send_rtcp(build_dlrr(video.ssrc, item, 0))
                    if video.protection is not None:
                        video.protection.policy.asks_again_soon = True
                case _:
                    pass
        return wants_keyframe

    def _missed(self, seqs: tuple[int, ...], video: RtpSender, path: SendPath, now_us: int) -> None:
        self.nacked += len(seqs)
        is_outage = self._outage.asked(seqs, self._receipts.packets_per_frame, now_us)
        if video.is_stuck(seqs, now_us=now_us, rtt_us=self.rtt_us) or is_outage:
            lost = self._receipts.lost(seqs)
            if lost is not None:
                video.give_up()
                self._on_outage(*lost)
                return
        self._receipts.asked(seqs, now_us)
        path.send(video.repeat(seqs, now_us=now_us, rtt_us=self.rtt_us), PacketKind.RTX)

    def _reported(self, report: ReceptionReport, now_ntp: int) -> None:
        self.fraction_lost = report.fraction_lost
        rtt_us = round_trip_us(report, now_ntp)
        if rtt_us is not None:
            smoothed = self.rtt_us + RTT_WEIGHT * (rtt_us - self.rtt_us)
            self.rtt_us = round(smoothed) if self.rtt_us else rtt_us

    def _tell_loss(self, report: ReceptionReport, video: RtpSender, path: SendPath, now_us: int) -> None:
        """Tell the sender how many of how many packets were lost since the report before.

        Outages are left out, and so is all that was lost while our own packets filled a queue of the network: sending
        less heals that, and parity would only fill it more.
        """
        before, self._last_report = self._last_report, report
        since_us, self._last_report_us = self._last_report_us, now_us
        if before is None or video.protection is None:
            return
        given_up, self._given_up_told = self._outage.given_up - self._given_up_told, self._outage.given_up
        if path.filled_queue_since(since_us):
            return
        video.protection.policy.report(
            report.packets_lost - before.packets_lost - given_up,
            report.highest_seq - before.highest_seq,
            rtt_us=self.rtt_us,
            now_us=now_us,
        )
