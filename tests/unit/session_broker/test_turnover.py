"""The expected wait holds what it says."""

from __future__ import annotations

import random
import statistics

import pytest

from session_broker.core.turnover import Turnover


def test_nothing_is_promised_while_nothing_has_moved() -> None:
    turnover = Turnover()
    turnover.note(None, 1, 5.0)
    standing = turnover.standing(3, None, 10.0)
    assert (standing.place, standing.wait_s, standing.error_s) == (3, None, None)


def test_the_expected_wait_is_right_on_average_and_its_error_covers_two_thirds() -> None:
    chance = random.Random(7)
    within, ratios = 0, []
    for _ in range(400):
        turnover, now = Turnover(), 0.0
        for _ in range(40):
            now += chance.expovariate(1 / 4.0)
            turnover.note(None, 1, now)
        standing = turnover.standing(8, None, now)
        assert standing.wait_s is not None
        assert standing.error_s is not None
        really_s = sum(chance.expovariate(1 / 4.0) for _ in range(8))
        within += abs(really_s - standing.wait_s) <= standing.error_s
        ratios.append(really_s / standing.wait_s)
    assert 0.6 < within / 400 < 0.76
    assert 0.9 < statistics.mean(ratios) < 1.15


def test_a_queue_that_stands_still_expects_ever_more() -> None:
    turnover = Turnover()
    turnover.note(None, 2, 0.0)
    early, late = turnover.standing(2, None, 10.0).wait_s, turnover.standing(2, None, 100.0).wait_s
    assert early is not None
    assert late is not None
    assert late > early


def test_a_new_queue_does_not_count_the_time_since_the_one_before() -> None:
    turnover = Turnover()
    turnover.note(None, 10, 0.0)
    turnover.keep(())
    turnover.note(None, 2, 3600.0)
    wait_s = turnover.standing(4, None, 3604.0).wait_s
    assert wait_s is not None
    assert wait_s < 60.0


def test_many_who_leave_at_once_do_not_make_the_wait_nothing() -> None:
    turnover = Turnover()
    turnover.note(None, 500, 0.0)
    assert turnover.standing(4, None, 0.0).wait_s is None, "one moment is no pace"
    turnover.note(None, 500, 100.0)
    assert turnover.standing(10, None, 100.0).wait_s == pytest.approx(1.0)
