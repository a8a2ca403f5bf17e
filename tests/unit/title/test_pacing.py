from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from render_node.title.pacing import SLEW_DIVISOR, Allowance, Pacer, Phase

PERIOD_NS = 16_666_666


def test_frames_keep_the_rate_however_long_drawing_takes() -> None:
    pacer, now, waits = Pacer(Phase()), 0, []
    for n in range(600):
        now += (n * 7919) % PERIOD_NS  # drawing
        due = pacer.next_due_ns(now, 60)
        now = max(now, due)
        waits.append(now)
    assert abs((waits[-1] - waits[0]) / 599 - PERIOD_NS) < PERIOD_NS * 0.01


def test_a_stall_is_not_made_up_for() -> None:
    pacer = Pacer(Phase())
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
    pacer, now = Pacer(Phase()), 0
    for step in steps:
        now += step
        assert pacer.next_due_ns(now, fps) - now <= 2 * int(1e9 / fps)


def test_frames_move_by_small_steps_to_where_the_display_wants_them() -> None:
    phase = Phase()
    pacer, now, ends = Pacer(phase), 0, []
    for n in range(400):
        if n == 100:
            phase.later_ns += 8_000_000
        if n == 250:
            phase.later_ns -= 3_000_000
        now = max(now + 2_000_000, pacer.next_due_ns(now + 2_000_000, 60))
        ends.append(now)
    gaps = [after - before for before, after in pairwise(ends)]
    assert all(abs(gap - PERIOD_NS) <= PERIOD_NS // SLEW_DIVISOR for gap in gaps)
    for at, shifted in ((99, 0), (200, 8_000_000), (399, 5_000_000)):
        assert ends[at] - ends[0] - at * PERIOD_NS == shifted


@given(st.integers(1, 12), st.integers(0, PERIOD_NS - 1))
def test_a_stall_leaves_the_grid_where_the_display_wants_it(periods: int, rest: int) -> None:
    pacer = Pacer(Phase())
    due = pacer.next_due_ns(0, 60)
    after_stall = pacer.next_due_ns(due + periods * PERIOD_NS + rest, 60)
    assert (after_stall - due) % PERIOD_NS == 0
    assert after_stall <= due + periods * PERIOD_NS + rest


def test_bursts_pass_and_the_rate_holds() -> None:
    allowance = Allowance(240, 16)
    assert [allowance.take(0) for _ in range(20)] == [True] * 17 + [False] * 3
    passed = sum(allowance.take(ns) for ns in range(0, 1_000_000_000, 500_000))
    assert 239 <= passed <= 241
