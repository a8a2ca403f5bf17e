from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from farplay_sdk import Key as SdkKey
from render_node.title.native.fake_devices import Action, FakeDevices
from render_node.title.native.key_codes import x_key_code
from render_node.title.native.stage import Rectangle
from render_node.title.native.x11_messages import Fake
from tests.unit.wire.wire_values import PAYLOADS
from wire.input_events import Key, MouseAbs, MouseButton, MouseRel, Payload, ReleaseAll, Touch, TouchPhase, Wheel

STAGE = Rectangle(100, 50, 201, 101)
MS = 1_000_000
PRESSES, RELEASES = (Fake.KEY_PRESS, Fake.BUTTON_PRESS), (Fake.KEY_RELEASE, Fake.BUTTON_RELEASE)


def test_every_key_that_has_a_name_is_on_the_keyboard() -> None:
    codes = [x_key_code(usage) for usage in SdkKey]
    assert None not in codes
    assert len(set(codes)) == len(codes)
    assert [x_key_code(key) for key in (SdkKey.Q, SdkKey.DIGIT_1, SdkKey.ESCAPE, SdkKey.UP)] == [24, 10, 9, 111]
    assert x_key_code(500) is None


def test_a_tap_is_held_for_two_frames() -> None:
    devices = FakeDevices(50)
    assert devices.apply(Key(4, True), STAGE, 0) == [Action(Fake.KEY_PRESS, 38)]
    assert devices.apply(Key(4, False), STAGE, 1 * MS) == []
    assert devices.next_due_ns() == 40 * MS
    assert devices.due(39 * MS) == []
    assert devices.due(40 * MS) == [Action(Fake.KEY_RELEASE, 38)]
    assert devices.next_due_ns() is None


def test_a_key_that_was_held_long_is_released_at_once() -> None:
    devices = FakeDevices(60)
    devices.apply(Key(4, True), STAGE, 0)
    assert devices.apply(Key(4, True), STAGE, 10 * MS) == []
    assert devices.apply(Key(4, False), STAGE, 500 * MS) == [Action(Fake.KEY_RELEASE, 38)]


def test_two_quick_taps_are_two_presses() -> None:
    devices = FakeDevices(60)
    devices.apply(MouseButton(0, True), STAGE, 0)
    devices.apply(MouseButton(0, False), STAGE, MS)
    assert devices.apply(MouseButton(0, True), STAGE, 2 * MS) == [
        Action(Fake.BUTTON_RELEASE, 1),
        Action(Fake.BUTTON_PRESS, 1),
    ]


def test_places_are_those_of_the_window() -> None:
    devices = FakeDevices(60)
    assert devices.apply(MouseAbs(0, 0), STAGE, 0) == [Action(Fake.MOTION, 0, 100, 50)]
    assert devices.apply(MouseAbs(65535, 65535), STAGE, 0) == [Action(Fake.MOTION, 0, 300, 150)]
    assert devices.apply(MouseRel(-5, 6), STAGE, 0) == [Action(Fake.MOTION, 1, -5, 6)]


def test_the_wheel_turns_by_whole_notches() -> None:
    devices = FakeDevices(60)
    assert devices.apply(Wheel(0, 100), STAGE, 0) == []
    up = [Action(Fake.BUTTON_PRESS, 4), Action(Fake.BUTTON_RELEASE, 4)]
    assert devices.apply(Wheel(0, 140), STAGE, 0) == up * 2
    assert devices.apply(Wheel(-120, 0), STAGE, 0)[0] == Action(Fake.BUTTON_PRESS, 6)


def test_one_finger_is_the_mouse_and_others_are_not() -> None:
    devices = FakeDevices(60)
    assert [a.what for a in devices.apply(Touch(3, TouchPhase.DOWN, 0, 0), STAGE, 0)] == [
        Fake.MOTION,
        Fake.BUTTON_PRESS,
    ]
    assert devices.apply(Touch(4, TouchPhase.DOWN, 9, 9), STAGE, 0) == []
    assert [a.what for a in devices.apply(Touch(3, TouchPhase.UP, 0, 0), STAGE, 99 * MS)] == [
        Fake.MOTION,
        Fake.BUTTON_RELEASE,
    ]


def test_while_no_window_is_shown_what_was_pressed_is_still_let_go() -> None:
    devices = FakeDevices(60)
    for payload in (Key(4, True), MouseButton(2, True), Touch(3, TouchPhase.DOWN, 0, 0)):
        devices.apply(payload, STAGE, 0)
    assert devices.apply(Key(4, False), None, 99 * MS) == [Action(Fake.KEY_RELEASE, 38)]
    assert devices.apply(MouseButton(2, False), None, 99 * MS) == [Action(Fake.BUTTON_RELEASE, 3)]
    assert devices.apply(Touch(3, TouchPhase.UP, 0, 0), None, 99 * MS) == [Action(Fake.BUTTON_RELEASE, 1)]
    assert devices.apply(MouseAbs(0, 0), None, 99 * MS) == []
    assert devices.apply(Touch(4, TouchPhase.DOWN, 0, 0), None, 99 * MS) == []


STEPS = st.tuples(PAYLOADS, st.integers(0, 50), st.sampled_from([STAGE, None]))


@given(st.lists(STEPS, max_size=60))
def test_presses_and_releases_alternate_and_nothing_stays_down(
    steps: list[tuple[Payload, int, Rectangle | None]],
) -> None:
    devices, now_ns = FakeDevices(60), 0
    actions: list[Action] = []
    for payload, later_ms, stage in steps:
        now_ns += later_ms * MS
        actions += devices.due(now_ns) + devices.apply(payload, stage, now_ns)
    actions += devices.apply(ReleaseAll(), STAGE, now_ns)
    assert devices.next_due_ns() is None
    down: set[tuple[Fake, int]] = set()
    for action in actions:
        if action.what in PRESSES:
            assert (action.what, action.detail) not in down
            down.add((action.what, action.detail))
        elif action.what in RELEASES:
            down.remove((PRESSES[RELEASES.index(action.what)], action.detail))
    assert not down
