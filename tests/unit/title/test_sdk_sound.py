from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from farplay_sdk.canvas import ArrayCanvas
from render_node.title.sdk.sound_blocks import frames_of_tick, to_pcm16


@given(st.integers(1, 240), st.integers(0, 10**6))
def test_no_frame_of_sound_is_lost_or_doubled(tick_hz: int, first: int) -> None:
    frames = [frames_of_tick(tick, tick_hz) for tick in range(first, first + tick_hz)]
    assert sum(frames) == 48_000
    assert max(frames) - min(frames) <= 1


def test_floats_become_samples_and_nothing_wraps_round() -> None:
    block = np.array([[0.0, 1.0], [-1.0, 7.0], [float("nan"), -9.0]], np.float32)
    samples = np.frombuffer(to_pcm16(block), "<i2")
    assert samples.tolist() == [0, 32767, -32767, 32767, 0, -32767]


def test_red_green_and_blue_land_where_the_ring_wants_them() -> None:
    def draw(frame: np.typing.NDArray[np.uint8]) -> None:
        frame[0, 1] = (1, 2, 3)

    canvas = ArrayCanvas((16, 16), draw)
    canvas.draw()
    assert bytes(canvas.pixels()[:8]) == bytes([0, 0, 0, 0, 3, 2, 1, 0])
