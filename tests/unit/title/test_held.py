from hypothesis import given
from hypothesis import strategies as st

from render_node.title.held import Held


def test_a_tap_within_a_step_is_down_until_the_next_step() -> None:
    held = Held()
    assert held.press(4)
    assert held.release(4)
    assert held.is_down(4)
    assert (held.just_pressed, held.just_released, held.physically_down) == ({4}, {4}, set())
    held.begin_step()
    assert not held.is_down(4)
    assert held.just_pressed == set()


def test_a_release_in_a_later_step_counts_at_once() -> None:
    held = Held()
    held.press(4)
    held.begin_step()
    held.release(4)
    assert not held.is_down(4)


def test_edges_that_change_nothing_are_refused() -> None:
    held = Held()
    assert not held.release(4)
    held.press(4)
    assert not held.press(4)


@given(st.lists(st.tuples(st.sampled_from(["press", "release", "begin"]), st.integers(0, 3))))
def test_every_press_is_seen_and_nothing_sticks(steps: list[tuple[str, int]]) -> None:
    held, pressed = Held(), set[int]()
    for step, code in steps:
        if step == "begin":
            assert pressed <= held.down
            held.begin_step()
            pressed.clear()
        elif step == "press" and held.press(code):
            pressed.add(code)
        elif step == "release":
            held.release(code)
    for code in range(4):
        held.release(code)
    held.begin_step()
    assert held.down == set()
