from hypothesis import given
from hypothesis import strategies as st

from render_node.session.core.sound_clock import BLOCK_US, BlockSizes, SoundClock


def test_blocks_come_every_ten_milliseconds_whatever_the_timer_does() -> None:
    clock, now, blocks = SoundClock(0), 0, 0
    while now < 10_000_000:
        now += clock.wait_us(now) + 1300  # a timer that is always late
        assert clock.begin_block(now) == 0
        blocks += 1
    assert blocks == 1000


def test_a_short_stall_is_made_up_for_and_a_long_one_skipped() -> None:
    clock = SoundClock(0)
    assert clock.begin_block(BLOCK_US + 35_000) == 0
    assert clock.wait_us(BLOCK_US + 35_000) == 0
    clock = SoundClock(0)
    assert clock.begin_block(BLOCK_US + 1_000_000) == 100
    assert clock.wait_us(BLOCK_US + 1_000_000) == BLOCK_US


@given(st.integers(8000, 192_000), st.sampled_from([1, 2, 4, 8]))
def test_a_second_of_blocks_is_exactly_a_second(rate_hz: int, frame_bytes: int) -> None:
    sizes = BlockSizes(rate_hz, frame_bytes)
    blocks = [sizes.next_bytes() for _ in range(100)]
    assert sum(blocks) == rate_hz * frame_bytes
    assert all(size % frame_bytes == 0 for size in blocks)
    assert max(blocks) - min(blocks) <= frame_bytes
