"""Which connectivity check is due when."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from render_node.session.core.check_schedule import (
    PACE_US,
    PAIRS_MAX,
    REPEAT_MAX_US,
    REPEAT_US,
    TRIES_MAX,
    CheckSchedule,
)


def sent_until(schedule: CheckSchedule[str], end_us: int) -> list[tuple[int, str]]:
    """Follow the schedule's own alarm clock."""
    sent = []
    while (wake := schedule.next_wake_us) is not None and wake <= end_us:
        pair = schedule.take_due(wake)
        assert pair is not None
        sent.append((wake, pair))
    return sent


def test_without_pairs_nothing_is_ever_due() -> None:
    schedule: CheckSchedule[str] = CheckSchedule()
    assert schedule.next_wake_us is None
    assert schedule.take_due(10**12) is None


def test_checks_are_paced_and_repeated_ever_less_often() -> None:
    schedule: CheckSchedule[str] = CheckSchedule()
    for pair in ("direct", "relayed"):
        schedule.add(pair, 1_000)
    sent = sent_until(schedule, 10_000_000)
    assert sent[:2] == [(1_000, "direct"), (1_000 + PACE_US, "relayed")]
    own = [at for at, pair in sent if pair == "direct"]
    gaps = [later - earlier for earlier, later in pairwise(own)]
    assert gaps[0] == REPEAT_US
    assert gaps[1] == 2 * REPEAT_US
    assert max(gaps) <= REPEAT_MAX_US + PACE_US
    assert len(own) <= TRIES_MAX
    for _ in range(2):
        sent += sent_until(schedule, 60_000_000)
    assert len(sent) == 2 * TRIES_MAX, "a way that does not open is given up"
    assert schedule.next_wake_us is None


def test_a_pair_is_tried_once_and_not_before_its_time() -> None:
    schedule: CheckSchedule[str] = CheckSchedule()
    schedule.add("direct", 500)
    schedule.add("direct", 0)
    assert schedule.take_due(499) is None
    assert schedule.take_due(500) == "direct"
    assert schedule.take_due(500) is None


def test_a_dropped_pair_is_tried_no_more() -> None:
    schedule: CheckSchedule[str] = CheckSchedule()
    for pair in ("direct", "relayed"):
        schedule.add(pair, 0)
    schedule.drop("direct")
    schedule.drop("never added")
    assert {pair for _, pair in sent_until(schedule, 1_000_000)} == {"relayed"}
    schedule.clear()
    assert schedule.next_wake_us is None


@given(st.lists(st.integers(0, 200), max_size=300), st.integers(0, 5_000_000))
def test_however_many_pairs_are_named_the_rate_is_bounded(pairs: list[int], seconds_us: int) -> None:
    schedule: CheckSchedule[str] = CheckSchedule()
    for pair in pairs:
        schedule.add(str(pair), 0)
    sent = sent_until(schedule, seconds_us)
    assert len({pair for _, pair in sent}) <= PAIRS_MAX
    assert len(sent) <= seconds_us // PACE_US + 1
