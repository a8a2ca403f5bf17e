"""From a core's pixels to BGRX, enlarged by whole factors so that every pixel stays sharp. Pure."""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from render_node.title.libretro.api import PixelFormat


def whole_factor(size: tuple[int, int], room: tuple[int, int]) -> int:
    """Return the largest whole factor by which a picture still fits, at least 1."""
    return max(min(room[0] // size[0], room[1] // size[1]), 1)


@functools.cache
def _colours(layout: PixelFormat) -> NDArray[np.uint32]:
    """Return BGRX for each of the 65,536 values of a 16-bit pixel."""
    value = np.arange(65536, dtype=np.uint32)
    if layout is PixelFormat.RGB565:
        red, green, blue = value >> 11, (value >> 5) & 63, value & 31
        green = green << 2 | green >> 4
    else:
        red, green, blue = value >> 10 & 31, value >> 5 & 31, value & 31
        green = green << 3 | green >> 2
    red, blue = red << 3 | red >> 2, blue << 3 | blue >> 2
    return (red << 16 | green << 8 | blue).astype(np.uint32)


def to_bgrx(
    raw: NDArray[np.uint8], size: tuple[int, int], pitch: int, layout: PixelFormat, factor: int
) -> NDArray[np.uint32]:
    """Return ``(height * factor, width * factor)`` 32-bit pixels, a copy.

    Args:
        raw: The core's rows, ``pitch`` bytes each; the last may be shorter.
        size: Width and height in pixels.
        pitch: Bytes from row to row.
        layout: What a pixel is.
        factor: Columns and rows that a pixel becomes.
    """
    width, height = size
    bytes_per_pixel = 4 if layout is PixelFormat.XRGB8888 else 2
    rows = np.lib.stride_tricks.as_strided(raw, (height, width * bytes_per_pixel), (pitch, 1), writeable=False)
    if bytes_per_pixel == 4:
        pixels = np.ascontiguousarray(rows).view(np.uint32)
    else:
        pixels = _colours(layout)[np.ascontiguousarray(rows).view(np.uint16)]
    wide = pixels.repeat(factor, axis=1) if factor > 1 else pixels
    out = np.empty((height, factor, width * factor), np.uint32)
    out[:] = wide[:, None, :]
    return out.reshape(height * factor, width * factor)
