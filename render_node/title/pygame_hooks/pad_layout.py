"""From the W3C standard gamepad to the order in which pygame 2 shows an Xbox 360 controller. Pure."""

from __future__ import annotations

from wire.input_events import Pad

NAME = "Xbox 360 Controller"
GUID = "030000005e0400008e02000014010000"
AXES, BUTTONS = 6, 11

HAT_BITS = 0b1111 << 12
"""W3C buttons 12-15: d-pad up, down, left, right."""

_BUTTON_OF_W3C = {0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 5: 5, 8: 6, 9: 7, 10: 8, 11: 9, 16: 10}
"""A B X Y LB RB Back Start left-stick right-stick Guide; the triggers (6, 7) are axes in pygame."""


def axis_values(pad: Pad) -> tuple[float, ...]:
    """Return pygame's LX LY LT RX RY RT from -1 to 1; a trigger, 0..32767 on the wire, rests at -1."""
    left_x, left_y, right_x, right_y, left_trigger, right_trigger = (max(axis / 32767, -1.0) for axis in pad.axes)
    return left_x, left_y, _trigger(left_trigger), right_x, right_y, _trigger(right_trigger)


def _trigger(pressed: float) -> float:
    return max(pressed, 0.0) * 2 - 1


def button_set(w3c_buttons: int) -> set[int]:
    """Return pygame's numbers of the buttons that are down."""
    return {button for bit, button in _BUTTON_OF_W3C.items() if w3c_buttons >> bit & 1}


def hat_value(w3c_buttons: int) -> tuple[int, int]:
    """Return the d-pad as pygame's hat: right and up are positive."""
    up, down, left, right = (w3c_buttons >> bit & 1 for bit in range(12, 16))
    return right - left, up - down
