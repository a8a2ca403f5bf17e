from __future__ import annotations

import struct

import numpy as np
import pytest

from render_node.title.native.cursor import cursor_story
from render_node.title.native.framebuffer import BadScreen, pixels_in
from render_node.title.native.stage import Rectangle, Stage
from render_node.title.native.x11_messages import CursorImage, Event, EventCode
from wire.frame_story import Cursor, encode_story


def create(window: int, x: int, y: int, width: int, height: int, aside: bool = False) -> Event:
    data = struct.pack("<B3xIIhhHHHBx8x", EventCode.CREATE, 1, window, x, y, width, height, 0, aside)
    return Event(EventCode.CREATE, data)


def configure(window: int, x: int, y: int, width: int, height: int) -> Event:
    data = struct.pack("<B3xIIIhhHHHBx4x", EventCode.CONFIGURE, 1, window, 0, x, y, width, height, 0, 0)
    return Event(EventCode.CONFIGURE, data)


def about(code: EventCode, window: int) -> Event:
    return Event(code, struct.pack("<B3xII20x", code, 1, window))


def stage_with(*events: Event) -> Stage:
    stage = Stage((640, 360))
    for one in events:
        stage.take(one)
    return stage


def test_nothing_is_seen_before_a_window_is_shown() -> None:
    assert stage_with(create(5, 0, 0, 100, 100)).place is None
    assert stage_with(create(5, 0, 0, 100, 100), about(EventCode.MAP, 5)).place == Rectangle(0, 0, 100, 100)
    assert stage_with(create(5, 0, 0, 8, 100), about(EventCode.MAP, 5)).place is None


def test_the_largest_window_is_seen_and_of_equal_ones_the_newest() -> None:
    shown = (create(5, 0, 0, 100, 100), about(EventCode.MAP, 5), create(6, 9, 0, 300, 200), about(EventCode.MAP, 6))
    stage = stage_with(*shown)
    assert (stage.place, stage.focus) == (Rectangle(9, 0, 300, 200), 6)
    stage.take(create(7, 0, 9, 300, 200))
    stage.take(about(EventCode.MAP, 7))
    assert (stage.place, stage.focus) == (Rectangle(0, 9, 300, 200), 7)
    stage.take(about(EventCode.UNMAP, 7))
    stage.take(about(EventCode.DESTROY, 6))
    assert (stage.place, stage.focus) == (Rectangle(0, 0, 100, 100), 5)


def test_a_window_is_followed_and_cut_at_the_screens_edges() -> None:
    stage = stage_with(create(5, 0, 0, 100, 100), about(EventCode.MAP, 5), configure(5, -20, 300, 900, 200))
    assert stage.place == Rectangle(0, 300, 640, 60)


def test_a_menu_is_seen_but_takes_no_keyboard() -> None:
    stage = stage_with(create(5, 0, 0, 100, 100), about(EventCode.MAP, 5), create(6, 0, 0, 640, 360, True))
    stage.take(about(EventCode.MAP, 6))
    assert (stage.place, stage.focus) == (Rectangle(0, 0, 640, 360), 5)


def test_events_about_unknown_windows_change_nothing() -> None:
    stage = stage_with(configure(9, 0, 0, 50, 50), about(EventCode.MAP, 9), about(EventCode.DESTROY, 9))
    assert (stage.place, stage.focus) == (None, None)


def dump(width: int, height: int, row_bytes: int, bits: int = 32, version: int = 7) -> bytes:
    fields = [0] * 25
    fields[0], fields[1], fields[4], fields[5], fields[11], fields[12], fields[19] = (
        104, version, width, height, bits, row_bytes, 2,
    )  # fmt: skip
    head = struct.pack(">25I", *fields).ljust(104, b"n") + bytes(24)
    pixels = np.arange(row_bytes // 4 * height, dtype=np.uint32)
    return head + pixels.tobytes()


def test_the_screen_is_read_without_the_ends_of_its_rows() -> None:
    pixels = pixels_in(dump(3, 2, 16))
    assert pixels.tolist() == [[0, 1, 2], [4, 5, 6]]


@pytest.mark.parametrize(
    "raw", [b"", dump(3, 2, 16)[:-1], dump(3, 2, 16, bits=16), dump(3, 2, 16, version=6), dump(3, 2, 8)], ids=len
)
def test_other_dumps_are_refused(raw: bytes) -> None:
    with pytest.raises(BadScreen):
        pixels_in(raw)


def test_a_cursor_is_told_with_straight_colours() -> None:
    argb = bytes([0, 0, 128, 128]) + bytes([255, 255, 255, 255]) + bytes(8)
    story = cursor_story(CursorImage(2, 2, 9, 0, argb))
    assert story == Cursor(True, False, 2, 2, 1, 0, bytes([255, 0, 0, 128, 255, 255, 255, 255]) + bytes(8))
    huge = cursor_story(CursorImage(100, 80, 90, 70, bytes([255] * 32000)))
    assert (huge.width, huge.height, huge.hot_x, huge.hot_y) == (64, 64, 63, 63)
    assert encode_story(huge)


def test_an_empty_cursor_hides_it_and_locks_the_mouse() -> None:
    assert cursor_story(CursorImage(16, 16, 0, 0, bytes(1024))) == Cursor(False, True, 0, 0, 0, 0, b"")
