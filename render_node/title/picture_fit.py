"""Makes pictures fit the frame ring: titles may draw of any size, and encoders take only some. Pure."""

from __future__ import annotations

from wire.limits import PICTURE_MIN_PX


def fit(size: tuple[int, int], max_size: tuple[int, int]) -> tuple[int, int]:
    """Return the size nearest to ``size`` in shape that the ring takes."""
    width, height = size
    scale = min(1.0, max_size[0] / width, max_size[1] / height)
    return max(int(width * scale), PICTURE_MIN_PX), max(int(height * scale), PICTURE_MIN_PX)


def scaled(pixels: memoryview, size: tuple[int, int], wanted: tuple[int, int]) -> memoryview:
    """Return a picture of the wanted size, each pixel the nearest of the given one; a copy of 4 bytes a pixel."""
    import numpy as np  # Few titles need it, and it takes its time and memory.

    rows, columns = (np.arange(wanted[edge]) * size[edge] // wanted[edge] for edge in (1, 0))
    picture = np.frombuffer(pixels, np.uint32).reshape(size[1], size[0])
    return picture.take(rows, axis=0).take(columns, axis=1).data.cast("B")
