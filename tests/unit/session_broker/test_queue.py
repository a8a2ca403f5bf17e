"""The queue's order is fair, total and without starvation; the expected wait holds what it says."""

from __future__ import annotations

import random
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from session_broker.core.queue import (
    FURTHER_SESSION_MS,
    PRIORITY_MAX,
    PRIORITY_MS,
    Turnover,
    Waiting,
    in_order,
)
from wire.ids import PlayerId, SessionId, TitleId

ENTRIES = st.lists(
    st.tuples(st.integers(0, 5), st.integers(0, 3_600_000), st.integers(0, PRIORITY_MAX)), max_size=30
).map(
    lambda rows: [
        Waiting(SessionId(f"ses_{n}"), PlayerId(f"plr_{player}"), TitleId("duel"), at_ms, priority)
        for n, (player, at_ms, priority) in enumerate(rows)
    ]
)
OTHERS = st.dictionaries(st.integers(0, 5).map(lambda n: PlayerId(f"plr_{n}")), st.integers(0, 3))


def entry(name: str, player: str, at_ms: int, priority: int = 0) -> Waiting:
    return Waiting(SessionId(name), PlayerId(player), TitleId("duel"), at_ms, priority)


@given(ENTRIES, OTHERS, st.randoms(use_true_random=False))
def test_the_same_rows_give_the_same_queue_in_whatever_order_they_are_read(
    entries: list[Waiting], others: dict[PlayerId, int], shuffler: random.Random
) -> None:
    once = in_order(entries, others)
    assert sorted(each.session_id for each in once) == sorted(each.session_id for each in entries)
    shuffled = list(entries)
    shuffler.shuffle(shuffled)
    assert in_order(shuffled, others) == once


@given(ENTRIES, OTHERS)
def test_nobody_is_overtaken_by_who_came_long_after(entries: list[Waiting], others: dict[PlayerId, int]) -> None:
    queue = in_order(entries, others)
    for place, ahead in enumerate(queue):
        for behind in queue[place + 1 :]:
            mine = others.get(behind.player_id, 0) + sum(e.player_id == behind.player_id for e in entries)
            most_ms = mine * FURTHER_SESSION_MS + PRIORITY_MAX * PRIORITY_MS
            assert ahead.queued_at_ms <= behind.queued_at_ms + most_ms


@given(ENTRIES)
def test_accounts_with_one_session_each_and_one_priority_go_first_come_first_served(entries: list[Waiting]) -> None:
    alone = [entry(e.session_id, f"plr_{n}", e.queued_at_ms) for n, e in enumerate(entries)]
    queue = in_order(alone, {})
    assert [e.queued_at_ms for e in queue] == sorted(e.queued_at_ms for e in alone)


def test_who_has_sessions_already_waits_behind_who_has_none() -> None:
    greedy = [entry(f"ses_g{n}", "plr_g", n) for n in range(3)]
    modest = entry("ses_m", "plr_m", 10)
    names = [e.session_id for e in in_order([*greedy, modest], {})]
    assert names == ["ses_g0", "ses_m", "ses_g1", "ses_g2"]
    assert in_order([greedy[0], modest], {PlayerId("plr_g"): 1})[0] == modest


def test_priority_goes_first_but_not_before_who_has_waited_longer_than_it_gives() -> None:
    patient, raised = entry("ses_p", "plr_p", 0), entry("ses_r", "plr_r", PRIORITY_MS - 1, priority=1)
    assert in_order([patient, raised], {})[0] == raised
    late = entry("ses_r", "plr_r", PRIORITY_MS + 1, priority=1)
    assert in_order([patient, late], {})[0] == patient


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
