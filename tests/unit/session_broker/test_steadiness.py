"""Leases of others are judged only after a lease's time in which our own was renewed in time, look after look."""

from __future__ import annotations

import pytest

from session_broker.core.steadiness import Renewal, Steadiness


def steady_at(now: float) -> Steadiness:
    steadiness = Steadiness(5.0)
    for second in range(int(now) + 1):
        steadiness.renewed(Renewal.HELD, float(second))
    return steadiness


def test_nobody_is_judged_before_a_lease_has_passed_since_the_start() -> None:
    assert not Steadiness(5.0).may_bury(100.0)
    assert not steady_at(4.0).may_bury(4.0)
    assert steady_at(5.0).may_bury(5.0)


def test_a_look_that_fails_begins_the_time_anew() -> None:
    steadiness = steady_at(9.0)
    steadiness.interrupted()
    assert not steadiness.may_bury(10.0)
    steadiness.renewed(Renewal.HELD, 11.0)
    assert not steadiness.may_bury(15.9)
    assert steadiness.may_bury(16.0)


@pytest.mark.parametrize("renewal", [Renewal.LAPSED, Renewal.BURIED])
def test_a_lease_of_our_own_that_ran_out_without_a_failure_begins_it_anew(renewal: Renewal) -> None:
    steadiness = steady_at(9.0)
    steadiness.renewed(renewal, 20.0)
    assert not steadiness.may_bury(20.0)
    steadiness.renewed(Renewal.HELD, 21.0)
    assert not steadiness.may_bury(24.9)
    assert steadiness.may_bury(25.0)
