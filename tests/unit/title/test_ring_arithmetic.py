from hypothesis import given
from hypothesis import strategies as st

from render_node.title.ring_writer import choose_slot
from wire.title_ipc import NOT_READING, RingLayout


@given(
    st.integers(3, 8).flatmap(
        lambda slots: st.tuples(
            st.just(slots),
            st.none() | st.integers(0, slots - 1),
            st.integers(0, slots - 1) | st.just(NOT_READING) | st.integers(0, 2**32 - 1),
        )
    )
)
def test_a_slot_in_use_is_never_chosen(case: tuple[int, int | None, int]) -> None:
    slots, newest, reading = case
    slot = choose_slot(slots, newest, reading)
    assert 0 <= slot < slots
    assert slot not in (newest, reading)


def test_slots_are_used_in_turn_so_that_a_reader_about_to_begin_has_a_frame_of_time() -> None:
    slot, order = None, []
    for _ in range(6):
        slot = choose_slot(3, slot, NOT_READING)
        order.append(slot)
    assert order == [0, 1, 2, 0, 1, 2]


def test_slots_lie_apart_and_inside() -> None:
    layout = RingLayout()
    picture = layout.max_width * layout.max_height * 4
    ends = [layout.slot_offset(slot) + picture for slot in range(layout.slots)]
    starts = [layout.slot_offset(slot) for slot in range(layout.slots)]
    assert starts[0] == 4096
    assert all(end <= start for end, start in zip(ends, [*starts[1:], layout.total_bytes], strict=True))
