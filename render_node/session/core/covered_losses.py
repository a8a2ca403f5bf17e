"""Which requests for lost packets parity answers already.

A receiver asks as soon as it sees a gap, before the frame's parity has arrived. Chrome asks for what it still misses
again after a round trip, so leaving a first request to parity costs little where parity seldom fails.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from render_node.session.core.rtp_packets import SEQ_MODULUS

FRAMES_MAX = 120
"""Frames remembered: two seconds at 60 fps."""


@dataclass(slots=True)
class _Frame:
    seqs: range
    parities: int
    left: set[int] = field(default_factory=set)
    """Asked for once and left to parity."""
    given_up: bool = False
    """Parity cannot repair all that was lost."""


class CoveredLosses:
    """The newest frames that went out with parity, and what was asked for of each."""

    def __init__(self) -> None:
        self._frames: deque[_Frame] = deque()
        self._by_seq: dict[int, _Frame] = {}
        self.left_to_parity = 0
        """Requests not answered because parity should do."""

    def add(self, first_seq: int, packets: int, parities: int) -> None:
        """A frame was sent with so many parity packets, all of which cover some of it."""
        frame = _Frame(range(first_seq, first_seq + packets), parities)
        self._frames.append(frame)
        for seq in frame.seqs:
            self._by_seq[seq % SEQ_MODULUS] = frame
        if len(self._frames) > FRAMES_MAX:
            for seq in self._frames.popleft().seqs:
                self._by_seq.pop(seq % SEQ_MODULUS, None)

    def to_repeat(self, seqs: Iterable[int]) -> list[int]:
        """Return which packets to send again for a request.

        A packet is left to parity the first time it is asked for, as long as no more packets of its frame were asked
        for than parity can repair. Once there are more, all of those are repeated: some of them at least must be.
        """
        wanted: list[int] = []
        for seq in seqs:
            frame = self._by_seq.get(seq)
            if frame is None or frame.given_up or seq in frame.left:
                wanted.append(seq)
                continue
            frame.left.add(seq)
            self.left_to_parity += 1
            if len(frame.left) > frame.parities:
                frame.given_up = True
                self.left_to_parity -= len(frame.left)
                wanted += sorted(frame.left)
        return wanted
