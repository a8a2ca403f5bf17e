"""Retry delays grow, stay capped and are spread."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from render_node.agent.core.backoff import Backoff

SCHEDULE = Backoff(first_s=0.2, max_s=5.0)


@pytest.mark.parametrize(
    ("attempt", "jitter", "expected_s"),
    [(0, 0.0, 0.1), (0, 1.0, 0.2), (1, 1.0, 0.4), (4, 1.0, 3.2), (5, 1.0, 5.0), (1000, 1.0, 5.0)],
)
def test_schedule(attempt: int, jitter: float, expected_s: float) -> None:
    assert SCHEDULE.delay_s(attempt, jitter) == pytest.approx(expected_s)


@given(attempt=st.integers(0, 10**6), jitter=st.floats(0, 1, exclude_max=True))
def test_is_never_a_busy_loop_and_never_above_the_cap(attempt: int, jitter: float) -> None:
    assert 0.1 <= SCHEDULE.delay_s(attempt, jitter) <= 5.0
