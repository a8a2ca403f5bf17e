"""One count of input over all participants, and the way back from it.

A title hears events from several players and can only say "I have applied everything up to number n". The worker
therefore numbers events itself and remembers, per participant, which of their own sequence numbers each stands for,
so that every page is told about its own input alone.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from wire.input_events import SEQ_MODULUS, seq_delta

HISTORY_EVENTS = 512
"""Events remembered per participant: four seconds of a 125 Hz mouse, far more than a title lags behind."""


@dataclass(frozen=True, slots=True)
class AppliedInput:
    """An event of one participant that the title has applied."""

    participant_seq: int
    """The participant's own sequence number."""
    received_us: int
    """When the worker received it."""


class InputNumbering:
    """Numbers events from 1 on, modulo 2**32 without 0, which stands for "none yet"."""

    def __init__(self) -> None:
        self._last = 0
        self._history: dict[int, deque[tuple[int, AppliedInput]]] = {}

    def assign(self, participant: int, participant_seq: int, received_us: int) -> int:
        """Return the worker's number for the next event handed to the title."""
        self._last = (self._last + 1) % SEQ_MODULUS or 1
        history = self._history.setdefault(participant, deque(maxlen=HISTORY_EVENTS))
        history.append((self._last, AppliedInput(participant_seq, received_us)))
        return self._last

    def newest_applied(self, participant: int, title_seq: int) -> AppliedInput | None:
        """Return the participant's newest event that a title which applied ``title_seq`` has seen.

        A title's word is not trusted: a number from the future counts as the newest one assigned.
        """
        if title_seq == 0:
            return None
        for number, applied in reversed(self._history.get(participant, ())):
            if seq_delta(number, title_seq) <= 0:
                return applied
        return None

    def forget(self, participant: int) -> None:
        """Drop the history of a participant who left for good."""
        self._history.pop(participant, None)
