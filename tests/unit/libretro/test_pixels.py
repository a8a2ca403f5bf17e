from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from render_node.title.libretro.api import PixelFormat
from render_node.title.libretro.pixels import to_bgrx, whole_factor


def test_pictures_grow_by_whole_factors_alone() -> None:
    assert whole_factor((256, 240), (1280, 720)) == 3
    assert whole_factor((256, 240), (511, 2000)) == 1
    assert whole_factor((640, 480), (320, 200)) == 1


@pytest.mark.parametrize(
    ("layout", "pixel", "bgrx"),
    [
        (PixelFormat.RGB565, 0b11111_000000_00000, 0xFF0000),
        (PixelFormat.RGB565, 0b00000_111111_00000, 0x00FF00),
        (PixelFormat.RGB565, 0b00000_000000_11111, 0x0000FF),
        (PixelFormat.RGB565, 0b10000_100000_10000, 0x848284),
        (PixelFormat.XRGB1555, 0b1_11111_00000_00000, 0xFF0000),
        (PixelFormat.XRGB1555, 0b0_00000_11111_00000, 0x00FF00),
        (PixelFormat.XRGB1555, 0b0_00000_00000_11111, 0x0000FF),
        (PixelFormat.XRGB8888, 0x00123456, 0x123456),
    ],
)
def test_every_layout_gives_its_colours(layout: PixelFormat, pixel: int, bgrx: int) -> None:
    kind = np.uint32 if layout is PixelFormat.XRGB8888 else np.uint16
    raw = np.array([pixel], kind).view(np.uint8)
    assert to_bgrx(raw, (1, 1), len(raw), layout, 1).tolist() == [[bgrx]]


@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 7), st.integers(1, 4), st.sampled_from(PixelFormat))
def test_rows_with_gaps_are_read_right_and_enlarged_evenly(
    width: int, height: int, gap: int, factor: int, layout: PixelFormat
) -> None:
    kind = np.uint32 if layout is PixelFormat.XRGB8888 else np.uint16
    picture = (np.arange(width * height, dtype=kind) * 37).reshape(height, width)
    rows = [row.tobytes() + b"\xee" * gap for row in picture]
    raw = np.frombuffer(b"".join(rows)[: -gap or None], np.uint8)
    pitch = width * picture.itemsize + gap
    small = to_bgrx(raw, (width, height), pitch, layout, 1)
    large = to_bgrx(raw, (width, height), pitch, layout, factor)
    tight = to_bgrx(picture.reshape(-1).view(np.uint8), (width, height), width * picture.itemsize, layout, 1)
    assert (small == tight).all()
    assert (large == np.kron(small, np.ones((factor, factor), np.uint32))).all()
