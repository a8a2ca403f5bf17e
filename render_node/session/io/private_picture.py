"""The worker's own copy of a title's picture, which nobody else writes to, and whether it changed."""

from __future__ import annotations

import ctypes

import numpy as np
from av.video.frame import VideoFrame
from numpy.typing import NDArray

_memcmp = ctypes.CDLL(None).memcmp
_memcmp.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)


class PrivatePicture:
    """BGRA rows of even width and height; odd edges are cut, since 4:2:0 has none."""

    def __init__(self) -> None:
        self.width_px = 0
        self.height_px = 0
        self._pixels: NDArray[np.uint8] = np.zeros((0, 0, 4), np.uint8)

    def update(self, pixels: memoryview, width: int, height: int) -> bool:
        """Copy a picture; return whether it differs from the one before.

        Args:
            pixels: ``height`` rows of ``width`` BGRX pixels; may change while it is read, only once into the copy.
            width: At least 2.
            height: At least 2.
        """
        source = np.frombuffer(pixels, np.uint8).reshape(height, width, 4)[: height & ~1, : width & ~1]
        if source.shape != self._pixels.shape:
            self._pixels = np.empty(source.shape, np.uint8)
            self.height_px, self.width_px = source.shape[:2]
        elif self._equals(source):
            return False
        np.copyto(self._pixels, source)
        return True

    def as_frame(self) -> VideoFrame:
        """Return the picture as a frame that borrows its memory until the next ``update``."""
        return VideoFrame.from_numpy_buffer(self._pixels, "bgra")

    def _equals(self, source: NDArray[np.uint8]) -> bool:
        """memcmp: 0.1 ms for an equal 720p picture, next to nothing for one that differs early, without the GIL."""
        if not source.flags.c_contiguous:
            return bool(np.array_equal(source, self._pixels))
        return bool(_memcmp(source.ctypes.data, self._pixels.ctypes.data, source.nbytes) == 0)
