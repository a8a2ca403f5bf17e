"""When lost packets are not worth repeating: a fresh start costs less than all that is missing.

After a radio link was gone for a quarter of a second, a receiver asks for everything at once. Repeating that fills
the link for longer than the loss lasted, with pictures that nobody will see. Pure; times in µs.
"""

from __future__ import annotations

from collections.abc import Iterable

WINDOW_US = 200_000
"""Packets first asked for within this time count as one loss."""

FRAMES_WORTH_REPEATING = 4
"""Lost packets, in frames, up to which they are repeated. A keyframe of libx264 takes a little over three frames of
the link, which its buffer allows."""

PACKETS_WORTH_REPEATING = 24
"""The same in packets, for streams of small frames."""


class OutageWatch:
    """Counts what one peer misses."""

    def __init__(self) -> None:
        self._asked_us: dict[int, int] = {}
        self.given_up = 0
        """Packets that were not repeated. Parity could not have helped, so they say nothing of what it should do."""

    def asked(self, seqs: Iterable[int], packets_per_frame: float, now_us: int) -> bool:
        """Take a request; tell whether to start afresh instead of repeating anything.

        Args:
            seqs: What is asked for, some of it perhaps again.
            packets_per_frame: Mean of the stream.
            now_us: When it came.
        """
        for seq in seqs:
            self._asked_us.setdefault(seq, now_us)
        while self._asked_us:
            oldest = next(iter(self._asked_us))
            if now_us - self._asked_us[oldest] <= WINDOW_US:
                break
            del self._asked_us[oldest]
        if len(self._asked_us) <= max(PACKETS_WORTH_REPEATING, FRAMES_WORTH_REPEATING * packets_per_frame):
            return False
        self.given_up += len(self._asked_us)
        self._asked_us.clear()
        return True
