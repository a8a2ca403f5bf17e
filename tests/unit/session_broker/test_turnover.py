"""The expected wait holds what it says."""

from __future__ import annotations

import random
import statistics

import pytest

from session_broker.core.turnover import DEPARTURES_KEPT, FORESEEN, Turnover


def opened(now: float = 0.0) -> Turnover:
    """Return one that knows since when somebody waits."""
    turnover = Turnover()
    turnover.keep([None], now)
    return turnover


def test_nothing_is_promised_while_nothing_has_moved() -> None:
    turnover = opened()
    turnover.note(None, 1, 5.0)
    standing = turnover.standing(3, None, 10.0)
    assert (standing.place, standing.wait_s, standing.error_s) == (3, None, None)


@pytest.mark.parametrize("most_at_once", [1, 12])
def test_the_expected_wait_is_right_on_average_and_its_error_covers_two_thirds(most_at_once: int) -> None:
    chance = random.Random(7)
    within, ratios, place = 0, [], 8 * most_at_once
    for _ in range(400):
        turnover, now = opened(), 0.0
        for _ in range(40):
            now += chance.expovariate(1 / 4.0)
            turnover.note(None, chance.randint(1, most_at_once), now)
        standing = turnover.standing(place, None, now)
        assert standing.wait_s is not None
        assert standing.error_s is not None
        left, really_s = 0, 0.0
        while left < place:
            really_s += chance.expovariate(1 / 4.0)
            left += chance.randint(1, most_at_once)
        within += abs(really_s - standing.wait_s) <= standing.error_s
        ratios.append(really_s / standing.wait_s)
    assert 0.6 < within / 400 < 0.76
    assert 0.9 < statistics.mean(ratios) < 1.15


def test_a_queue_that_stands_still_expects_ever_more() -> None:
    turnover = opened()
    turnover.note(None, 2, 1.0)
    early, late = turnover.standing(2, None, 10.0).wait_s, turnover.standing(2, None, 100.0).wait_s
    assert early is not None
    assert late is not None
    assert late > early


def test_a_new_queue_does_not_count_the_time_since_the_one_before() -> None:
    turnover = opened()
    turnover.note(None, 10, 1.0)
    turnover.keep((), 2.0)
    turnover.keep([None], 3600.0)
    turnover.note(None, 2, 3602.0)
    assert turnover.standing(4, None, 3604.0).wait_s == pytest.approx(8.0)


def test_a_line_that_nobody_was_seen_in_tells_nothing() -> None:
    turnover = Turnover()
    turnover.note(None, 10, 1.0)
    turnover.keep([None], 2.0)
    assert turnover.standing(4, None, 10.0).wait_s is None


def test_many_who_leave_at_once_do_not_make_the_wait_nothing() -> None:
    turnover = opened()
    turnover.note(None, 500, 0.0)
    assert turnover.standing(4, None, 0.0).wait_s is None, "one moment is no pace"
    turnover.note(None, 500, 100.0)
    assert turnover.standing(10, None, 100.0).wait_s == pytest.approx(1.0)


def test_only_of_late_counts_and_a_new_pace_is_soon_the_only_one() -> None:
    turnover = opened()
    for second in range(1000):
        turnover.note(None, 1, float(second))
    for number in range(DEPARTURES_KEPT):
        turnover.note(None, 1, 1000.0 + 10.0 * number)
    now = 1000.0 + 10.0 * (DEPARTURES_KEPT - 1)
    assert turnover.standing(5, None, now).wait_s == pytest.approx(50.0, rel=0.05)


def test_who_leaves_in_batches_is_told_a_wider_error_than_one_by_one() -> None:
    alone, together = opened(), opened()
    for second in range(1, 61):
        alone.note(None, 1, float(second))
        if second % 10 == 0:
            together.note(None, 10, float(second))
    one, many = alone.standing(20, None, 60.0), together.standing(20, None, 60.0)
    assert one.wait_s == many.wait_s == pytest.approx(20.0)
    assert one.error_s is not None
    assert many.error_s == pytest.approx(one.error_s * 10**0.5)


def test_who_stands_far_back_is_told_nothing_by_a_pace_that_has_just_begun() -> None:
    turnover = opened()
    for second in range(1, 6):
        turnover.note(None, 2, float(second))
    assert turnover.standing(10 * FORESEEN, None, 5.0).wait_s == pytest.approx(5.0 * FORESEEN)
    assert turnover.standing(10 * FORESEEN + 1, None, 5.0).wait_s is None
