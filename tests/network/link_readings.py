"""What a run over a link comes down to: the same readings for the simulation and for the real product.

Times are microseconds in arrays of equal length with what they belong to, in order of time.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Times: TypeAlias = npt.NDArray[np.int64]
Values: TypeAlias = npt.NDArray[np.int64]

CALM_US = 1_000_000
"""The queue counts as settled when it stays short for this long."""
RATE_WINDOW_US = 500_000
"""Rates are read over this long."""


def freezes_us(shown_us: Times, begin_us: int, end_us: int, longer_than_us: int) -> list[int]:
    """Return the gaps between shown frames that are longer than allowed, those at both ends included."""
    inside = shown_us[(shown_us > begin_us) & (shown_us < end_us)]
    gaps = np.diff(np.concatenate(([begin_us], inside, [end_us])))
    return [int(gap) for gap in gaps if gap > longer_than_us]


def settled_after_us(at_us: Times, waited_us: Values, begin_us: int, end_us: int, limit_us: int) -> int | None:
    """Return how long after ``begin_us`` the wait in the queue is back under a limit and stays so for a second.

    Returns:
        0 if it never is above; None if it does not settle before ``end_us``.
    """
    above = at_us[(at_us >= begin_us) & (at_us < end_us) & (waited_us > limit_us)]
    ends = np.concatenate((above, [end_us]))
    calm_from = begin_us
    for at in ends:
        if at - calm_from >= CALM_US:
            return int(calm_from - begin_us)
        calm_from = int(at)
    return 0 if not len(above) else None


def used_after_us(
    arrived_us: Times, sizes_bytes: Values, begin_us: int, end_us: int, bps: int, share: float
) -> int | None:
    """Return how long after ``begin_us`` the rate first reaches a share of a link's; None if not before ``end_us``.

    The rate at a moment is that of the half second before it; none from before ``begin_us`` is counted.
    """
    inside = (arrived_us >= begin_us) & (arrived_us < end_us)
    at_us, sums = arrived_us[inside], np.concatenate(([0], np.cumsum(sizes_bytes[inside])))
    firsts = np.searchsorted(at_us, at_us - RATE_WINDOW_US, side="right")
    bits = 8 * (sums[1:] - sums[firsts])
    enough = np.flatnonzero(bits >= bps * share * RATE_WINDOW_US / 1e6)
    return int(at_us[enough[0]] - begin_us) if len(enough) else None


def rates_bps(at_us: Times, sizes_bytes: Values, begin_us: int, end_us: int, bin_us: int) -> npt.NDArray[np.float64]:
    """Return the rate in each bin of time."""
    edges = np.arange(begin_us, end_us + 1, bin_us)
    sums, _ = np.histogram(at_us, bins=edges, weights=sizes_bytes)
    return np.asarray(sums * 8e6 / bin_us, dtype=np.float64)


def worst(at_us: Times, values: Values, begin_us: int, end_us: int, bin_us: int) -> npt.NDArray[np.float64]:
    """Return the largest value in each bin of time; NaN where there is none."""
    found = np.full((end_us - begin_us) // bin_us, np.nan)
    inside = (at_us >= begin_us) & (at_us < begin_us + len(found) * bin_us)
    np.fmax.at(found, (at_us[inside] - begin_us) // bin_us, values[inside])
    return found
