"""Which of the frames sent to a peer it has, told by what it does not ask for.

A receiver asks for a lost packet as soon as it sees the gap, and again every round trip. A frame of which nothing was
asked for, or not any more for long enough, has arrived; so have all before it, which it builds on. Pure; times in µs.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from render_node.session.core.rtp_packets import SEQ_MODULUS

QUIET_US = 80_000
"""Beyond the round trip, without a request: two of Chrome's repeats and some lateness."""

FRAMES_MAX = 600
"""Frames remembered; older unconfirmed ones are forgotten, and with them what they would confirm."""


@dataclass(slots=True)
class _Sent:
    frame_id: int
    seqs: range
    quiet_from_us: int


class FrameReceipts:
    """One peer's frames that are not known to have arrived."""

    def __init__(self) -> None:
        self._sent: deque[_Sent] = deque()
        self._by_seq: dict[int, _Sent] = {}
        self._confirmed_id = 0

    def sent(self, frame_id: int, first_seq: int, packets: int, now_us: int) -> None:
        """A frame was sent."""
        frame = _Sent(frame_id, range(first_seq, first_seq + packets), now_us)
        self._sent.append(frame)
        for seq in frame.seqs:
            self._by_seq[seq % SEQ_MODULUS] = frame
        if len(self._sent) > FRAMES_MAX:
            self._forget_oldest()

    def asked(self, seqs: Iterable[int], now_us: int) -> None:
        """The peer misses packets."""
        for seq in seqs:
            frame = self._by_seq.get(seq)
            if frame is not None:
                frame.quiet_from_us = now_us

    def confirmed_id(self, *, heard_us: int | None, rtt_us: int, now_us: int) -> int:
        """Return the newest frame that the peer has, with all before it; 0 if none.

        Args:
            heard_us: When anything last came from the peer: who is not heard does not ask either.
            rtt_us: Round trip.
            now_us: Monotonic clock.
        """
        while self._sent and heard_us is not None:
            oldest = self._sent[0]
            if now_us - oldest.quiet_from_us < rtt_us + QUIET_US or heard_us < oldest.quiet_from_us + rtt_us:
                break
            self._confirmed_id = oldest.frame_id
            self._forget_oldest()
        return self._confirmed_id

    @property
    def packets_per_frame(self) -> float:
        """Mean over the frames that are remembered; 0 without any."""
        return len(self._by_seq) / len(self._sent) if self._sent else 0.0

    def lost(self, seqs: Iterable[int]) -> tuple[int, int] | None:
        """Give up these packets and all that was sent after them.

        Returns:
            First and newest frame given up; None if none of the packets is remembered.
        """
        frames = [frame.frame_id for seq in seqs if (frame := self._by_seq.get(seq)) is not None]
        if not frames:
            return None
        first_id, newest_id = min(frames), self._sent[-1].frame_id
        while self._sent and self._sent[-1].frame_id >= first_id:
            for seq in self._sent.pop().seqs:
                self._by_seq.pop(seq % SEQ_MODULUS, None)
        return first_id, newest_id

    def _forget_oldest(self) -> None:
        for seq in self._sent.popleft().seqs:
            self._by_seq.pop(seq % SEQ_MODULUS, None)
