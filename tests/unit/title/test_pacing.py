from hypothesis import given
from hypothesis import strategies as st

from render_node.title.pacing import Allowance, Pacer

PERIOD_NS = 16_666_666


def test_frames_keep_the_rate_however_long_drawing_takes() -> None:
    pacer, now, waits = Pacer(), 0, []
    for n in range(600):
        now += (n * 7919) % PERIOD_NS  # drawing
        due = pacer.next_due_ns(now, 60)
        now = max(now, due)
        waits.append(now)
    assert abs((waits[-1] - waits[0]) / 599 - PERIOD_NS) < PERIOD_NS * 0.01


def test_a_stall_is_not_made_up_for() -> None:
    pacer = Pacer()
    now = pacer.next_due_ns(0, 60)
    now += 10 * PERIOD_NS
    frames = 0
    end = now + 250_000_000
    while now < end:
        now = max(now, pacer.next_due_ns(now, 60))
        frames += 1
    assert frames <= 15 + 2


@given(st.lists(st.integers(0, 80_000_000), max_size=60), st.integers(1, 240))
def test_never_waits_more_than_two_periods(steps: list[int], fps: int) -> None:
    pacer, now = Pacer(), 0
    for step in steps:
        now += step
        assert pacer.next_due_ns(now, fps) - now <= 2 * int(1e9 / fps)


def test_bursts_pass_and_the_rate_holds() -> None:
    allowance = Allowance(240, 16)
    assert [allowance.take(0) for _ in range(20)] == [True] * 17 + [False] * 3
    passed = sum(allowance.take(ns) for ns in range(0, 1_000_000_000, 500_000))
    assert 239 <= passed <= 241
