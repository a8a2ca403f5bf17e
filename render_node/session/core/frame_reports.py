"""What the page says of each frame a moment after its last packet came: sooner than transport feedback, and coarser.

A report proves that a frame is whole, so its packets and all before them are no longer under way. That tightens the
limit of bytes in flight, which then stops a sender within a few frames of a link's sudden slowness. The time that a
report carries is not used: it includes decoding and the page's own scheduling (1 to 8 ms).
"""

from __future__ import annotations

from render_node.session.core.sent_packets import SentPacket

FRAMES_MAX = 256
"""Frames remembered: 4 s at 60 fps."""


class FrameReports:
    """Frames sent to one peer, by the number of their last packet so far."""

    def __init__(self) -> None:
        self._frames: dict[int, int] = {}

    def sent(self, packet: SentPacket) -> None:
        """A packet of a frame left."""
        assert packet.frame_id is not None
        self._frames[packet.frame_id] = packet.seq
        if len(self._frames) > FRAMES_MAX:
            del self._frames[next(iter(self._frames))]

    def take(self, frame_id: int) -> int | None:
        """Return the number of the last packet that a report proves to have come; None if it proves nothing new."""
        last_seq = self._frames.get(frame_id)
        if last_seq is None:
            return None
        for known in list(self._frames):
            del self._frames[known]
            if known == frame_id:
                break
        return last_seq
