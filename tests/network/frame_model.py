"""How Chrome puts frames together and when it decodes them."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.network.sender_port import Frame

FRAMES_MAX = 800
"""Frames kept that wait for packets or for other frames, as in Chrome's frame buffer."""


@dataclass(slots=True)
class ReceivedFrame:
    """What arrived of a frame."""

    frame: Frame
    seqs: set[int] = field(default_factory=set)
    completed_us: int | None = None
    decoded_us: int | None = None


class FrameModel:
    """Frames complete when all packets are there, and decode once those that they refer to are; never backwards."""

    def __init__(self) -> None:
        self.frames: dict[int, ReceivedFrame] = {}
        """Everything that anything arrived of; never forgotten, so that a test can ask."""
        self._waiting: dict[int, ReceivedFrame] = {}
        self._decoded: set[int] = set()
        self._newest_decoded = -1

    def on_packet(self, frame: Frame, seq: int, now_us: int) -> list[ReceivedFrame]:
        """Take a packet; return the frames that can be decoded now, in order."""
        received = self.frames.setdefault(frame.frame_id, ReceivedFrame(frame))
        received.seqs.add(seq)
        if received.completed_us is not None or len(received.seqs) < frame.packets:
            return []
        received.completed_us = now_us
        if frame.frame_id <= self._newest_decoded:
            return []
        self._waiting[frame.frame_id] = received
        if len(self._waiting) > FRAMES_MAX:
            self._waiting.clear()
        return self._decode(now_us)

    def _decode(self, now_us: int) -> list[ReceivedFrame]:
        done = []
        for frame_id in sorted(self._waiting):
            received = self._waiting[frame_id]
            if self._decoded.issuperset(received.frame.references):
                received.decoded_us = now_us
                self._decoded.add(frame_id)
                self._newest_decoded = frame_id
                done.append(received)
        self._waiting = {each: held for each, held in self._waiting.items() if each > self._newest_decoded}
        return done
