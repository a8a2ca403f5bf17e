"""What is pressed is let go of, and what goes there comes back."""

from __future__ import annotations

import itertools

import pytest

from render_node.conformance.gestures import Gesture, Step, everything, gestures
from wire.input_events import Key, MouseButton, Pad, Touch, TouchPhase

DEVICES = ("keyboard", "mouse", "touch", "pad")


def held_after(steps: tuple[Step, ...]) -> set[object]:
    held: set[object] = set()
    for payload in itertools.chain.from_iterable(step.payloads for step in steps):
        match payload:
            case Key(usage, down) | MouseButton(usage, down):
                (held.add if down else held.discard)(usage)
            case Touch(finger, phase):
                (held.discard if phase is TouchPhase.UP else held.add)(finger)
            case Pad(_, buttons, axes):
                held = {buttons, axes} - {0, (0,) * 6}
    return held


@pytest.mark.parametrize("device", DEVICES)
def test_every_gesture_lets_go_both_ways(device: str) -> None:
    for gesture in (everything(device), *itertools.islice(gestures(device), 40)):
        assert held_after(gesture.steps) == held_after(gesture.turned(True)) == set()


def pressed(gesture: Gesture, *, back: bool) -> set[int]:
    return {
        payload.usage
        for step in gesture.turned(back)
        for payload in step.payloads
        if isinstance(payload, Key) and payload.down
    }


def test_all_keys_at_once_hold_one_direction_and_come_back_by_the_other() -> None:
    there, back = (pressed(everything("keyboard"), back=back) for back in (False, True))
    assert there - back == {79, 7}
    assert back - there == {80, 4}
    assert {40, 44} <= there & back, "enter and space"
    assert not {41, 43} & (there | back), "escape and tab leave some titles"


def test_a_press_without_a_way_back_is_made_again() -> None:
    enter = next(gestures("keyboard"))
    assert enter.turned(True) == enter.turned(False)
