"""What Chrome sends back for what arrives, as it was seen to in Chromium 156; sans-IO.

Feedback reports, repeat requests, requests for a keyframe and the page's word on each decoded frame. Jitter buffer
and renderer are left out: with a playout delay of 0 a frame is decoded as soon as it can be.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.network.frame_model import FrameModel, ReceivedFrame
from tests.network.nack_model import NackModel
from tests.network.sender_port import FrameReport, Nack, Packet, PacketKind, PictureLoss, Signal
from tests.network.transport_feedback import FeedbackModel

KEYFRAME_WAIT_US = 200_000
"""Before the first picture, a keyframe is asked for this often."""
RTX_TIMES_PER_WAIT = 3
"""A decoder that gets nothing waits for this many times the offer's ``rtx-time``."""
ACTIVE_US = 5_000_000
"""Without a packet for this long nothing is asked for: the stream is off."""


@dataclass(frozen=True, slots=True)
class ReceiverConfig:
    """What the session description and the page decide."""

    round_trip_us: int | None = 20_000
    """As the receiver knows it; None if the sender answers no reference times."""
    rtx_time_us: int = 100_000
    """``rtx-time`` of the offer; without one Chrome behaves as with 1 s."""
    report_delay_us: int = 2_600
    """From a frame's last packet to the page's word on it, decoding included."""
    clock_offset_us: int = 987_654_250
    """The receiver's clock minus ours."""


class ReceiverModel:
    """One receiving page."""

    def __init__(self, config: ReceiverConfig) -> None:
        self._config = config
        self._feedback = FeedbackModel()
        self._nacks = NackModel(config.round_trip_us)
        self._frames = FrameModel()
        self._reports: list[tuple[int, FrameReport]] = []
        self._packet_us = 0
        self._keyframe_due_us: int | None = None
        self._ever_decoded = False

    @property
    def frames(self) -> dict[int, ReceivedFrame]:
        """Everything that arrived, by frame."""
        return self._frames.frames

    def on_packet(self, packet: Packet, now_us: int) -> list[Signal]:
        """Take a packet; return what is sent at once."""
        self._feedback.on_packet(packet.wide_seq, now_us + self._config.clock_offset_us)
        self._packet_us = now_us
        if packet.kind is PacketKind.PADDING or packet.frame is None:
            return []
        if self._keyframe_due_us is None:
            self._keyframe_due_us = now_us + KEYFRAME_WAIT_US
        signals: list[Signal] = []
        if missing := self._nacks.on_packet(packet.seq, now_us):
            signals.append(Nack(missing))
        if self._nacks.overflows():
            signals.append(PictureLoss())
        for received in self._frames.on_packet(packet.frame, packet.seq, now_us):
            self._decoded(received, now_us)
        return signals

    def next_timer_us(self) -> int | None:
        """Return when `on_timer` is wanted."""
        feedback_us = self._feedback.next_us
        due = [
            None if feedback_us is None else feedback_us - self._config.clock_offset_us,
            self._nacks.next_us,
            self._keyframe_due_us,
            self._reports[0][0] if self._reports else None,
        ]
        return min((each for each in due if each is not None), default=None)

    def on_timer(self, now_us: int) -> list[Signal]:
        """Return what is due now."""
        signals: list[Signal] = []
        there_us = now_us + self._config.clock_offset_us
        if self._feedback.next_us is not None and self._feedback.next_us <= there_us:
            feedback = self._feedback.report(there_us)
            signals += [] if feedback is None else [feedback]
        if self._nacks.next_us is not None and self._nacks.next_us <= now_us:
            again = self._nacks.on_timer(now_us)
            signals += [Nack(again)] if again else []
        if self._keyframe_due_us is not None and self._keyframe_due_us <= now_us:
            self._keyframe_due_us = now_us + self._wait_us()
            signals += [PictureLoss()] if now_us - self._packet_us <= ACTIVE_US else []
        while self._reports and self._reports[0][0] <= now_us:
            signals.append(self._reports.pop(0)[1])
        return signals

    def _decoded(self, received: ReceivedFrame, now_us: int) -> None:
        self._ever_decoded = True
        self._keyframe_due_us = now_us + self._wait_us()
        self._nacks.clear_up_to(max(received.seqs))
        seen_us = now_us + self._config.report_delay_us
        report = FrameReport(received.frame.frame_id, seen_us + self._config.clock_offset_us)
        self._reports.append((seen_us, report))

    def _wait_us(self) -> int:
        return RTX_TIMES_PER_WAIT * self._config.rtx_time_us if self._ever_decoded else KEYFRAME_WAIT_US
