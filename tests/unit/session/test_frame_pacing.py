"""An encoder takes the declared rate, whatever the title does."""

from __future__ import annotations

import random

import pytest

from render_node.session.core.frame_pacing import FramePacing


def taken(every_us: float, seconds: int = 10, jitter_us: float = 0.0) -> tuple[int, int]:
    """Return how many pictures of a title were taken, and how long one waited at most."""
    pacing, rng, count, longest_us = FramePacing(60), random.Random(1), 0, 0
    busy_until_us = 0.0
    for number in range(int(seconds * 1e6 / every_us)):
        at_us = number * every_us + rng.uniform(0, jitter_us)
        if at_us < busy_until_us:
            continue
        wait_us = pacing.wait_us(int(at_us))
        longest_us, busy_until_us = max(longest_us, wait_us), at_us + wait_us
        pacing.took(int(busy_until_us))
        count += 1
    return count, longest_us


@pytest.mark.parametrize("fps", [30, 60, 62.5])
def test_a_title_at_its_rate_never_waits(fps: float) -> None:
    count, longest_us = taken(1e6 / fps, jitter_us=8000)
    assert count == int(10 * fps)
    assert longest_us == 0


@pytest.mark.parametrize("fps", [120, 240, 1000])
def test_a_title_that_flips_without_end_gets_its_rate(fps: float) -> None:
    count, _ = taken(1e6 / fps)
    assert 550 <= count <= 665
