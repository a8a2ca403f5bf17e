import pytest

from render_node.title.pygame_hooks.pad_layout import axis_values, button_set, hat_value
from wire.input_events import Pad


def test_axes_move_into_pygames_order() -> None:
    values = axis_values(Pad(0, 0, (1 * 3276, 2 * 3276, 3 * 3276, -32768, 0, 32767)))
    assert [round(value, 1) for value in values] == [0.1, 0.2, -1.0, 0.3, -1.0, 1.0]
    assert axis_values(Pad(0, 0, (0, 0, 0, 0, 16384, 0)))[2] == pytest.approx(0, abs=1e-4)


def test_buttons_move_and_triggers_and_dpad_are_none() -> None:
    assert button_set(0) == set()
    assert button_set(1 << 8 | 1 << 9 | 1 << 16) == {6, 7, 10}
    assert button_set(0b1111 << 12 | 1 << 6 | 1 << 7) == set()
    assert len(button_set(0x1FFFF)) == 11


def test_the_dpad_is_a_hat() -> None:
    assert hat_value(1 << 12) == (0, 1)
    assert hat_value(1 << 13 | 1 << 15) == (1, -1)
    assert hat_value(1 << 14 | 1 << 15) == (0, 0)
