"""When a still picture is encoded again."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from render_node.session.core.still_pictures import KEEP_MAX_US, KEEP_US, SETTLED_US, SHARPEN_US, StillPictures


def repeats(still: StillPictures, from_us: int, until_us: int, late_us: int = 0) -> list[int]:
    """Encode again whenever it is time, each time a little late; return when that was."""
    found, now_us = [], from_us
    while (now_us := now_us + still.wait_us(now_us) + late_us) < until_us:
        if still.wait_us(now_us) == 0:
            still.repeated(now_us)
            found.append(now_us)
    return found


def test_a_still_picture_is_sharpened_at_the_frame_rate_for_half_a_second_and_then_kept() -> None:
    times = repeats(StillPictures(60, 0), 0, 20_000_000)
    sharpened = [at for at in times if at <= SHARPEN_US + 20_000]
    assert times[0] == SETTLED_US
    assert len(sharpened) == 1 + (SHARPEN_US - SETTLED_US) // 16_666 + 1
    kept = [after - before for before, after in pairwise(times[len(sharpened) - 1 :])]
    assert kept[:3] == [KEEP_US] * 3
    assert kept == sorted(kept)
    assert kept[-10:] == [KEEP_MAX_US] * 10


@given(st.integers(15, 240), st.integers(1, 200))
def test_what_moves_is_left_alone(fps: int, pictures: int) -> None:
    still = StillPictures(60, 0)
    for number in range(1, pictures):
        now_us = number * 1_000_000 // fps
        assert repeats(still, (number - 1) * 1_000_000 // fps, now_us) == []
        still.changed(now_us)


@given(st.integers(1, 240), st.integers(1, 30_000))
def test_never_more_than_the_frame_rate(fps: int, late_us: int) -> None:
    times = repeats(StillPictures(fps, 0), 0, 2_000_000, late_us)
    assert all(after - before >= 1_000_000 // fps for before, after in pairwise(times))
