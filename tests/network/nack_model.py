"""When Chrome asks again for a media packet that is missing."""

from __future__ import annotations

from dataclasses import dataclass

TICK_US = 15_625
"""Chrome's timers for this run on a grid of 64 Hz."""
UNKNOWN_ROUND_TRIP_US = 100_000
"""Assumed until the sender answers reference times: repeats then come every 110 ms, otherwise every 31 at 20 ms."""
TRIES_MAX = 100
MISSING_MAX = 1000


@dataclass(slots=True)
class _Missing:
    asked_us: int
    tries: int = 1


class NackModel:
    """Misses of one media stream.

    Args:
        round_trip_us: As the receiver knows it; None if the sender answers no reference times.
    """

    def __init__(self, round_trip_us: int | None) -> None:
        self._repeat_us = UNKNOWN_ROUND_TRIP_US if round_trip_us is None else round_trip_us
        self._missing: dict[int, _Missing] = {}
        self._newest = -1
        self._next_us: int | None = None

    @property
    def next_us(self) -> int | None:
        """When `on_timer` is wanted; None while nothing is missing."""
        return self._next_us if self._missing else None

    def on_packet(self, seq: int, now_us: int) -> tuple[int, ...]:
        """Take an arrival, repeated or not; return what a gap before it makes missing: asked for at once."""
        self._missing.pop(seq, None)
        gap = () if self._newest < 0 else tuple(range(self._newest + 1, seq))
        self._newest = max(self._newest, seq)
        if gap and not self._missing:
            self._next_us = (now_us // TICK_US + 1) * TICK_US
        self._missing.update({each: _Missing(now_us) for each in gap})
        return gap

    def overflows(self) -> bool:
        """Tell whether so much is missing that only a keyframe helps, and forget it."""
        if len(self._missing) <= MISSING_MAX:
            return False
        self._missing.clear()
        return True

    def clear_up_to(self, seq: int) -> None:
        """A frame that ends with this packet was decoded: nothing before it is wanted any more."""
        self._missing = {each: held for each, held in self._missing.items() if each > seq}

    def on_timer(self, now_us: int) -> tuple[int, ...]:
        """Return what is asked for again."""
        self._next_us = now_us + TICK_US
        self._missing = {each: held for each, held in self._missing.items() if held.tries < TRIES_MAX}
        due = [each for each, held in self._missing.items() if now_us - held.asked_us >= self._repeat_us]
        for each in due:
            self._missing[each] = _Missing(now_us, self._missing[each].tries + 1)
        return tuple(due)
