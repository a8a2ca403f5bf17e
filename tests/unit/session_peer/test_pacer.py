"""When packets leave: order, spread, bounds."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from render_node.session.core.pacer import KEEP_US, LATE_US, QUEUE_MAX_PACKETS, Pacer
from render_node.session.core.sent_packets import PacketKind

SIZE = 1250


def drained(pacer: Pacer[int], now_us: int = 0, *, lateness_us: int = 0) -> list[tuple[int, int]]:
    """Return when each packet left, with an owner that wakes up when it is told to, or a little later."""
    left = []
    for _ in range(10_000):
        left += [(now_us, paced.item) for paced in pacer.due(now_us)]
        wake_us = pacer.next_wake_us(now_us)
        if wake_us is None:
            return left
        assert wake_us > now_us, "the owner would spin"
        now_us = wake_us + lateness_us
    raise AssertionError("never empty")


def frame(count: int, begin: int = 0) -> list[tuple[int, int]]:
    return [(begin + index, SIZE) for index in range(count)]


def test_a_frame_leaves_in_one_turn_on_a_fast_link() -> None:
    pacer: Pacer[int] = Pacer(200e6)
    pacer.enqueue(frame(14), PacketKind.VIDEO, 0)
    assert len(pacer.due(0)) == 14
    assert pacer.next_wake_us(0) is None


def test_a_frame_is_spread_over_half_of_its_interval_in_chunks() -> None:
    pacer: Pacer[int] = Pacer(2 * 14 * SIZE * 8 * 60)
    pacer.enqueue(frame(14), PacketKind.VIDEO, 0)
    left = drained(pacer)
    assert [item for _, item in left] == list(range(14))
    assert 4_000 < left[-1][0] <= 1_000_000 / 60 / 2
    assert 2 <= len({at for at, _ in left}) <= 7


def test_late_timers_do_not_slow_the_pace() -> None:
    pacer: Pacer[int] = Pacer(8e6)
    pacer.enqueue(frame(100), PacketKind.VIDEO, 0)
    ends = drained(pacer, lateness_us=2_000)[-1][0]
    assert ends <= 100 * SIZE * 8 / 8 * 1.05


def test_credit_does_not_gather_while_nothing_waits() -> None:
    pacer: Pacer[int] = Pacer(4e6)
    pacer.enqueue(frame(1), PacketKind.VIDEO, 0)
    pacer.due(0)
    pacer.enqueue(frame(20), PacketKind.VIDEO, 1_000_000)
    assert len(pacer.due(1_000_000)) == 2


def test_sound_leaves_at_once_and_the_rest_by_rank() -> None:
    pacer: Pacer[int] = Pacer(1e6)
    pacer.enqueue(frame(3), PacketKind.VIDEO, 0)
    pacer.due(0)
    pacer.enqueue([(100, SIZE)], PacketKind.PADDING, 0)
    pacer.enqueue([(50, SIZE)], PacketKind.FEC, 0)
    pacer.enqueue([(10, SIZE)], PacketKind.RTX, 0)
    pacer.enqueue([(1000, 200)], PacketKind.AUDIO, 0)
    assert pacer.next_wake_us(0) == 0
    assert [paced.item for paced in pacer.due(0)] == [1000]
    assert [item for _, item in drained(pacer)] == [10, 2, 50, 100]


def test_a_probe_leaves_at_its_own_rate_once_nothing_else_waits() -> None:
    pacer: Pacer[int] = Pacer(1e6)
    pacer.enqueue(frame(4), PacketKind.VIDEO, 0)
    pacer.enqueue_probe(frame(6, 100), 6e6, 0)
    left = drained(pacer)
    video_end = next(at for at, item in left if item == 3)
    spread_us = left[-1][0] - next(at for at, item in left if item == 100)
    assert video_end >= 10_000
    assert spread_us <= 6 * SIZE * 8 / 6 * 1.2


def test_it_tells_when_the_next_frame_is_better_skipped() -> None:
    pacer: Pacer[int] = Pacer(8e6)
    pacer.enqueue(frame(LATE_US // 1_250), PacketKind.VIDEO, 0)
    assert not pacer.is_late()
    pacer.enqueue(frame(1), PacketKind.VIDEO, 0)
    assert pacer.is_late()
    pacer.set_rate(80e6)
    assert not pacer.is_late()


def test_the_queue_is_bounded_in_time_and_number() -> None:
    pacer: Pacer[int] = Pacer(8e6)
    pacer.enqueue(frame(QUEUE_MAX_PACKETS + 5), PacketKind.VIDEO, 0)
    assert pacer.dropped == 5
    assert pacer.due(KEEP_US + 1) == []
    assert pacer.waiting_bytes == 0
    assert pacer.dropped == QUEUE_MAX_PACKETS + 5


@given(
    st.lists(
        st.tuples(st.sampled_from(PacketKind), st.integers(1, 12), st.integers(0, 40_000)), min_size=1, max_size=30
    ),
    st.floats(1e5, 1e9),
)
def test_everything_leaves_once_in_order_and_never_faster_than_the_pace(
    batches: list[tuple[PacketKind, int, int]], rate_bps: float
) -> None:
    pacer: Pacer[int] = Pacer(rate_bps)
    put: dict[PacketKind, list[int]] = {kind: [] for kind in PacketKind}
    left: dict[PacketKind, list[int]] = {kind: [] for kind in PacketKind}
    now_us, number, paced_bytes = 0, 0, 0
    for kind, count, pause_us in batches:
        items = frame(count, number)
        number += count
        put[kind] += [item for item, _ in items]
        pacer.enqueue(items, kind, now_us)
        for paced in pacer.due(now_us):
            left[paced.kind].append(paced.item)
            paced_bytes += 0 if paced.kind is PacketKind.AUDIO else paced.size_bytes
        now_us += pause_us
    sent_bytes_max = rate_bps * (now_us + 7_000) / 8e6 + 2_400 + SIZE
    assert paced_bytes <= sent_bytes_max
    for kind, expected in put.items():
        assert left[kind] == expected[: len(left[kind])]
    if rate_bps > 20e6:
        for _, item in drained(pacer, now_us):
            next(left[kind] for kind, items in put.items() if item in items).append(item)
        assert left == put
