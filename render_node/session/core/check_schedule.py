"""When a full ICE agent sends which connectivity check (RFC 8445 §6.1.4.2, §14): paced, each one again and again."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

PACE_US = 20_000
"""Between two checks (Ta)."""

REPEAT_US = 100_000
"""Between a check and its first repetition; doubles from then on."""

REPEAT_MAX_US = 800_000

PAIRS_MAX = 32
"""Pairs that are tried; further ones, of a page that names many addresses, are not."""

TRIES_MAX = 16
"""Checks of one pair, over eleven seconds; then it is given up."""

Pair = TypeVar("Pair", bound=Hashable)


@dataclass(slots=True)
class _Turn:
    at_us: int
    gap_us: int
    tries: int = 0


class CheckSchedule(Generic[Pair]):
    """The pairs of one connection that are tried."""

    def __init__(self) -> None:
        self._turns: dict[Pair, _Turn] = {}
        self._free_us = 0

    def add(self, pair: Pair, now_us: int) -> None:
        """Try a pair from now on, unless it is tried already or there are too many."""
        if pair not in self._turns and len(self._turns) < PAIRS_MAX:
            self._turns[pair] = _Turn(now_us, REPEAT_US)

    def drop(self, pair: Pair) -> None:
        """Try a pair no longer."""
        self._turns.pop(pair, None)

    def clear(self) -> None:
        """Try none any longer."""
        self._turns.clear()

    def take_due(self, now_us: int) -> Pair | None:
        """Return the pair to be checked now, None if it is too early for any."""
        wake_us = self.next_wake_us
        if wake_us is None or now_us < wake_us:
            return None
        pair, turn = min(self._turns.items(), key=lambda entry: entry[1].at_us)
        turn.at_us = now_us + turn.gap_us
        turn.gap_us = min(2 * turn.gap_us, REPEAT_MAX_US)
        turn.tries += 1
        if turn.tries == TRIES_MAX:
            del self._turns[pair]
        self._free_us = now_us + PACE_US
        return pair

    @property
    def next_wake_us(self) -> int | None:
        """When ``take_due`` will return something; None without pairs."""
        if not self._turns:
            return None
        return max(self._free_us, min(turn.at_us for turn in self._turns.values()))
