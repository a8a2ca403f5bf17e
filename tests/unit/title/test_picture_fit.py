from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import Mock

import numpy as np
import pytest

from render_node.title.picture_fit import fit, scaled
from render_node.title.picture_sender import PictureSender
from render_node.title.ring_writer import RingWriter
from wire.title_ipc import Frame, RingLayout, decode_from_title, encode_from_title


def picture(size: tuple[int, int]) -> memoryview:
    return np.arange(size[0] * size[1], dtype=np.uint32).data.cast("B")


def test_pictures_are_made_to_fit_the_ring() -> None:
    assert fit((1280, 720), (1920, 1080)) == (1280, 720)
    assert fit((3840, 2160), (1920, 1080)) == (1920, 1080)
    assert fit((100, 4320), (1920, 1080)) == (25, 1080)
    assert fit((4, 8), (1920, 1080)) == (16, 16)


def test_pixels_are_the_nearest_ones() -> None:
    small = np.frombuffer(scaled(picture((6, 2)), (6, 2), (3, 1)), np.uint32)
    assert small.tolist() == [0, 2, 4]
    large = np.frombuffer(scaled(picture((2, 2)), (2, 2), (4, 2)), np.uint32)
    assert large.tolist() == [0, 0, 1, 1, 2, 2, 3, 3]


@contextmanager
def ring() -> Iterator[RingWriter]:
    memory_fd = os.memfd_create("ring")
    try:
        os.ftruncate(memory_fd, RingLayout().total_bytes)
        yield RingWriter(memory_fd, RingLayout())
    finally:
        os.close(memory_fd)


@pytest.mark.parametrize(
    ("size", "shown"),
    [((2560, 1440), (1920, 1080)), ((16, 4000), (16, 1080)), ((8, 6), (16, 16)), ((320, 240), (320, 240))],
)
def test_whatever_a_title_draws_is_shown_in_a_size_that_the_worker_takes(
    size: tuple[int, int], shown: tuple[int, int]
) -> None:
    link = Mock()
    with ring() as writer:
        sender = PictureSender(link, writer)
        for _ in range(2):
            sender.show(picture(size), size, input_seq=7)
    (frame,) = [call.args[0] for call in link.send.call_args_list]
    assert isinstance(frame, Frame)
    assert (frame.width, frame.height, frame.input_seq) == (*shown, 7)
    assert decode_from_title(encode_from_title(frame), RingLayout()) == frame
