"""The queue's order is fair, total and without starvation, and stays so while sessions come and go."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping

from hypothesis import given
from hypothesis import strategies as st

from session_broker.core.queue import (
    FURTHER_SESSION_MS,
    PRIORITY_MAX,
    PRIORITY_MS,
    Queue,
    Waiting,
)
from session_broker.core.regions import RegionRules
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


RULES = RegionRules({"eu": "https://eu/"}, rtt_max_ms=80.0, far_after_s=60.0)


def in_order(entries: Iterable[Waiting], others: Mapping[PlayerId, int]) -> list[Waiting]:
    queue = Queue(RULES, lambda player_id: others.get(player_id, 0))
    for each in entries:
        queue.put(each)
    return list(queue)


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


ACTS = st.lists(
    st.tuples(
        st.sampled_from(["put", "remove", "play", "leave"]), st.integers(0, 7), st.integers(0, 2),
        st.integers(0, 1_800_000), st.integers(0, PRIORITY_MAX),
    ),
    max_size=40,
)  # fmt: skip


@given(ACTS)
def test_whatever_comes_and_goes_the_queue_is_as_if_all_had_come_just_now(
    acts: list[tuple[str, int, int, int, int]],
) -> None:
    others: dict[PlayerId, int] = {}
    there: dict[SessionId, Waiting] = {}
    queue = Queue(RULES, lambda player_id: others.get(player_id, 0))
    for act, number, player, at_ms, priority in acts:
        name, player_id = SessionId(f"ses_{number}"), PlayerId(f"plr_{player}")
        if act == "put":
            there[name] = entry(name, player_id, at_ms, priority)
            queue.put(there[name])
        elif act == "remove":
            there.pop(name, None)
            queue.remove(name)
        else:
            others[player_id] = max(0, others.get(player_id, 0) + (1 if act == "play" else -1))
            queue.recount(player_id)
        assert list(queue) == in_order(there.values(), others)
        assert set(queue.ids()) == there.keys()
        assert set(queue.accounts()) == {each.player_id for each in there.values()}
        assert len(queue) == len(there)


def test_who_has_waited_long_waits_in_no_line() -> None:
    near, anywhere = {"eu": 20.0}, {"eu": 200.0}
    entries = [
        Waiting(SessionId(f"ses_{n}"), PlayerId(f"plr_{n}"), TitleId("duel"), at_ms, round_trips_ms=far)
        for n, (at_ms, far) in enumerate([(0, near), (1, near), (2, anywhere)])
    ]
    queue = Queue(RULES, lambda _: 0)
    for each in entries:
        queue.put(each)
    lines = [None, frozenset({"eu"}), None]
    assert list(queue.in_lines(60_000.0)) == list(zip(entries, lines, strict=True))
