"""When a spectator moves to the reduced rung, and when it comes back."""

from __future__ import annotations

from render_node.session.core.rung_choice import DOWN_AFTER_US, UP_AFTER_MAX_US, UP_AFTER_US, RungChoice, Tier

FULL_BPS = 8_000_000
SECOND_US = 1_000_000


class Clock:
    """A spectator, looked at once a second."""

    def __init__(self) -> None:
        self.choice = RungChoice()
        self.now_us = 5 * SECOND_US

    def until(self, tier: Tier, carried_bps: int, full_bps: int = FULL_BPS, at_most_s: int = 200) -> int:
        """Return after how many seconds the tier holds."""
        for seconds in range(at_most_s):
            if self.choice.tier is tier:
                return seconds
            self.now_us += SECOND_US
            self.choice.take(carried_bps, full_bps, self.now_us)
        raise AssertionError(f"still on {self.choice.tier}")


def test_who_carries_the_players_rate_stays() -> None:
    clock = Clock()
    for carried_bps in (FULL_BPS, 7_000_000, 6_500_000) * 20:
        clock.now_us += SECOND_US
        assert clock.choice.take(carried_bps, FULL_BPS, clock.now_us) is Tier.FULL


def test_a_poor_network_moves_down_and_comes_back_when_it_is_good_for_long() -> None:
    clock = Clock()
    assert clock.until(Tier.REDUCED, 2_000_000) * SECOND_US <= DOWN_AFTER_US + 2 * SECOND_US
    assert clock.until(Tier.FULL, FULL_BPS) * SECOND_US >= UP_AFTER_US


def test_a_short_dip_moves_nobody() -> None:
    clock = Clock()
    for carried_bps in (2_000_000, 2_000_000, FULL_BPS) * 20:
        clock.now_us += SECOND_US
        assert clock.choice.take(carried_bps, FULL_BPS, clock.now_us) is Tier.FULL


def test_who_comes_back_in_vain_waits_longer_each_time() -> None:
    clock = Clock()
    waits = []
    for _ in range(5):
        clock.until(Tier.REDUCED, 2_000_000)
        waits.append(clock.until(Tier.FULL, FULL_BPS) * SECOND_US)
    assert waits == sorted(waits)
    assert waits[0] < 2 * UP_AFTER_US < waits[-1] < UP_AFTER_MAX_US + 3 * SECOND_US


def test_what_counts_is_the_players_rate_of_the_moment() -> None:
    clock = Clock()
    clock.until(Tier.REDUCED, 2_000_000)
    clock.until(Tier.FULL, 2_000_000, full_bps=1_500_000)
    assert clock.choice.take(2_000_000, 0, clock.now_us) is Tier.FULL
