"""How many bits per second a link carries over time: constant between steps, so that all sums are exact."""

from __future__ import annotations

import bisect
import itertools
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RateStep:
    """From ``at_us`` on the link carries ``bps``."""

    at_us: int
    """Microseconds from the schedule's start."""
    bps: int


class RateSchedule:
    """Rates over time; the first one holds before its step as well, the last one for ever.

    Raises:
        ValueError: no step, steps out of order, or a rate that is not above zero.
    """

    def __init__(self, steps: Sequence[RateStep], start_us: int = 0) -> None:
        if not steps or any(step.bps <= 0 for step in steps):
            raise ValueError("a schedule needs rates above zero")
        if any(later.at_us <= earlier.at_us for earlier, later in itertools.pairwise(steps)):
            raise ValueError("the steps of a schedule are in order of time")
        self._starts_us = [start_us + step.at_us for step in steps]
        self._bps = [step.bps for step in steps]

    def bps_at(self, now_us: float) -> int:
        """Return the rate at a moment."""
        return self._bps[self._index(now_us)]

    def finish_us(self, begin_us: float, bits: float) -> float:
        """Return when the last of ``bits`` is out whose first one goes out at ``begin_us``."""
        index = self._index(begin_us)
        at_us = begin_us
        while index + 1 < len(self._bps):
            until_us = self._starts_us[index + 1]
            passed = (until_us - at_us) * self._bps[index] / 1e6
            if passed >= bits:
                break
            bits -= passed
            at_us = until_us
            index += 1
        return at_us + bits * 1e6 / self._bps[index]

    def capacity_bits(self, begin_us: float, end_us: float) -> float:
        """Return how many bits fit between two moments."""
        cuts = [begin_us, *(each for each in self._starts_us if begin_us < each < end_us), end_us]
        return sum((later - earlier) * self.bps_at(earlier) / 1e6 for earlier, later in itertools.pairwise(cuts))

    def _index(self, now_us: float) -> int:
        return max(0, bisect.bisect_right(self._starts_us, now_us) - 1)
