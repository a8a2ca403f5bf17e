"""From a seat's pad to the RetroPad that a core asks for. Pure."""

from __future__ import annotations

from farplay_sdk.inputs import Button, Pad
from render_node.title.libretro.api import DEVICE_ANALOG, DEVICE_JOYPAD, JOYPAD_MASK, Joypad

PORTS = 4
"""Pads that cores are given; the first seats play them."""

_RETRO_OF = {
    Button.A: Joypad.B, Button.B: Joypad.A, Button.X: Joypad.Y, Button.Y: Joypad.X,
    Button.LB: Joypad.L, Button.RB: Joypad.R, Button.LT: Joypad.L2, Button.RT: Joypad.R2,
    Button.BACK: Joypad.SELECT, Button.START: Joypad.START,
    Button.LEFT_STICK: Joypad.L3, Button.RIGHT_STICK: Joypad.R3,
}  # fmt: skip
"""By place: the lower button of one is the lower button of the other, whatever is printed on it."""

STICK_MIN = 0.5
"""How far out the left stick must be to count as the d-pad."""


def retro_buttons(pad: Pad) -> int:
    """Return the RetroPad's buttons as bits; the left stick is the d-pad too."""
    bits = sum(1 << retro for button, retro in _RETRO_OF.items() if pad.down(button))
    x, y = pad.left
    for pushed, button in (
        (y < -STICK_MIN, Joypad.UP),
        (y > STICK_MIN, Joypad.DOWN),
        (x < -STICK_MIN, Joypad.LEFT),
        (x > STICK_MIN, Joypad.RIGHT),
    ):
        bits |= pushed << button
    return bits


def answer(pad: Pad, device: int, index: int, number: int) -> int:
    """Return what ``retro_input_state_t`` says for a pad, from -32768 to 32767."""
    if device == DEVICE_JOYPAD:
        buttons = retro_buttons(pad)
        # The mask is a signed 16-bit result whose highest bit is R3.
        return (buttons ^ 0x8000) - 0x8000 if number == JOYPAD_MASK else buttons >> number & 1
    if device == DEVICE_ANALOG and index in (0, 1) and number in (0, 1):
        return round((pad.left, pad.right)[index][number] * 32767)
    return 0
