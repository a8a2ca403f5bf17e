"""How much protection a frame gets by measured loss, and which requests parity answers."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from render_node.session.core.covered_losses import FRAMES_MAX, CoveredLosses
from render_node.session.core.protection import (
    PARITY_SHARES,
    LossEstimate,
    ProtectionPolicy,
    parity_share,
)

S = 1_000_000
RTT_US = 20_000


def steady(loss: float, *, has_parity: bool = True, seconds: int = 20, rtt_us: int = RTT_US) -> ProtectionPolicy:
    policy = ProtectionPolicy(has_parity=has_parity)
    for second in range(seconds):
        policy.report(round(loss * 1000), 1000, rtt_us=rtt_us, now_us=second * S)
    return policy


@pytest.mark.parametrize(
    ("loss", "packets", "parities"),
    [
        (0.0, 14, 0),
        (0.004, 14, 0),
        (0.01, 14, 1),
        (0.01, 6, 1),
        (0.01, 1, 1),
        (0.01, 48, 3),
        (0.02, 14, 2),
        (0.05, 14, 4),
        (0.05, 6, 2),
        (0.5, 20, 7),
    ],
)
def test_parity_grows_with_loss_and_frame(loss: float, packets: int, parities: int) -> None:
    assert steady(loss).for_frame(packets).parities == parities


def test_a_short_round_trip_needs_parity_only_for_what_nothing_else_shows() -> None:
    assert steady(0.05, rtt_us=5_000).for_frame(14).parities == 1
    assert steady(0.05, rtt_us=0).for_frame(14).parities == 4


def test_without_parity_the_last_packet_goes_out_twice() -> None:
    lossy, clean = steady(0.01, has_parity=False), steady(0.0, has_parity=False)
    assert lossy.for_frame(14).repeat_tail
    assert lossy.for_frame(14).parities == 0
    assert not clean.for_frame(14).repeat_tail
    assert not steady(0.01).for_frame(14).repeat_tail


@pytest.mark.parametrize(
    ("loss", "rate_bps", "depth"),
    [
        (0.0, 8_000_000, 0),
        (0.01, 8_000_000, 1),
        (0.05, 8_000_000, 2),
        (0.05, 1_000_000, 1),
        (0.05, 500_000, 0),
    ],
)
def test_sound_is_carried_again_by_loss_within_a_share_of_the_rate(loss: float, rate_bps: int, depth: int) -> None:
    assert steady(loss).sound_depth(rate_bps) == depth


def test_repeats_wait_only_where_parity_seldom_fails() -> None:
    assert steady(0.01).for_frame(14).repeats_wait
    assert not steady(0.05).for_frame(14).repeats_wait
    assert not steady(0.0).for_frame(14).repeats_wait


def test_repeats_go_out_twice_where_they_are_often_lost_or_asked_for_slowly() -> None:
    policies = {loss: steady(loss, has_parity=False) for loss in (0.0, 0.01, 0.05)}
    assert [policy.doubles_repeats for policy in policies.values()] == [False, True, True]
    for policy in policies.values():
        policy.asks_again_soon = True
    assert [policy.doubles_repeats for policy in policies.values()] == [False, False, True]
    assert not steady(0.05).doubles_repeats


def test_it_rises_within_a_report_and_falls_slowly() -> None:
    policy = steady(0.0)
    policy.report(50, 1000, rtt_us=RTT_US, now_us=20 * S)
    assert policy.for_frame(14).parities >= 3
    on_s = 0
    while policy.for_frame(14).parities and on_s < 60:
        on_s += 1
        policy.report(0, 1000, rtt_us=RTT_US, now_us=(20 + on_s) * S)
    assert 5 <= on_s <= 30


def test_it_does_not_flap_between_the_two_thresholds() -> None:
    rising, falling = ProtectionPolicy(has_parity=True), steady(0.02)
    for second in range(20, 80):
        for policy in (rising, falling):
            policy.report(4, 1000, rtt_us=RTT_US, now_us=second * S)
    assert rising.for_frame(14).parities == 0
    assert falling.for_frame(14).parities == 1


@given(st.lists(st.tuples(st.integers(-(2**31), 2**31), st.integers(-(2**31), 2**31), st.integers(0, 2**40))))
def test_reports_that_lie_stay_within_bounds(reports: list[tuple[int, int, int]]) -> None:
    policy = ProtectionPolicy(has_parity=True)
    for lost, expected, now_us in reports:
        policy.report(lost, expected, rtt_us=0, now_us=now_us)
        assert 0.0 <= policy.loss <= 1.0
        assert policy.for_frame(10).parities <= 4


def test_the_share_is_continuous_and_bounded() -> None:
    shares = [parity_share(loss / 1000) for loss in range(1001)]
    assert shares == sorted(shares)
    assert shares[0] == PARITY_SHARES[0][1]
    assert shares[-1] == PARITY_SHARES[-1][1]
    assert max(after - before for before, after in pairwise(shares)) < 0.01


def test_no_reports_mean_no_loss() -> None:
    assert LossEstimate().share == 0.0


def test_a_first_request_is_left_to_parity_and_a_second_is_not() -> None:
    covered = CoveredLosses()
    covered.add(65534, 6, 1)
    assert covered.to_repeat([65535]) == []
    assert covered.left_to_parity == 1
    assert covered.to_repeat([65535]) == [65535]
    assert covered.to_repeat([9]) == [9]


def test_more_losses_than_parity_repairs_are_all_repeated() -> None:
    covered = CoveredLosses()
    covered.add(0, 14, 2)
    covered.add(14, 14, 1)
    assert covered.to_repeat([3]) == []
    assert covered.to_repeat([4, 20]) == []
    assert covered.to_repeat([5]) == [3, 4, 5]
    assert covered.to_repeat([6]) == [6]
    assert covered.left_to_parity == 1


def test_old_frames_are_forgotten() -> None:
    covered = CoveredLosses()
    for index in range(FRAMES_MAX + 1):
        covered.add(index * 10 % 65536, 10, 1)
    assert covered.to_repeat([5]) == [5]
    assert covered.to_repeat([15]) == []
