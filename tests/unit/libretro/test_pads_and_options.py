from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farplay_sdk import Button, Pad
from render_node.title.libretro.api import DEVICE_ANALOG, DEVICE_JOYPAD, JOYPAD_MASK, Joypad
from render_node.title.libretro.options import BadOption, read_chosen, read_offer, values_of
from render_node.title.libretro.retro_pads import answer, retro_buttons

STICKS = st.tuples(st.floats(-1, 1), st.floats(-1, 1))
PADS = st.builds(
    lambda downs, left, right: Pad(frozenset(downs), left=left, right=right),
    st.sets(st.integers(0, 16)),
    STICKS,
    STICKS,
)


def held(pad: Pad) -> set[Joypad]:
    return {button for button in Joypad if retro_buttons(pad) >> button & 1}


def test_buttons_are_matched_by_their_place() -> None:
    assert held(Pad(frozenset({Button.A, Button.Y, Button.BACK}))) == {Joypad.B, Joypad.X, Joypad.SELECT}
    assert held(Pad(frozenset({Button.LT, Button.RIGHT_STICK}))) == {Joypad.L2, Joypad.R3}


def test_the_left_stick_is_the_d_pad_too() -> None:
    assert held(Pad(left=(-0.7, 0.7))) == {Joypad.LEFT, Joypad.DOWN}
    assert held(Pad(left=(0.3, -0.3))) == set()


@given(PADS)
def test_the_mask_says_what_the_single_buttons_say(pad: Pad) -> None:
    mask = answer(pad, DEVICE_JOYPAD, 0, JOYPAD_MASK)
    assert -32768 <= mask <= 32767
    assert [mask >> number & 1 for number in range(16)] == [answer(pad, DEVICE_JOYPAD, 0, n) for n in range(16)]


@given(PADS, st.integers(0, 10), st.integers(0, 4), st.integers(0, 300))
def test_every_question_has_an_answer_of_16_bits(pad: Pad, device: int, index: int, number: int) -> None:
    assert -32768 <= answer(pad, device, index, number) <= 32767


def test_sticks_are_told_to_cores_that_ask() -> None:
    pad = Pad(left=(1.0, 0.0), right=(0.0, -1.0))
    assert [answer(pad, DEVICE_ANALOG, index, axis) for index in (0, 1) for axis in (0, 1)] == [32767, 0, 0, -32767]


def test_options_have_the_cores_defaults_or_what_the_title_sets() -> None:
    offer = read_offer({"filter": "Filter; none|soft|sharp", "region": "Region; auto|pal"})
    assert values_of(offer, read_chosen(["filter=soft"])) == {"filter": "soft", "region": "auto"}


@pytest.mark.parametrize(
    ("setting", "words"), [("x=1", "it has: filter"), ("filter=blue", "none, soft"), ("filter", "=")]
)
def test_wrong_options_are_told_with_what_there_is(setting: str, words: str) -> None:
    with pytest.raises(BadOption, match=words):
        values_of(read_offer({"filter": "Filter; none|soft"}), read_chosen([setting]))
