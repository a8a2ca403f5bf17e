from render_node.title.pygame_hooks.cursor_hook import bitmap_to_rgba
from render_node.title.pygame_hooks.event_hook import text_after
from render_node.title.pygame_hooks.keyboard_hook import KeyRepeat
from render_node.title.pygame_hooks.mouse_hook import to_pixel
from wire.input_events import InputEvent, Key, Text
from wire.title_ipc import Input


def test_the_pointer_reaches_both_edges() -> None:
    assert (to_pixel(0, 1280), to_pixel(65535, 1280), to_pixel(32768, 1280)) == (0, 1279, 640)


def test_repeat_waits_then_comes_evenly_and_ends() -> None:
    repeat = KeyRepeat()
    repeat.pressed(4, 0)
    assert repeat.due(10_000) is None
    repeat.delay_ms, repeat.interval_ms = 300, 50
    repeat.pressed(4, 0)
    assert [ms for ms in range(0, 500, 10) if repeat.due(ms) is not None] == [300, 350, 400, 450]
    repeat.released(4)
    assert repeat.due(1000) is None


def test_a_press_takes_the_text_that_follows_it() -> None:
    def message(payload: Key | Text) -> Input:
        return Input(1, 0, InputEvent(payload))

    press = message(Key(4, True))
    assert text_after([press, message(Text("ä"))], 0) == "ä"
    assert text_after([press, message(Text("two"))], 0) is None
    assert text_after([press, message(Key(4, False))], 0) is None
    assert text_after([press], 0) is None


def test_bitmap_cursors_become_pictures() -> None:
    rgba = bitmap_to_rgba((8, 1), (0b10000000,), (0b11000000,))
    assert rgba[:12] == bytes([0, 0, 0, 255, 255, 255, 255, 255, 255, 255, 255, 0])
