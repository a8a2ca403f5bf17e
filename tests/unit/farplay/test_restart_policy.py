"""A dead process comes back at once, a crashing one with growing pauses."""

from __future__ import annotations

from farplay.restart_policy import RestartPolicy


def test_pauses_grow_while_it_crashes_and_stay_bounded() -> None:
    policy = RestartPolicy()
    assert [policy.pause_s(0.1) for _ in range(7)] == [0.0, 0.5, 1.0, 2.0, 5.0, 5.0, 5.0]


def test_a_steady_life_starts_over() -> None:
    policy = RestartPolicy()
    for _ in range(4):
        policy.pause_s(1.0)
    assert policy.pause_s(30.0) == 0.0
    assert policy.pause_s(1.0) == 0.5
