"""The simplest sender: a constant rate, every frame's packets at once, repeats for the asking, no control at all."""

from __future__ import annotations

from collections.abc import Sequence

from tests.network.sender_port import Frame, FrameReport, Packet, PacketKind, TransportFeedback

PACKET_BYTES = 1200
KEYFRAME_FACTOR = 3
"""A keyframe's size as a multiple of another frame's."""


class ConstantRateSender:
    """Sends frames of equal size that each refer to the one before.

    Args:
        bps: Bits per second on the link, repeats and keyframes not counted.
        fps: Frames per second.
    """

    def __init__(self, bps: int, fps: int = 60) -> None:
        self._frame_bytes = bps // 8 // fps
        self._next_wide_seq = 0
        self._next_seq = 0
        self._next_frame = 0
        self._keyframe = True
        self._sent: dict[int, Packet] = {}

    def on_frame(self, now_us: int) -> Sequence[Packet]:
        """Return the next frame."""
        left_bytes = self._frame_bytes * (KEYFRAME_FACTOR if self._keyframe else 1)
        references = () if self._keyframe else (self._next_frame - 1,)
        frame = Frame(self._next_frame, now_us, -(-left_bytes // PACKET_BYTES), references)
        self._next_frame += 1
        self._keyframe = False
        packets = []
        for _ in range(frame.packets):
            size_bytes = min(PACKET_BYTES, left_bytes)
            left_bytes -= size_bytes
            packet = Packet(size_bytes, self._wide_seq(), seq=self._next_seq, frame=frame)
            self._sent[self._next_seq] = packet
            self._next_seq += 1
            packets.append(packet)
        return packets

    def on_feedback(self, feedback: TransportFeedback, now_us: int) -> Sequence[Packet]:
        """Do nothing about it."""
        return ()

    def on_nack(self, seqs: Sequence[int], now_us: int) -> Sequence[Packet]:
        """Repeat everything at once."""
        held = [self._sent[seq] for seq in seqs if seq in self._sent]
        return [Packet(each.size_bytes, self._wide_seq(), PacketKind.RTX, each.seq, each.frame) for each in held]

    def on_picture_loss(self, now_us: int) -> Sequence[Packet]:
        """Make the next frame a keyframe."""
        self._keyframe = True
        return ()

    def on_frame_report(self, report: FrameReport, now_us: int) -> Sequence[Packet]:
        """Do nothing about it."""
        return ()

    def next_timer_us(self) -> int | None:
        """Return None: nothing is ever put off."""
        return None

    def on_timer(self, now_us: int) -> Sequence[Packet]:
        """Return nothing."""
        return ()

    def _wide_seq(self) -> int:
        self._next_wide_seq += 1
        return self._next_wide_seq - 1
