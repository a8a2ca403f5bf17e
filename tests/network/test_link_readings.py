"""Readings of a run, on small examples."""

from __future__ import annotations

import numpy as np

from tests.network.link_readings import freezes_us, rates_bps, settled_after_us, used_after_us, worst

MS = 1000


def ms(*values: float) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    return np.array([round(value * MS) for value in values], dtype=np.int64)


def test_freezes_count_the_ends() -> None:
    shown = ms(50, 100, 400, 450)
    assert freezes_us(shown, 0, 500 * MS, 200 * MS) == [300 * MS]
    assert freezes_us(shown, 0, 900 * MS, 200 * MS) == [300 * MS, 450 * MS]
    assert freezes_us(shown, 110 * MS, 900 * MS, 200 * MS) == [290 * MS, 450 * MS]
    assert freezes_us(ms(), 0, 900 * MS, 200 * MS) == [900 * MS]


def test_a_queue_settles_when_it_stays_short_for_a_second() -> None:
    at = ms(*range(0, 5000, 100))
    waited = np.where((at >= 1000 * MS) & (at <= 1700 * MS), 90 * MS, 5 * MS)
    assert settled_after_us(at, waited, 1000 * MS, 5000 * MS, 60 * MS) == 700 * MS
    again = np.where(at == 2400 * MS, 61 * MS, waited)
    assert settled_after_us(at, again, 1000 * MS, 5000 * MS, 60 * MS) == 1400 * MS
    assert settled_after_us(at, waited, 2000 * MS, 5000 * MS, 60 * MS) == 0
    assert settled_after_us(at, np.full_like(at, 90 * MS), 1000 * MS, 5000 * MS, 60 * MS) is None
    assert settled_after_us(at, waited, 1000 * MS, 2000 * MS, 60 * MS) is None


def test_a_rate_is_used_once_half_a_second_is_full() -> None:
    at = ms(*range(0, 10_000, 10))
    sizes = np.where(at < 3000 * MS, 1000, 10_000)  # 0.8, then 8 Mbit/s
    reached = used_after_us(at, sizes, 2000 * MS, 10_000 * MS, 8_000_000, 0.9)
    assert reached is not None
    assert 1430 * MS <= reached <= 1470 * MS
    assert used_after_us(at, sizes, 2000 * MS, 3400 * MS, 8_000_000, 0.9) is None
    assert used_after_us(at, sizes, 5000 * MS, 10_000 * MS, 8_000_000, 0.9) == 440 * MS


def test_bins() -> None:
    at, sizes = ms(5, 15, 105, 290), np.array([1000, 250, 500, 125], dtype=np.int64)
    assert list(rates_bps(at, sizes, 0, 300 * MS, 100 * MS)) == [100_000, 40_000, 10_000]
    assert list(worst(at, sizes, 0, 290 * MS, 100 * MS)) == [1000, 500]
    assert np.isnan(worst(at, sizes, 0, 400 * MS, 100 * MS)[3])
