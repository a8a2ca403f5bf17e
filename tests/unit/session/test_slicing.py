"""In how many slices frames are encoded: two while that is quick, one where the second core is taken."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from render_node.session.core.slicing import AGAIN_AFTER_US, Slicing

LOOK_US = 250_000
INTERVAL_MS = 1000 / 60
CALM, CROWDED = (3.2, 4.3), (3.4, 8.0)


def look(slicing: Slicing, times: tuple[float, float], from_us: int, seconds: float) -> int:
    """Look at the same times for a while; return when that ended."""
    for _ in range(int(seconds * 1_000_000 / LOOK_US)):
        from_us += LOOK_US
        slicing.take(*times, INTERVAL_MS, from_us)
    return from_us


def shared() -> tuple[Slicing, int]:
    """Return one that has come to two, and when."""
    slicing = Slicing(2, 0)
    now_us = look(slicing, CALM, 0, 5)
    assert slicing.slices == 2
    return slicing, now_us


def test_it_begins_with_one_and_takes_two_once_times_are_calm() -> None:
    slicing = Slicing(2, 0)
    now_us = look(slicing, CROWDED, 0, 20)
    now_us = look(slicing, CALM, now_us, 2)
    assert slicing.slices == 1
    look(slicing, CALM, now_us, 2)
    assert slicing.slices == 2


def test_two_stay_where_there_is_room() -> None:
    slicing, now_us = shared()
    look(slicing, CALM, now_us, 600)
    assert slicing.slices == 2


def test_one_is_left_within_a_second_where_another_takes_the_core() -> None:
    slicing, now_us = shared()
    look(slicing, CROWDED, now_us, 1.25)
    assert slicing.slices == 1


def test_a_short_disturbance_changes_nothing() -> None:
    slicing, now_us = shared()
    now_us = look(slicing, CROWDED, now_us, 0.5)
    now_us = look(slicing, CALM, now_us, 0.5)
    look(slicing, CROWDED, now_us, 0.5)
    assert slicing.slices == 2


def test_times_that_scatter_far_below_a_frame_are_harmless() -> None:
    slicing, now_us = shared()
    look(slicing, (0.4, 3.0), now_us, 60)
    assert slicing.slices == 2


def test_two_are_tried_again_and_later_each_time_that_it_did_not_last() -> None:
    (slicing, now_us), tries = shared(), []
    for _ in range(3):
        began_us = now_us
        while slicing.slices == 2:
            now_us = look(slicing, CROWDED, now_us, 0.25)
        while slicing.slices == 1:
            now_us = look(slicing, CALM, now_us, 0.25)
        tries.append(now_us - began_us)
    assert tries[0] > AGAIN_AFTER_US
    assert tries[1] > 1.5 * tries[0]
    assert tries[2] > 1.5 * tries[1]


def test_what_lasted_long_is_tried_again_soon() -> None:
    slicing, now_us = shared()
    now_us = look(slicing, CALM, now_us, 3600)
    now_us = look(slicing, CROWDED, now_us, 2)
    assert slicing.slices == 1
    look(slicing, CALM, now_us, AGAIN_AFTER_US / 1e6 + 6)
    assert slicing.slices == 2


def test_a_limited_rate_is_one_slice_at_once_and_a_rate_that_swings_costs_few_keyframes() -> None:
    slicing, now_us = shared()
    changes = 0
    for _ in range(60):
        before = slicing.slices
        assert slicing.limit(now_us) == 1
        now_us = look(slicing, CALM, now_us, 5)
        changes += (before != 1) + (slicing.slices != 1)
    assert slicing.slices == 1
    assert changes <= 6, "in five minutes"


@given(st.lists(st.tuples(st.floats(0, 50), st.floats(0, 50)), max_size=200))
def test_one_core_is_never_shared(times: list[tuple[float, float]]) -> None:
    slicing = Slicing(1, 0)
    for number, (quick_ms, slow_ms) in enumerate(times, 1):
        assert slicing.take(quick_ms, slow_ms, INTERVAL_MS, number * LOOK_US) == 1
