from hypothesis import given
from hypothesis import strategies as st

from render_node.title.seat_keyboard import KEYBOARD_PAD_INDEX, SeatKeyboards
from wire.input_events import Key, Pad
from wire.limits import PADS_MAX

REST = Pad(KEYBOARD_PAD_INDEX, 0, (0, 0, 0, 0, 0, 0))


def test_wasd_and_arrows_are_the_stick_and_opposite_keys_cancel() -> None:
    keyboards = SeatKeyboards()
    assert keyboards.apply(1, Key(79, True)) == Pad(KEYBOARD_PAD_INDEX, 0, (32767, 0, 0, 0, 0, 0))
    assert keyboards.apply(1, Key(26, True)) == Pad(KEYBOARD_PAD_INDEX, 0, (32767, -32767, 0, 0, 0, 0))
    assert keyboards.apply(1, Key(4, True)) == Pad(KEYBOARD_PAD_INDEX, 0, (0, -32767, 0, 0, 0, 0))
    assert keyboards.apply(1, Key(79, False)) == Pad(KEYBOARD_PAD_INDEX, 0, (-32767, -32767, 0, 0, 0, 0))
    assert KEYBOARD_PAD_INDEX >= PADS_MAX


def test_space_and_enter_are_one_button_that_stays_down_until_both_are_up() -> None:
    keyboards = SeatKeyboards()
    assert keyboards.apply(1, Key(44, True)) == Pad(KEYBOARD_PAD_INDEX, 1, (0, 0, 0, 0, 0, 0))
    assert keyboards.apply(1, Key(40, True)) is None
    assert keyboards.apply(1, Key(44, False)) is None
    assert keyboards.apply(1, Key(40, False)) == REST
    assert keyboards.apply(1, Key(41, True)) == Pad(KEYBOARD_PAD_INDEX, 1 << 9, (0, 0, 0, 0, 0, 0))


def test_seats_do_not_share_keys_and_other_keys_do_nothing() -> None:
    keyboards = SeatKeyboards()
    keyboards.apply(1, Key(44, True))
    assert keyboards.apply(2, Key(79, True)) == Pad(KEYBOARD_PAD_INDEX, 0, (32767, 0, 0, 0, 0, 0))
    assert keyboards.apply(2, Key(58, True)) is None
    keyboards.release_all(1)
    assert keyboards.apply(1, Key(79, True)) == Pad(KEYBOARD_PAD_INDEX, 0, (32767, 0, 0, 0, 0, 0))


@given(st.lists(st.tuples(st.integers(0, 255), st.booleans()), max_size=40))
def test_after_all_keys_are_up_the_pad_rests(edges: list[tuple[int, bool]]) -> None:
    keyboards = SeatKeyboards()
    pad = REST
    for usage, down in [*edges, *((usage, False) for usage, _ in edges)]:
        pad = keyboards.apply(1, Key(usage, down)) or pad
    assert pad == REST
