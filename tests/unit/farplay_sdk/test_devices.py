"""What a tick sees of the players' devices."""

from __future__ import annotations

import json

from hypothesis import given

from farplay_sdk import Button, Key, Seat
from farplay_sdk.devices import Devices
from farplay_sdk.events import Event
from farplay_sdk.inputs import SEATS
from tests.unit.farplay_sdk.event_values import TICKS
from wire.limits import SEATS_MAX


def seat(devices: Devices, *events: Event, number: int = 0) -> Seat:
    return devices.view(0, events).seats[number]


def test_there_are_as_many_seats_as_a_table_has() -> None:
    assert SEATS == SEATS_MAX
    assert Devices((64, 64)).view(3, ()).seats == (Seat(),) * SEATS


def test_a_tap_shorter_than_a_tick_is_down_pressed_and_released_once() -> None:
    devices = Devices((64, 64))
    keyboard = seat(devices, (0, "key", Key.X, 1), (0, "key", Key.X, 0)).keyboard
    assert keyboard.down(Key.X)
    assert keyboard.pressed(Key.X)
    assert keyboard.released(Key.X)
    assert seat(devices).keyboard == Seat().keyboard


def test_a_held_key_is_pressed_in_its_first_tick_alone() -> None:
    devices = Devices((64, 64))
    assert seat(devices, (0, "key", Key.X, 1)).keyboard.pressed(Key.Y, Key.X)
    later = seat(devices, (0, "key", Key.X, 1)).keyboard
    assert (later.down(Key.X), later.pressed(Key.X), later.released(Key.X)) == (True, False, False)
    assert seat(devices, (0, "release")).keyboard.released(Key.X)


def test_the_keyboard_plays_the_seats_pad() -> None:
    devices = Devices((64, 64))
    pad = seat(devices, (0, "key", Key.LEFT, 1), (0, "key", Key.W, 1), (0, "key", Key.SPACE, 1)).pad
    assert pad.left == (-1.0, -1.0)
    assert pad.pressed(Button.A)
    pad = seat(devices, (0, "key", Key.ENTER, 1), (0, "key", Key.SPACE, 0), (0, "key", Key.ENTER, 0)).pad
    assert (pad.down(Button.A), pad.pressed(Button.A)) == (False, False), "A was down all the time until now"
    assert seat(devices, (0, "key", Key.ENTER, 1), (0, "key", Key.ENTER, 0)).pad.pressed(Button.A)


def test_a_button_that_is_let_go_and_pressed_within_a_tick_has_both_edges() -> None:
    devices = Devices((64, 64))
    down, up = (0, "pad", 0, 1 << Button.A, 0, 0, 0, 0, 0, 0), (0, "pad", 0, 0, 0, 0, 0, 0, 0, 0)
    seat(devices, down)
    for between in (up, (0, "plug", 0, 0), (0, "release")):
        pad = seat(devices, between, down).pad
        assert (pad.down(Button.A), pad.pressed(Button.A), pad.released(Button.A)) == (True, True, True)
    seat(devices, up, (0, "key", Key.SPACE, 1))
    pad = seat(devices, (0, "key", Key.SPACE, 0), (0, "key", Key.ENTER, 1)).pad
    assert (pad.pressed(Button.A), pad.released(Button.A)) == (True, True)


def test_of_several_sticks_the_one_furthest_out_counts() -> None:
    devices = Devices((64, 64))
    first, second = (0, "pad", 0, 0, 9000, 0, 0, 0, 0, 0), (0, "pad", 1, 0, -30000, 0, 0, 32767, 32767, 0)
    pad = seat(devices, first, second).pad
    assert round(pad.left[0], 2) == -0.92
    assert pad.right == (0.0, 1.0)
    assert pad.triggers == (1.0, 0.0)
    assert seat(devices, (0, "plug", 1, 0)).pad.left[0] > 0
    assert seat(devices, (0, "pad", 0, 1 << Button.LEFT, 0, 0, 0, 0, 0, 0)).pad.left == (-1.0, 0.0)


def test_the_pointer_counts_pixels_and_movement() -> None:
    devices = Devices((101, 51))
    pointer = seat(devices, (0, "point", 65535, 65535), (0, "button", 2, 1), (0, "wheel", 0, -120)).pointer
    assert (pointer.x, pointer.y, pointer.dx, pointer.wheel) == (100.0, 50.0, 100.0, (0.0, -1.0))
    assert pointer.pressed(2)
    pointer = seat(devices, (0, "move", 500, -10)).pointer
    assert (pointer.x, pointer.y, pointer.dx, pointer.dy) == (100.0, 40.0, 500.0, -10.0)
    assert seat(devices).pointer.dx == 0.0


def test_the_first_finger_is_the_pointer_too() -> None:
    devices = Devices((101, 101))
    seen = seat(devices, (0, "touch", 7, 0, 0, 65535), (0, "touch", 8, 0, 65535, 0))
    assert [(touch.finger, touch.x, touch.began, touch.ended) for touch in seen.touches] == [
        (7, 0.0, True, False),
        (8, 100.0, True, False),
    ]
    assert (seen.pointer.y, seen.pointer.pressed(0)) == (100.0, True)
    seen = seat(devices, (0, "touch", 7, 1, 65535, 65535), (0, "touch", 8, 2, 65535, 0))
    assert (seen.pointer.x, seen.pointer.down(0)) == (100.0, True)
    assert seen.touches[1].ended
    seen = seat(devices, (0, "release"))
    assert [touch.ended for touch in seen.touches] == [True]
    assert seat(devices).touches == ()


def test_seats_do_not_touch_each_other() -> None:
    inputs = Devices((64, 64)).view(0, [(3, "key", Key.X, 1), (1, "text", "hé")])
    assert inputs.seats[3].keyboard.down(Key.X)
    assert inputs.seats[1].keyboard.text == "hé"
    assert inputs.player == Seat()


@given(TICKS, TICKS)
def test_what_is_held_can_be_saved_between_any_two_ticks(before: list[list[Event]], after: list[list[Event]]) -> None:
    devices, copy = Devices((640, 360)), Devices((640, 360))
    for events in before:
        devices.view(0, events)
    copy.hold(json.loads(json.dumps(devices.held())))
    assert [devices.view(1, events) for events in after] == [copy.view(1, events) for events in after]
